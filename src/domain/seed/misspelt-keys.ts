import { type KeyOrder, ORDER } from "./key-order.ts";
import { isRecord, type SeedDocument } from "./seed-document.ts";
import { similarity } from "./similarity.ts";

/** A key that is kept and that nothing reads, and the one it almost spells. */
export interface MisspeltKey {
  /** Dotted path, such as `acceptance_criteria.2.verify_comand`. */
  readonly where: string;
  readonly meant: string;
}

/** Keys of a seed that look like one that means something and is not there: a check under one of them would never be run. */
export function misspeltKeys(document: SeedDocument): MisspeltKey[] {
  return slipsIn(document, ORDER, "");
}

/** What to say of one, in a sentence. */
export function misspeltWords({ where, meant }: MisspeltKey): string {
  return `Nothing reads ${where}; it looks like ${meant}`;
}

function slipsIn(value: unknown, order: KeyOrder, path: string): MisspeltKey[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => slipsIn(item, order, `${path}${index}.`));
  if (!isRecord(value)) return [];
  const missing = Object.keys(order).filter((known) => (value[known] ?? null) === null);
  return Object.entries(value).flatMap(([key, inner]) => {
    const level = Object.hasOwn(order, key) ? order[key] : undefined;
    if (level) return slipsIn(inner, level, `${path}${key}.`);
    const meant = missing.find((known) => isNearly(key, known));
    return meant === undefined ? [] : [{ where: `${path}${key}`, meant }];
  });
}

/** Of the pairs of letters this part is common; case and what joins the words do not count. */
const ALMOST = 0.6;

/** No key of ours is longer, and a file's may be as long as the file. */
const LONGEST = 40;

function isNearly(key: string, known: string): boolean {
  return key.length <= LONGEST && similarity(pairsOf(key), pairsOf(known)) >= ALMOST;
}

function pairsOf(key: string): ReadonlySet<string> {
  const letters = key.toLowerCase().replace(/[^a-z]/g, "");
  return new Set([...letters].slice(1).map((letter, index) => `${letters[index]}${letter}`));
}
