import type { Cell } from "./report.ts";

/** What came of something that may fail: a failure is a cell like any other, and says why. */
export async function attempt(act: () => Promise<Cell>): Promise<Cell> {
  try {
    return await act();
  } catch (error) {
    return { ok: false, said: error instanceof Error ? error.message.slice(0, 300) : String(error) };
  }
}

/** The line that has the words in it, without what surrounds it. */
export function lineWith(text: string, words: RegExp): string | undefined {
  return text
    .split("\n")
    .map((line) => line.replace(/^[\s│●┌└]+/, "").trimEnd())
    .find((line) => words.test(line));
}
