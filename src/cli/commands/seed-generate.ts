import { isRefusal, type Refusal } from "../../base/refusal.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { act } from "../open.ts";
import { lines } from "../render.ts";
import { inTerminalWords } from "./interview/in-terminal-words.ts";
import { resolveInterview } from "./interview/resolve-interview.ts";
import { terminalWorld } from "./interview/world.ts";
import { makeSeed } from "./seed/make-seed.ts";
import { seedMadeLines } from "./seed/seed-text.ts";

export type SeedGenerateFlags = SharedFlags & { readonly force: boolean; readonly mind?: string | undefined };

/** `ouroboros seed generate INTERVIEW`: the seed of an interview; refused, naming what is missing, while it is not clear. */
export function seedGenerate(cli: Cli, flags: SeedGenerateFlags, given: string): Promise<Answer | Refusal> {
  return act(flags, async (context) => {
    const world = terminalWorld(context, cli.interruption.signal);
    const interviewId = await resolveInterview(world, given);
    if (isRefusal(interviewId)) return inTerminalWords(interviewId, given);
    const made = await makeSeed({ cli, world, interviewId, mind: flags.mind }, flags.force);
    if (isRefusal(made)) return made;
    const { seed, yaml, path, fileProblem, findings } = made;
    const json = { seed, path, file_problem: fileProblem, findings, yaml };
    return { json, text: lines(seedMadeLines(cli.style, made)) };
  });
}
