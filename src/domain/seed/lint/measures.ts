/** A number with a unit that something must reach, or may not pass. */
export interface Bound {
  /** The base unit: `s`, `byte`, `%`, or the counted thing itself in the singular. */
  readonly unit: string;
  readonly from: number;
  readonly to: number;
  readonly said: string;
}

const UPPER =
  "under|below|less than|fewer than|at most|no more than|not more than|within|up to|maximum(?: of)?|max|<=?|≤";
const LOWER = "over|above|more than|at least|no less than|no fewer than|minimum(?: of)?|min|>=?|≥";
const EXACT = "exactly";
const NUMBERS: Readonly<Record<string, number>> = { one: 1, two: 2, three: 3, four: 4, five: 5, ten: 10 };
const BOUND = new RegExp(
  String.raw`(?<![\p{L}\p{N}])(?<sign>${UPPER}|${LOWER}|${EXACT})\s*(?<number>\d+(?:\.\d+)?|${Object.keys(NUMBERS).join("|")}|an?)(?:\s*(?<unit>%|\p{L}+))?`,
  "giu",
);

const MAX_BOUNDS = 20;

/** The bounds a text speaks of, as a range in its base unit. English only: elsewhere it finds the signs < and >. */
export function boundsIn(text: string): Bound[] {
  return [...text.matchAll(BOUND).take(MAX_BOUNDS)].flatMap(({ 0: said, groups }) => {
    const { sign = "", number = "", unit = "" } = groups ?? {};
    const { name, factor } = baseUnit(unit);
    if (name === "") return [];
    const value = (NUMBERS[number.toLowerCase()] ?? (/^an?$/i.test(number) ? 1 : Number(number))) * factor;
    const kind = sign.toLowerCase();
    if (kind === EXACT) return [{ unit: name, from: value, to: value, said }];
    const isUpper = new RegExp(`^(?:${UPPER})$`, "i").test(kind);
    return [{ unit: name, from: isUpper ? 0 : value, to: isUpper ? value : Number.POSITIVE_INFINITY, said }];
  });
}

/** Can no number satisfy both? Where they touch, one may. */
export function exclude(a: Bound, b: Bound): boolean {
  return a.unit === b.unit && (a.from > b.to || b.from > a.to);
}

const UNITS: Readonly<Record<string, readonly [string, number]>> = {
  ms: ["s", 0.001],
  millisecond: ["s", 0.001],
  s: ["s", 1],
  sec: ["s", 1],
  second: ["s", 1],
  min: ["s", 60],
  minute: ["s", 60],
  h: ["s", 3600],
  hour: ["s", 3600],
  day: ["s", 86_400],
  b: ["byte", 1],
  byte: ["byte", 1],
  kb: ["byte", 1000],
  kib: ["byte", 1024],
  mb: ["byte", 1e6],
  mib: ["byte", 1_048_576],
  gb: ["byte", 1e9],
  gib: ["byte", 1_073_741_824],
  "%": ["%", 1],
  percent: ["%", 1],
};

function baseUnit(word: string): { readonly name: string; readonly factor: number } {
  const lower = word.toLowerCase();
  const one = lower.length > 2 ? lower.replace(/s$/, "") : lower;
  const known = Object.hasOwn(UNITS, lower) ? UNITS[lower] : Object.hasOwn(UNITS, one) ? UNITS[one] : undefined;
  return known ? { name: known[0], factor: known[1] } : { name: one, factor: 1 };
}

const VERSION =
  /(?<![\p{L}\p{N}])(?<name>node(?:\.?js)?|python|go|java|ruby|php|bun|deno|typescript|react|django|rust|swift|kotlin)\s*(?:version\s*)?v?(?<version>\d+(?:\.\d+)*)(?<open>\s*(?:\+|or (?:newer|later|above|higher)|and (?:newer|later|above)))?/giu;

/** The versions a text pins; "or newer" pins nothing, and two of the same name neither. */
export function versionsIn(text: string): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  const twice = new Set<string>();
  for (const { groups } of text.matchAll(VERSION)) {
    const name = (groups?.name ?? "").toLowerCase().replace(/\.?js$/, "");
    if (versions.has(name) || groups?.open !== undefined) twice.add(name);
    versions.set(name, groups?.version ?? "");
  }
  for (const name of twice) versions.delete(name);
  return versions;
}
