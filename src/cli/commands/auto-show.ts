import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { readState } from "../../workflows/auto/read-state.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { autoAnswer } from "./auto/auto-answer.ts";

/** `ouroboros auto show ID`: how it stands, what was assumed, what was made. */
export function autoShow(_: Cli, flags: SharedFlags, id: string): Promise<Answer | Refusal> {
  return look(flags, async (context) => {
    const state = await readState(context.store, id);
    if (isRefusal(state)) return state;
    const { json, text } = autoAnswer(state);
    return { json, text };
  });
}
