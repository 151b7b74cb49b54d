import { isRefusal, type Refusal } from "../../base/refusal.ts";
import type { SchemaFault } from "../../base/schema-fault.ts";
import { badSeed } from "./bad-seed.ts";

/** A seed as it is written, every key in its place, also those we do not know: plain JSON values and nothing else. */
export type SeedDocument = Readonly<Record<string, unknown>>;

/** How deep a seed may be nested; upstream's own needs five. */
export const MAX_SEED_DEPTH = 32;

/** A value from outside (a file, a model's answer) as a document, or what in it cannot be kept: depth, numbers, characters. */
export function toDocument(value: unknown): SeedDocument | Refusal {
  if (!isRecord(value)) return badSeed([{ path: "", message: "write an object with goal and acceptance_criteria" }]);
  // Else it would pass for one of our own refusals.
  if (isRefusal(value)) return badSeed([{ path: "refused", message: "give this key another name" }]);
  const faults = faultsIn(value, "", 0);
  return faults.length > 0 ? badSeed(faults) : value;
}

/** Is this an object with keys? */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function faultsIn(value: unknown, path: string, depth: number): SchemaFault[] {
  switch (typeof value) {
    case "string":
      return textFaults(value, path);
    case "boolean":
      return [];
    case "number":
      return numberFaults(value, path);
    case "object":
      if (value === null) return [];
      if (depth === MAX_SEED_DEPTH) return [{ path, message: `nest it at most ${MAX_SEED_DEPTH} levels deep` }];
      return Object.entries(value).flatMap(([key, inner]) => entryFaults(key, inner, path, depth));
    default:
      return [{ path, message: `write a text, not a ${typeof value}` }];
  }
}

function entryFaults(key: string, inner: unknown, path: string, depth: number): SchemaFault[] {
  // The first would vanish on the way through JavaScript; the second is an instruction to other YAML readers.
  if (key === "__proto__" || key === "<<") return [{ path, message: `give the key ${key} another name` }];
  return [...textFaults(key, path), ...faultsIn(inner, path === "" ? key : `${path}.${key}`, depth + 1)];
}

function numberFaults(value: number, path: string): SchemaFault[] {
  if (!Number.isFinite(value)) return [{ path, message: "write a finite number" }];
  const isExact = !Number.isInteger(value) || Number.isSafeInteger(value);
  return isExact ? [] : [{ path, message: "put so large a number in quotes" }];
}

/** Everything a terminal would obey and other YAML readers refuse: control characters, halves of pairs, non-characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/u;

function textFaults(text: string, path: string): SchemaFault[] {
  const found = UNPRINTABLE.exec(text)?.[0];
  if (found === undefined) return [];
  const code = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return [{ path, message: `take out the character U+${code}` }];
}
