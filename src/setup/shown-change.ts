import type { Edit } from "./edit.ts";

/** One place of a change as it is shown: the line it begins in, and what goes and comes, line by line. */
export interface ShownEdit {
  readonly line: number;
  readonly removed: readonly string[];
  readonly inserted: readonly string[];
}

/** Edits for a reader: nothing of the file but what changes, control characters written out, secrets left out. */
export function shownChange(text: string, edits: readonly Edit[], secrets: readonly string[]): ShownEdit[] {
  return edits.map(({ at, removed, inserted }) => {
    // What begins with a line's end is about the next line.
    const from = at + (/^\r?\n/.exec(removed || inserted)?.[0].length ?? 0);
    const line = text.slice(0, at).split("\n").length + (from > at ? 1 : 0);
    return { line, removed: linesOf(removed, secrets), inserted: linesOf(inserted, secrets) };
  });
}

function linesOf(text: string, secrets: readonly string[]): string[] {
  // As it stands in the file, where quotes and backslashes are written with another.
  const hidden = secrets
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .reduce((left, secret) => left.replaceAll(secret, "…"), text);
  const lines = hidden
    .replace(/^\r?\n/, "")
    .replace(/\r?\n[ \t]*$/, "")
    .split(/\r?\n/);
  return lines.filter((line, at) => lines.length > 1 || line !== "" || at > 0).map(printable);
}

function printable(line: string): string {
  return line.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (one) =>
    one === "\t" ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
