import { resolve } from "node:path";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { readInterview } from "../../store/interviews.ts";
import { viewInterview } from "../../views/interview.ts";
import type { InterviewWorld } from "../../workflows/interview/interview-call.ts";
import { productStanding } from "../../workflows/product/product-standing.ts";
import { findProduct, startProduct } from "../../workflows/product/start-product.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { begin } from "../open.ts";
import { lines } from "../render.ts";
import { inTerminalWords } from "./interview/in-terminal-words.ts";
import { resolveInterview } from "./interview/resolve-interview.ts";
import { turnLines } from "./interview/turn-text.ts";
import { type TurnTools, takeTurn } from "./interview/turns.ts";
import { terminalWorld } from "./interview/world.ts";
import { writeProduct } from "./pm/write-product.ts";

export type PmFlags = SharedFlags & {
  readonly resume?: string | undefined;
  readonly repo?: readonly string[] | undefined;
  readonly greenfield: boolean;
  readonly mind?: string | undefined;
  readonly cwd?: string | undefined;
  readonly brief: boolean;
};

/** `ouroboros pm [IDEA]`: a product manager's interview, held at the terminal and then written down; one turn where there is none. */
export async function pm(cli: Cli, flags: PmFlags, ...words: string[]): Promise<Answer | Refusal | number> {
  const isDialogue = !flags.json && process.stdin.isTTY && process.stdout.isTTY;
  const given = words.join(" ").trim();
  const { resume, repo, greenfield, mind, brief } = flags;
  const isBegun = given !== "" || repo !== undefined || greenfield;
  if (resume !== undefined && isBegun) {
    return refuse("wrong_usage", "Cannot resume an interview and begin another one", "Leave out --resume or the rest");
  }
  if (repo !== undefined && greenfield) {
    return refuse("wrong_usage", "Code cannot be there and not be there", "Leave out --repo or --greenfield");
  }
  const isAsked = given === "" && resume === undefined && isDialogue;
  const idea = isAsked ? await askIdea(cli) : given;
  if (idea === undefined) return EXIT.interrupted;
  if (resume === undefined && idea === "") {
    return refuse("bad_context", "Cannot start: there is no idea", "Say in a sentence what the product is");
  }
  return begin(flags, async (context) => {
    const world = terminalWorld(context, cli.interruption.signal);
    const id = resume === undefined ? await start(world, idea, flags) : await resumed(world, resume);
    if (isRefusal(id)) return id;
    const tools = { cli, world, mind, brief };
    return isDialogue ? dialogue(tools, id, flags.cwd) : oneTurn(tools, id);
  });
}

async function askIdea(cli: Cli): Promise<string | undefined> {
  const { openKeyboard } = await import("./interview/keyboard.ts");
  return openKeyboard(cli).line("What is the product?", { hint: "in a sentence or two" });
}

function start(world: InterviewWorld, context: string, flags: PmFlags): Promise<string | Refusal> {
  const selected = flags.greenfield ? [] : flags.repo;
  return startProduct(world, { context, selected, cwd: resolve(flags.cwd ?? "."), by: "user" });
}

async function resumed(world: InterviewWorld, given: string): Promise<string | Refusal> {
  const id = await resolveInterview(world, given);
  const found = isRefusal(id) ? id : await findProduct(world, id);
  return isRefusal(found) ? inTerminalWords(found, given) : found.interview_id;
}

/** With the person until it is clear, and then the page at once. */
async function dialogue(
  tools: TurnTools,
  interviewId: string,
  cwd: string | undefined,
): Promise<Answer | Refusal | number> {
  const { holdDialogue } = await import("./interview/dialogue.ts");
  const exitCode = await holdDialogue({ ...tools, interviewId });
  const interview = await readInterview(tools.world.store, interviewId);
  if (exitCode !== EXIT.ok || interview?.status !== "completed") return exitCode;
  return writeProduct(tools, interviewId, { force: false, cwd });
}

async function oneTurn(tools: TurnTools, id: string): Promise<Answer | Refusal> {
  const interview = await takeTurn(tools, id, { action: "next" });
  if (isRefusal(interview)) return interview;
  const { work: _, ...view } = viewInterview(interview, null);
  const text = lines([
    `Session ID: ${id}`,
    "",
    ...turnLines(tools.cli.style, { ...view, work: null }, tools),
    "",
    view.status === "question"
      ? `Answer: ouroboros interview answer ${id} TEXT --round ${view.round}`
      : `Next: ouroboros pm generate ${id}`,
  ]);
  return { json: { ...view, ...productStanding(interview) }, text };
}
