import type { StoredEvent } from "../event.ts";
import type { Seed } from "../seed/seed.ts";

/** One acceptance criterion of a run, and the stream its attempts are recorded in (upstream's scope id). */
export interface Step {
  /** From 0, as upstream counts scopes. */
  readonly index: number;
  readonly scope: string;
  readonly criterion: string;
}

export const STEP_STARTED = "execution.session.started";
export const STEP_COMPLETED = "execution.session.completed";
export const STEP_FAILED = "execution.session.failed";
/** Ours: which process group works on a step, written before it is told what to do. */
export const AGENT_STARTED = "execution.agent.started";
export const AGENT_ENDED = "execution.agent.ended";
/** Ours: how a run in a workspace stands with its criteria, beside upstream's rows. */
export const RUN_PREPARED = "execution.run.prepared";
export const BASELINE_CHECKED = "execution.baseline.checked";
export const CRITERION_VERIFIED = "execution.criterion.verified";
export const CRITERION_MERGED = "execution.criterion.merged";
export const CONVERSATION_BEGUN = "execution.conversation.begun";
export const TOOL_STARTED = "execution.tool.started";
export const QUESTION_ASKED = "execution.question.asked";
export const QUESTION_ANSWERED = "execution.question.answered";
/** Upstream's: one part of a criterion that was split, in the run's own stream. */
export const SUBTASK_UPDATED = "execution.subtask.updated";
export const RUN_WAITING = "execution.run.waiting";
export const WORKFLOW_PROGRESS = "workflow.progress.updated";

/** The steps of a seed's criteria under an execution's id. */
export function stepsOf({ criteria }: Pick<Seed, "criteria">, executionId: string): Step[] {
  return criteria.map(({ description }, index) => ({
    index,
    scope: scopeOf(executionId, index),
    criterion: description,
  }));
}

function scopeOf(executionId: string, index: number): string {
  return `${executionId}_ac_${index}`;
}

/**
 * Which steps are done: the latest outcome of each scope counts, and only a success is one. Of a step that has no outcome of
 * its own, upstream's list is believed: a sequential run of upstream's goes on as one of ours, and then has both.
 */
export function finishedSteps(
  executionId: string,
  outcomes: readonly StoredEvent[],
  listed: readonly StoredEvent[],
): ReadonlySet<number> {
  const done = new Map<number, boolean>();
  for (const { payload } of listed) for (const index of finishedInProgress(payload)) done.set(index, true);
  for (const { aggregate_id, event_type, payload } of outcomes) {
    const index = /_ac_(\d+)$/.exec(aggregate_id)?.[1];
    if (index === undefined || aggregate_id !== scopeOf(executionId, Number(index))) continue;
    done.set(Number(index), event_type === STEP_COMPLETED && payload.success !== false);
  }
  return new Set([...done].filter(([, isDone]) => isDone).map(([index]) => index));
}

/** What one of upstream's sequential runs says of its criteria; it has no scopes, only this list in its progress. */
function finishedInProgress(payload: StoredEvent["payload"]): ReadonlySet<number> {
  const list = Array.isArray(payload.acceptance_criteria) ? payload.acceptance_criteria : [];
  const done = list.flatMap((one: unknown, index) => (statusOf(one) === "completed" ? [index] : []));
  return new Set(done);
}

function statusOf(one: unknown): unknown {
  return typeof one === "object" && one !== null && "status" in one ? one.status : undefined;
}
