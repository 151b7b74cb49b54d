import { isRefusal, type Refusal } from "../../base/refusal.ts";
import type { AutoState } from "../../domain/auto/auto-state.ts";
import { blockersOfPerson } from "../../domain/interview/blockers.ts";
import { answeredRounds, pendingRound } from "../../domain/interview/interview.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import type { Caller } from "../caller.ts";
import { completeInterview } from "../interview/end-interview.ts";
import { lookAtProject } from "../interview/look-at-project.ts";
import { planTurn } from "../interview/plan-turn.ts";
import { startInterview } from "../interview/start-interview.ts";
import { answerRound } from "./answer-round.ts";
import type { AutoStep } from "./auto-call.ts";
import { block } from "./block.ts";

/** Begins the interview, or takes one round of it: a question, and somebody's decision on it. */
export async function interviewStep(
  context: SessionContext,
  state: AutoState,
  caller: Caller,
  signal: AbortSignal,
): Promise<AutoStep | Refusal> {
  const { store, home } = context;
  const { auto, interview } = state;
  const { interview_id: interviewId, cwd, bounds } = auto;
  if (!interview) {
    const project = await lookAtProject(cwd, home, signal);
    const request = { context: auto.context, kind: "developer", cwd, project, interviewId, by: "auto" } as const;
    const begun = await startInterview(store, request);
    return isRefusal(begun) && begun.code !== "interview_exists" ? begun : "on";
  }
  const turn = await planTurn(context, interviewId, caller, signal);
  if (isRefusal(turn)) return turn;
  if (turn.work) return { needs: turn.work };
  const now = turn.interview;
  if (now.status !== "in_progress") return "on";
  const round = pendingRound(now);
  if (!round) return "thinking";
  // Whether the next question may be asked is looked at first.
  if (!pendingRound(interview)) return "on";
  if (answeredRounds(now).length >= bounds.max_interview_rounds) {
    const blockers = blockersOfPerson(now);
    // Clear once is enough where nobody may ask on.
    if (blockers.length === 0) {
      const completed = await completeInterview(store, interviewId, "auto");
      return isRefusal(completed) ? completed : "on";
    }
    const message = `After ${bounds.max_interview_rounds} rounds it is not clear: ${blockers.map((one) => one.message).join("; ")}`;
    const next = `Answer what is open yourself: \`ouroboros interview --resume ${interviewId}\`, then resume ${auto.auto_id}`;
    return block(context, auto.auto_id, { phase: "interview", code: "not_clear_yet", message, next });
  }
  const answered = await answerRound(context, state, { interview: now, round }, caller, signal);
  if (isRefusal(answered)) return answered;
  if (answered === false) return "thinking";
  return answered === true ? "on" : { needs: answered.needs };
}
