/** What somebody typed at a question. */
export type Typed =
  | { readonly kind: "answer"; readonly text: string; readonly isSuggestion: boolean }
  | { readonly kind: "later" | "undo" | "status" | "done" | "quit" | "help" }
  | { readonly kind: "amend"; readonly round: number | undefined }
  | { readonly kind: "unknown"; readonly word: string };

const COMMANDS = new Set(["later", "undo", "status", "done", "quit", "help"] as const);

/** What can be typed at a question, one thing a line. */
export const TYPED_HELP =
  `A number takes that suggestion. Anything else is your answer; with a space before it, a number or a command is one, too.
/later    decide later
/undo     take the last answer back
/amend N  change answer N
/status   everything so far
/done     it is enough
/quit     go on another day`.split("\n");

/** Reads a typed line: a suggestion's number, a command, or an answer. A space at its head makes everything an answer. */
export function readTyped(line: string, suggestions: readonly string[]): Typed {
  const text = line.trim();
  if (/^\s/.test(line)) return { kind: "answer", text, isSuggestion: false };
  const command = /^\/([a-z]+)(?:\s+(\d+))?$/i.exec(text);
  if (command) return readCommand(command[1]?.toLowerCase() ?? "", command[2]);
  const number = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (number === suggestions.length + 1) return { kind: "later" };
  const suggestion = suggestions[number - 1];
  return { kind: "answer", text: suggestion ?? text, isSuggestion: suggestion !== undefined };
}

function readCommand(word: string, round: string | undefined): Typed {
  if (word === "amend") return { kind: "amend", round: round === undefined ? undefined : Number(round) };
  const known = [...COMMANDS].find((one) => one === word);
  return known === undefined || round !== undefined ? { kind: "unknown", word } : { kind: known };
}
