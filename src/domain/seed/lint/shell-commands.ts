/** One simple command of a command line: its words without quotes, and the sign that follows it. */
export interface ShellCommand {
  /** The first word that is neither a variable nor a prefix such as `env`; empty when there is none. */
  readonly program: string;
  readonly args: readonly string[];
  /** `&&`, `||`, `|`, `;`, `&`, or empty at the end. */
  readonly sign: string;
  /** Does it set variables in the way only a POSIX shell knows (`A=b program`)? */
  readonly setsVariables: boolean;
}

/** Takes a command line apart as far as judging it needs: quotes and escapes are honoured, nothing is expanded. */
export function shellCommands(line: string): ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  let word: string | undefined;
  const endWord = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (sign: string) => {
    endWord();
    if (words.length > 0 || sign === "&") commands.push(toCommand(words, sign));
    words = [];
  };
  for (const { 0: part } of line.matchAll(PART)) {
    if (/^\s/.test(part) && !part.includes("\n")) endWord();
    else if (SIGNS.has(part) || part.includes("\n")) endCommand(SIGNS.has(part) ? part : ";");
    else word = (word ?? "") + unquoted(part);
  }
  endCommand("");
  return commands;
}

/** Quoted text, escapes, redirections with an `&` in them, signs, white space, and whatever else. */
const PART =
  /'[^']*'?|"(?:\\.|[^"\\])*"?|\\.|\d*[<>]&\S+|&>>?|\|\||&&|[|;&]|\s*\n\s*|[^\S\n]+|[^\s'"\\|;&<>]+|[<>\d]|\\/gs;
const SIGNS = new Set(["&&", "||", "|", ";", "&"]);
const PREFIXES = new Set(["env", "time", "nice", "nohup", "command", "exec", "!", "("]);

function unquoted(part: string): string {
  if (part.startsWith("'")) return part.slice(1).replace(/'$/, "");
  if (part.startsWith('"'))
    return part
      .slice(1)
      .replace(/"$/, "")
      .replace(/\\(["\\$`])/g, "$1");
  return part.startsWith("\\") ? part.slice(1) : part;
}

function toCommand(words: readonly string[], sign: string): ShellCommand {
  const isBefore = (word: string) => /^\w+=/.test(word) || PREFIXES.has(word);
  const found = words.findIndex((word) => !isBefore(word));
  const start = found === -1 ? words.length : found;
  return {
    program: (words[start] ?? "").replace(/^\(+/, ""),
    args: words.slice(start + 1),
    sign,
    setsVariables: words.slice(0, start).some((word) => word.includes("=")) && words[0] !== "env",
  };
}
