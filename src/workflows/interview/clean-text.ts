/** Control characters but newline and tab: a terminal obeys them, and nobody means them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** What somebody said, fit to be stored, hashed and shown: no control characters, one kind of line end, whole characters. */
export function cleanText(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(CONTROLS, "").toWellFormed().trim();
}
