import { isReservedName } from "./artifact-path.ts";

/** May this text, from wherever it comes, name a seed and its file? Letters, digits, `_` and `-`, at most 128. */
export function isSeedId(text: string): boolean {
  return /^[A-Za-z0-9_][\w-]{0,127}$/.test(text) && !isReservedName(text);
}
