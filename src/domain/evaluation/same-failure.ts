import { plainLines } from "./plain-lines.ts";

/**
 * Does a failed check complain of nothing that it did not complain of before? Numbers, places and times aside; lines that tell
 * of success are no complaint, nor is the script that was run. Where it does not say what is wrong nobody can tell.
 */
export function isSameFailure(before: string, after: string, script = ""): boolean {
  const echoed = new Set(script.split("\n").map(withoutPlaces));
  const complaintsOf = (output: string) => complaints(output).filter((line) => !echoed.has(line));
  const known = new Set(complaintsOf(before));
  const now = complaintsOf(after);
  return now.length > 0 && now.every((line) => known.has(line));
}

function complaints(output: string): string[] {
  const lines = plainLines(output).map(withoutPlaces);
  return lines.filter((line) => /\p{L}/u.test(line) && !NO_COMPLAINT.test(line));
}

/** As runners mark what went well and what they count, and as those say that run them that something failed. */
const NO_COMPLAINT =
  /^\s*(?:g?make(?:\[\d+\])?:|npm (?:error|ERR!)|[>$] |error: script |✔|✓|√|ok\b|PASS(?:ED)?\b|\(pass\)|#|ℹ|\S+ (?:\.\.\. )?ok$|.*\bPASSED\b)/u;

function withoutPlaces(line: string): string {
  return line
    .replace(/(?:file:\/\/)?(?:[A-Za-z]:)?(?:[/\\][^\s/\\:'"()]+)+[/\\]/gu, "")
    .replace(/\b\d+(?:\.\d+)?\s?(?:[mµn]?s|min)\b/gu, "0")
    .replace(/\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b/giu, "0")
    .replace(/\s+/gu, " ")
    .trim();
}
