/** A question for a person, as an agent ends its work with it. */
export interface PersonQuestion {
  readonly question: string;
  /** What is done when nobody answers. */
  readonly default: string;
  readonly options: readonly string[];
}

/** How an agent asks a person. */
export const ASKING = `If you cannot go on without a decision that only a person can take, keep what you have made in the folder and end your last message with these lines and nothing after them, each on one line, the words before the colons as they stand here:
QUESTION: what has to be decided
DEFAULT: what you would do if nobody answers
OPTIONS: one possible answer | another one
The line with options may be left out. Ask for nothing that the folder or this text already says; in doubt, decide yourself and say so in your summary.`;

const MOST_CHARS = 1_000;
const MOST_OPTIONS = 8;

/**
 * The question at the very end of a last message; null where there is none. Only the last lines count, in their order: the
 * same words further up are an agent's talk. A fence around the lines is forgiven.
 */
export function readQuestion(text: string): PersonQuestion | null {
  const lines = text.split(/\r?\n/u).map((line) => line.trim());
  while (lines.at(-1) === "") lines.pop();
  if (/^(?:`{3,}|~{3,})$/u.test(lines.at(-1) ?? "")) lines.pop();
  const options = restOf(lines.at(-1), "OPTIONS");
  if (options !== undefined) lines.pop();
  const byDefault = restOf(lines.pop(), "DEFAULT");
  const question = restOf(lines.pop(), "QUESTION");
  if (!question || !byDefault) return null;
  const listed = (options ?? "").split("|").map((option) => option.trim());
  return {
    question,
    default: byDefault,
    options: [...new Set(listed.filter((option) => option !== ""))].slice(0, MOST_OPTIONS),
  };
}

function restOf(line: string | undefined, label: string): string | undefined {
  if (!line?.startsWith(`${label}:`)) return undefined;
  return line
    .slice(label.length + 1)
    .trim()
    .slice(0, MOST_CHARS)
    .replace(/[\uD800-\uDBFF]$/, "");
}
