import * as v from "valibot";
import { type Refusal, refuse } from "../../base/refusal.ts";

/** One thing that is wrong with a seed: where, and what to write there instead. */
export interface SeedFault {
  /** Dotted path from the top, such as `acceptance_criteria.2.verify_command`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

const SHOWN = 8;

/** The refusal of a seed that cannot be used; it names every fault, and says the first few of them. */
export function badSeed(faults: readonly SeedFault[]): Refusal {
  const all = [...new Set(faults.map(({ path, message }) => (path === "" ? message : `${brief(path)}: ${message}`)))];
  const more = all.length > SHOWN ? [`and ${all.length - SHOWN} more`] : [];
  return refuse(
    "bad_seed",
    `Cannot use this seed: ${[...all.slice(0, SHOWN), ...more].join("; ")}`,
    "Correct the seed at the places named; it needs a goal and at least one of acceptance_criteria",
    { faults: faults.slice(0, MAX_FAULTS).map(({ path, message }) => ({ path: brief(path), message })) },
  );
}

const MAX_FAULTS = 100;

/** Keys are the author's, and may be as long as the file. */
function brief(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}

/** A schema's complaint in words that say what to write. */
export function faultOf(issue: v.BaseIssue<unknown>): SeedFault {
  const path = v.getDotPath(issue) ?? "";
  if (issue.kind !== "schema") return { path, message: issue.message };
  const { expected, received } = issue;
  if (expected?.startsWith('"') && received === "undefined") return { path, message: "is missing; write it" };
  const wanted = WORDS[expected ?? ""] ?? `one of ${expected?.replace(/[()]/g, "") ?? "the known values"}`;
  // The commonest slip in seeds written by hand: `- Note: do this` is no text but an object.
  const slip = expected === "string" && received === "Object" ? '; a text with ": " in it needs quotes' : "";
  return { path, message: `write ${wanted}, not ${NAMES[received] ?? received}${slip}` };
}

const WORDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
  Array: "a list",
  Object: "an object (or, for a list's items, a text)",
};
const NAMES: Readonly<Record<string, string>> = { Object: "an object", Array: "a list", null: "nothing" };
