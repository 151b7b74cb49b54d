/**
 * Takes a command line of a settings file apart into words, quotes and backslashes honoured; null where it asks for more than
 * one program with its arguments: variables, lists, pipes, redirections, patterns and substitutions are a shell's.
 */
export function commandWords(line: string): string[] | null {
  const words: string[] = [];
  let word: string | undefined;
  for (const { 0: part } of line.matchAll(PART)) {
    const [first = ""] = part;
    if (first === "'" && part.length > 1) word = (word ?? "") + part.slice(1, -1);
    else if (first === '"' && /^"(?:[^"\\$`]|\\.)*"$/s.test(part)) {
      word = (word ?? "") + part.slice(1, -1).replace(/\\(["\\$`])/gs, "$1");
    } else if (first === "\\" && part.length === 2) word = (word ?? "") + part.slice(1);
    else if (/\s/.test(first)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (PLAIN.test(part)) word = (word ?? "") + part;
    else return null;
  }
  if (word !== undefined) words.push(word);
  // `A=b program` sets a variable: that is a shell's, too.
  return words.length === 0 || /^\w+=/.test(words[0] ?? "") ? null : words;
}

/** A line for the shell in which every word means itself. */
export function commandLine(words: readonly string[]): string {
  return words.map((word) => (PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}

const PART = /'[^']*'|"(?:[^"\\]|\\.)*"|\\.|\s+|[^\s'"\\]+|./gs;
const PLAIN = /^[\p{L}\p{N}_@%+=:,./^!-]+$/u;
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;
