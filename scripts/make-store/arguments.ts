import { parseArgs } from "node:util";
import { DAMAGE_KINDS, type DamageName } from "./damage.ts";
import { ORPHAN_KINDS, type OrphanName } from "./orphans.ts";
import type { Generation } from "./run.ts";
import type { Spelling } from "./schema.ts";

export interface StoreOptions {
  readonly out: string;
  /** Rows of finished sessions and what belongs to them; orphans and damage come on top. Default 165,000. */
  readonly events?: number;
  /** Finished sessions; orphans come on top. Default 109; without any, `events` is 0 by default. */
  readonly sessions?: number;
  readonly payload?: "small" | "real";
  readonly seed?: number;
  /** The time all ages are relative to. Default: the present. */
  readonly now?: Date;
  readonly generation?: Generation;
  readonly spelling?: Spelling;
  readonly missingIndexes?: readonly string[];
  readonly orphans?: Partial<Record<OrphanName, number>>;
  readonly damage?: Partial<Record<DamageName, number>>;
  /** Replace a file that is there already. */
  readonly force?: boolean;
  readonly onProgress?: (line: string) => void;
}

export const USAGE = `Usage: make-store.ts --out FILE [--force] [--events N] [--sessions N] [--payload small|real]
  [--seed INT] [--now ISO] [--generation v27|v51] [--spelling sqlalchemy|migration] [--missing-index NAME]...
  [--orphans KIND=COUNT,...] [--damage KIND=COUNT,...]
Orphans: ${Object.keys(ORPHAN_KINDS).join(", ")}
Damage: ${Object.keys(DAMAGE_KINDS).join(", ")}
`;

/** Reads the command line; throws a RangeError or TypeError that says what is wrong with it. */
export function parseArguments(args: readonly string[]): StoreOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: "string" },
      events: { type: "string" },
      sessions: { type: "string" },
      payload: { type: "string", default: "small" },
      seed: { type: "string" },
      now: { type: "string" },
      generation: { type: "string", default: "v27" },
      spelling: { type: "string", default: "sqlalchemy" },
      "missing-index": { type: "string", multiple: true, default: [] },
      orphans: { type: "string", default: "" },
      damage: { type: "string", default: "" },
      force: { type: "boolean", default: false },
    },
  });
  if (values.out === undefined) throw new RangeError("Option --out is required");
  return {
    out: values.out,
    payload: oneOf("--payload", values.payload, ["small", "real"]),
    generation: oneOf("--generation", values.generation, ["v27", "v51"]),
    spelling: oneOf("--spelling", values.spelling, ["sqlalchemy", "migration"]),
    missingIndexes: values["missing-index"],
    orphans: counts("--orphans", values.orphans, ORPHAN_KINDS),
    damage: counts("--damage", values.damage, DAMAGE_KINDS),
    force: values.force,
    ...(values.events === undefined ? {} : { events: integer("--events", values.events) }),
    ...(values.sessions === undefined ? {} : { sessions: integer("--sessions", values.sessions) }),
    ...(values.seed === undefined ? {} : { seed: integer("--seed", values.seed) }),
    ...(values.now === undefined ? {} : { now: instant(values.now) }),
  };
}

function integer(name: string, text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new RangeError(`Option ${name} takes a whole number: "${text}"`);
  return Number(text);
}

function instant(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new RangeError(`Option --now takes an ISO time: "${text}"`);
  return date;
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw new RangeError(`Option ${name} takes one of ${allowed.join(", ")}: "${text}"`);
  return found;
}

function counts<K extends string>(name: string, text: string, kinds: Record<K, unknown>): Partial<Record<K, number>> {
  const known = new Set(Object.keys(kinds));
  const result: Partial<Record<K, number>> = {};
  for (const part of text.split(",").filter((part) => part !== "")) {
    const [kind = "", count = "1"] = part.split("=");
    if (!isKind(kind, known)) throw new RangeError(`Option ${name} does not know "${kind}": ${[...known].join(", ")}`);
    result[kind] = integer(name, count);
  }
  return result;

  function isKind(kind: string, names: ReadonlySet<string>): kind is K {
    return names.has(kind);
  }
}
