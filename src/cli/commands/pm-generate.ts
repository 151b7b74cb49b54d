import { resolve } from "node:path";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { act } from "../open.ts";
import { inTerminalWords } from "./interview/in-terminal-words.ts";
import { resolveInterview } from "./interview/resolve-interview.ts";
import { terminalWorld } from "./interview/world.ts";
import { writeProduct } from "./pm/write-product.ts";

export type PmGenerateFlags = SharedFlags & {
  readonly force: boolean;
  readonly mind?: string | undefined;
  readonly cwd?: string | undefined;
};

/** `ouroboros pm generate ID`: the requirements of a product's interview; refused, naming what is missing, while it is not clear. */
export function pmGenerate(cli: Cli, flags: PmGenerateFlags, given: string): Promise<Answer | Refusal> {
  return act(flags, async (context) => {
    const world = terminalWorld(context, cli.interruption.signal);
    const id = await resolveInterview(world, given);
    if (isRefusal(id)) return inTerminalWords(id, given);
    const { force, mind, cwd } = flags;
    return writeProduct({ cli, world, mind }, id, { force, cwd: cwd === undefined ? undefined : resolve(cwd) });
  });
}
