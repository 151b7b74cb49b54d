import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import { type GeneratedSeed, generateSeed } from "../../../workflows/seed/generate-seed.ts";
import { startProgress } from "../../progress.ts";
import { inTerminalWords } from "../interview/in-terminal-words.ts";
import type { TurnTools } from "../interview/turns.ts";
import { terminalCaller } from "../interview/world.ts";

/** A seed that was made. */
export type MadeSeed = Extract<GeneratedSeed, { status: "generated" }>;

/** Makes the seed of an interview for the person at this terminal. */
export async function makeSeed(
  { cli, world, interviewId, mind }: Omit<TurnTools, "brief"> & { readonly interviewId: string },
  force: boolean,
): Promise<MadeSeed | Refusal> {
  const progress = startProgress(process.stderr, "Writing the seed …");
  try {
    const order = { sessionId: interviewId, force, by: "user" };
    const made = await generateSeed(world, order, terminalCaller(mind), cli.interruption.signal);
    if (isRefusal(made)) return inTerminalWords(made, interviewId);
    if (made.status !== "generated") throw new Error(`A seed for a terminal is ${made.status}`);
    return made;
  } finally {
    progress.done();
  }
}
