import { resolve } from "node:path";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { readText } from "../../workflows/interview/context-file.ts";
import type { InterviewWorld } from "../../workflows/interview/interview-call.ts";
import { startInterview } from "../../workflows/interview/start-interview.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { begin } from "../open.ts";
import { readAnswers } from "./interview/answers-file.ts";
import { inTerminalWords } from "./interview/in-terminal-words.ts";
import { latestUnfinished, resolveInterview } from "./interview/resolve-interview.ts";
import { answerAll, oneTurn } from "./interview/turns.ts";
import { terminalWorld } from "./interview/world.ts";

export type InterviewFlags = SharedFlags & {
  readonly file?: string | undefined;
  readonly resume?: string | undefined;
  readonly answers?: string | undefined;
  readonly mind?: string | undefined;
  readonly cwd?: string | undefined;
  readonly brief: boolean;
};

/** `ouroboros interview [WISH]`: held with the person at the terminal, or one turn where there is none. */
export async function interview(
  cli: Cli,
  flags: InterviewFlags,
  ...words: string[]
): Promise<Answer | Refusal | number> {
  const isDialogue = !flags.json && flags.answers === undefined;
  if (isDialogue && !(process.stdin.isTTY && process.stdout.isTTY)) return noTerminal();
  const given = words.join(" ").trim();
  if (flags.resume !== undefined && (given !== "" || flags.file !== undefined)) {
    return refuse("wrong_usage", "Cannot resume an interview and begin another one", "Leave out --resume or the wish");
  }
  const wish = flags.resume === undefined ? await wishOf(cli, given, flags, isDialogue) : "";
  if (isRefusal(wish)) return inTerminalWords(wish, "");
  if (wish === undefined) {
    await cli.errors.write("Nothing was begun.\n").catch(() => undefined);
    return EXIT.interrupted;
  }
  const answers = flags.answers === undefined ? [] : await readAnswers(flags.answers);
  if (isRefusal(answers)) return answers;
  return begin(flags, async (context) => {
    const world = terminalWorld(context, cli.interruption.signal);
    const id = flags.resume === undefined ? await start(world, wish, flags) : await resumed(world, flags.resume);
    if (isRefusal(id)) return inTerminalWords(id, flags.resume ?? "");
    const { mind, brief } = flags;
    if (flags.answers !== undefined) return answerAll({ cli, world, mind, brief }, id, answers);
    if (flags.json) return oneTurn({ cli, world, mind, brief }, id, { action: "next" });
    const { holdDialogue } = await import("./interview/dialogue.ts");
    return holdDialogue({ cli, world, interviewId: id, mind, brief });
  });
}

/** What the interview begins with; undefined when the person left instead of saying it. */
async function wishOf(
  cli: Cli,
  given: string,
  { file }: InterviewFlags,
  isDialogue: boolean,
): Promise<string | undefined | Refusal> {
  const text = file === undefined ? "" : await readText(file, resolve(file));
  if (isRefusal(text)) return text;
  const wish = [given, text].filter((part) => part.trim() !== "").join("\n\n");
  if (wish !== "") return wish;
  if (!isDialogue) return refuse("bad_context", "Cannot start: there is no wish", "Say in a sentence what you want");
  const { openKeyboard } = await import("./interview/keyboard.ts");
  return openKeyboard(cli).line("What do you want to have?", { hint: "in a sentence or two" });
}

async function start(world: InterviewWorld, context: string, { cwd }: InterviewFlags): Promise<string | Refusal> {
  const folder = resolve(cwd ?? ".");
  const project = await world.look(folder);
  return startInterview(world.store, { context, kind: "developer", cwd: folder, project, by: "user" });
}

function resumed(world: InterviewWorld, given: string): Promise<string | Refusal> {
  return given === "" ? latestUnfinished(world) : resolveInterview(world, given);
}

function noTerminal(): Refusal {
  return refuse(
    "needs_terminal",
    "Cannot hold an interview here: nobody is at a terminal",
    "Use --answers FILE (one answer a line, - for stdin); or --json for the first question, then `ouroboros interview answer ID TEXT --json`",
  );
}
