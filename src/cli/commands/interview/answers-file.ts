import { resolve } from "node:path";
import { isRefusal, type Refusal, refuse } from "../../../base/refusal.ts";
import { readText } from "../../../workflows/interview/context-file.ts";

const MOST_CHARS = 1_000_000;

/** Answers from a file or, for `-`, from standard input: one a line, empty lines left out. */
export async function readAnswers(name: string): Promise<readonly string[] | Refusal> {
  const text = name === "-" ? await readStdin() : await readText(name, resolve(name));
  if (isRefusal(text)) {
    return refuse("bad_answers", text.message, "Name a text file with one answer a line, or - for standard input");
  }
  return text.split(/\r?\n/).filter((line) => line.trim() !== "");
}

async function readStdin(): Promise<string | Refusal> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > MOST_CHARS) return refuse("bad_answers", "Cannot read so many answers", "Give fewer");
  }
  return text;
}
