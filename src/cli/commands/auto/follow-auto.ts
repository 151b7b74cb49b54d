import { delay } from "../../../base/delay.ts";
import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import { pauseWords } from "../../../domain/session/pause-reason.ts";
import { judgeSession, type SessionContext } from "../../../sessions/session-context.ts";
import { lineageGraph } from "../../../views/lineage-text.ts";
import { readState } from "../../../workflows/auto/read-state.ts";
import type { Answer, Cli } from "../../command.ts";
import { EXIT } from "../../exit-code.ts";
import { lines } from "../../render.ts";
import { autoAnswer } from "./auto-answer.ts";

const LOOK_EVERY_MS = 500;

/** Tells each change of what is being carried out on stderr until it is over or the command is interrupted; it goes on then. */
export async function followAuto(
  { errors, interruption }: Cli,
  context: SessionContext,
  autoId: string,
): Promise<Answer | Refusal> {
  const { signal } = interruption;
  const told = new Set<string>();
  for (;;) {
    // The session first: what it wrote before its end is then there.
    const before = await readState(context.store, autoId);
    if (isRefusal(before)) return before;
    const judged = before.conductor && (await judgeSession(context, before.conductor.session_id));
    const state = await readState(context.store, autoId);
    if (isRefusal(state)) return state;
    for (const line of state.lineage ? lineageGraph(state.lineage).filter((one) => !told.has(one)) : []) {
      told.add(line);
      await errors.write(`${line}\n`);
    }
    const isAtWork = judged && judged.facts.session.status === "running" && judged.verdict.liveness !== "stale";
    if (isAtWork && !signal.aborted) {
      await delay(LOOK_EVERY_MS, signal);
      continue;
    }
    const { phase, conductor } = state;
    const answer = autoAnswer(state);
    if (phase === "complete" || phase === "blocked" || phase === "failed" || !conductor) return answer;
    const goOn = `ouroboros auto --resume ${autoId}`;
    if (isAtWork)
      return { ...answer, text: answer.text + lines(["It goes on in the background.", `  watch: ${goOn}`]) };
    const { session_id, status, reason } = conductor;
    const why = reason === null ? "" : ` (${pauseWords(reason)})`;
    const how = status === "running" ? "has died" : `is ${status}${why}`;
    const text = answer.text + lines([`${session_id}, which has it go on, ${how}.`, `  go on: ${goOn}`]);
    return { ...answer, text, exitCode: EXIT.failure };
  }
}
