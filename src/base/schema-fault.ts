import * as v from "valibot";

/** One thing that is wrong with a value from outside: where, and what to write there instead. */
export interface SchemaFault {
  /** Dotted path from the top, such as `acceptance_criteria.2.verify_command`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** A schema's complaint in words that say what to write. */
export function faultOf(issue: v.BaseIssue<unknown>): SchemaFault {
  const path = v.getDotPath(issue) ?? "";
  if (issue.kind !== "schema") return { path, message: issue.message };
  const { expected, received } = issue;
  if (expected?.startsWith('"') && received === "undefined") return { path, message: "is missing; write it" };
  const wanted = WORDS[expected ?? ""] ?? `one of ${expected?.replace(/[()]/g, "") ?? "the known values"}`;
  // The commonest slip in YAML written by hand: `- Note: do this` is no text but an object.
  const slip = expected === "string" && received === "Object" ? '; a text with ": " in it needs quotes' : "";
  return { path, message: `write ${wanted}, not ${NAMES[received] ?? received}${slip}` };
}

/** The same as one text, after the place at which it is; what is wrong as a whole goes by the name of the `whole`, if it has one. */
export function faultWords(issue: v.BaseIssue<unknown>, whole = ""): string {
  const { path, message } = faultOf(issue);
  const at = path || whole;
  return at === "" ? message : `${at}: ${message}`;
}

const WORDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
  Array: "a list",
  Object: "an object (or, for a list's items, a text)",
};
const NAMES: Readonly<Record<string, string>> = { Object: "an object", Array: "a list", null: "nothing" };
