import { isRefusal, type Refusal } from "../../base/refusal.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { act } from "../open.ts";
import { inTerminalWords } from "./interview/in-terminal-words.ts";
import { resolveInterview } from "./interview/resolve-interview.ts";
import { oneTurn, type TurnAction } from "./interview/turns.ts";
import { terminalWorld } from "./interview/world.ts";

export type TurnFlags = SharedFlags & { readonly mind?: string | undefined; readonly brief: boolean };
export type AnswerFlags = TurnFlags & { readonly round?: number | undefined };
export type AbortFlags = TurnFlags & { readonly reason?: string | undefined };

/** `ouroboros interview answer ID TEXT`: records it, then has the next question asked. */
export function answerInterview(cli: Cli, flags: AnswerFlags, id: string, answer: string): Promise<Answer | Refusal> {
  return onInterview(cli, flags, id, { action: "answer", answer, round: flags.round });
}

/** `ouroboros interview amend ID N TEXT`: another answer to a question of before. */
export function amendInterview(
  cli: Cli,
  flags: TurnFlags,
  id: string,
  round: number,
  answer: string,
): Promise<Answer | Refusal> {
  return onInterview(cli, flags, id, { action: "amend", round, answer });
}

/** `ouroboros interview undo ID`: takes the last answer back. */
export function undoInterview(cli: Cli, flags: TurnFlags, id: string): Promise<Answer | Refusal> {
  return onInterview(cli, flags, id, { action: "undo" });
}

/** `ouroboros interview next ID`: the open question, asked for now if there is none. */
export function nextInterview(cli: Cli, flags: TurnFlags, id: string): Promise<Answer | Refusal> {
  return onInterview(cli, flags, id, { action: "next" });
}

/** `ouroboros interview status ID`: how it stands, with everything said so far; asks nobody. */
export function interviewStatus(cli: Cli, flags: TurnFlags, id: string): Promise<Answer | Refusal> {
  return onInterview(cli, flags, id, { action: "status" });
}

/** `ouroboros interview done ID`: it is enough; refused while it is not clear. */
export function doneInterview(cli: Cli, flags: TurnFlags, id: string): Promise<Answer | Refusal> {
  return onInterview(cli, flags, id, { action: "complete" });
}

/** `ouroboros interview abort ID`: gives it up. */
export function abortInterview(cli: Cli, flags: AbortFlags, id: string): Promise<Answer | Refusal> {
  return onInterview(cli, flags, id, { action: "abort", reason: flags.reason });
}

function onInterview(cli: Cli, flags: TurnFlags, given: string, action: TurnAction): Promise<Answer | Refusal> {
  return act(flags, async (context) => {
    const world = terminalWorld(context, cli.interruption.signal);
    const id = await resolveInterview(world, given);
    if (isRefusal(id)) return inTerminalWords(id, given);
    return oneTurn({ cli, world, mind: flags.mind, brief: flags.brief }, id, action);
  });
}
