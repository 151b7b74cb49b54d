/** The longest text taken from a project in one piece. */
const LONGEST = 300;

/** A text from a project, cut to a length that nobody minds. */
export function bounded(text: string): string {
  return text.length <= LONGEST ? text : `${cut(text, LONGEST - 1)}…`;
}

/** A text from a project on one line and in quotes. */
export function quoted(text: string, longest: number): string {
  return JSON.stringify(oneLine(text, longest));
}

/** A text on one line: without control characters, and without what turns or hides letters. */
export function oneLine(text: string, longest: number): string {
  const plain = text.replaceAll(/[\p{C}\p{Z}]+/gu, " ").trim();
  return plain.length <= longest ? plain : `${cut(plain, longest - 1)}…`;
}

/** The start of a text that does not end in half a character. */
export function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
}
