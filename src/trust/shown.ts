/**
 * Text of others on one line, with nothing in it that hides: what breaks lines, turns the direction of writing or takes no room
 * is written out, and so is a gap that would push the rest out of sight. For what somebody reads before they agree to it.
 */
export function shown(text: string): string {
  return text
    .trim()
    .replace(/\r\n?|\n/g, "⏎")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]|(?! )\p{Zs}/gu, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`)
    .replace(/ {8,}/g, (gap) => ` [${gap.length} spaces] `);
}
