import type { Criterion } from "../domain/seed/seed.ts";

/** Between the commands of one line. */
const JOINTS = /&&|\|\||[;|\n]/u;
/** A piece of a command is a secret only where it is longer than a program's name. */
const SHORTEST_PIECE = 8;
/** What is this long stands for itself wherever it is found; anything shorter only as a word of its own. */
const UNMISTAKABLE = 6;

/**
 * Takes every criterion's check out of words that did not come from the seed's author: other agents' reports, programs'
 * output. Whoever does the work is to meet the criterion, and not what happens to be looked at.
 */
export function checkHider(
  criteria: readonly Pick<Criterion, "verify_command" | "output_assertion">[],
): (text: string) => string {
  const secrets = new Set(
    criteria.flatMap(({ verify_command, output_assertion }) => {
      const command = verify_command ?? "";
      const pieces = command.split(JOINTS).filter((piece) => piece.trim().length >= SHORTEST_PIECE);
      return [command, ...pieces, bareAssertion(output_assertion ?? "")].map((secret) => secret.trim());
    }),
  );
  const patterns = [...secrets]
    .filter((secret) => /[^\s'"`\\]{2}/u.test(secret))
    .sort((a, b) => b.length - a.length)
    .map(patternOf);
  if (patterns.length === 0) return (text) => text;
  const any = new RegExp(patterns.join("|"), "giu");
  return (text) => text.replaceAll(any, "[…]");
}

/** An assertion may be written as an expression between slashes. */
function bareAssertion(assertion: string): string {
  return /^\/(.+)\/[a-z]*$/su.exec(assertion.trim())?.[1] ?? assertion;
}

function patternOf(secret: string): string {
  const parts = secret.split(/[\s'"`\\]+/u).filter((part) => part !== "");
  // Programs quote and break what they print; and whatever `quoted` makes a space of is one here.
  const pattern = parts
    .map((part) => part.replaceAll(/[$^.*+?()[\]{}|/]/gu, String.raw`\$&`))
    .join(String.raw`[\p{C}\p{Z}'"\x60\\]+`);
  if (secret.length >= UNMISTAKABLE) return pattern;
  const before = /^[\p{L}\p{N}_]/u.test(pattern) ? String.raw`(?<![\p{L}\p{N}_])` : "";
  const after = /[\p{L}\p{N}_]$/u.test(pattern) ? String.raw`(?![\p{L}\p{N}_])` : "";
  return `${before}${pattern}${after}`;
}
