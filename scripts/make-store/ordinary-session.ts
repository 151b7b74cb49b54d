import { MINUTE, SECOND } from "./clock.ts";
import {
  coordinatorStarted,
  driftMeasured,
  executionTerminal,
  levelStarted,
  scopeCompleted,
  scopeHeartbeat,
  scopeStarted,
  scopeThinking,
  scopeToolCompleted,
  scopeToolStarted,
  subtaskUpdated,
  workflowProgress,
} from "./execution-events.ts";
import type { Row } from "./row.ts";
import { acScope, coordinatorScope, type Run, subAcScope } from "./run.ts";
import {
  messageProgress,
  sessionCancelled,
  sessionCompleted,
  sessionFailed,
  sessionStarted,
  toolCalled,
  toolsLoaded,
  trackedProgress,
} from "./session-events.ts";
import { interviewRows, jobCreated, jobFinished, jobUpdated, lineageRows } from "./side-events.ts";

export type Outcome = "completed" | "failed" | "cancelled";

/** Fewer rows than this cannot hold a start, an end and something between. */
export const SMALLEST_SESSION = 6;

/** With fewer rows than this a session leaves out its job, interview and lineage. */
export const ROOMY_SESSION = 30;

export interface SessionPlan {
  readonly outcome: Outcome;
  readonly rows: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly withJob: boolean;
  readonly withInterview: boolean;
  readonly withLineage: boolean;
}

/** Exactly `plan.rows` rows of a session that ended by itself, in time order. */
export function* ordinarySession(run: Run, plan: SessionPlan): Generator<Row> {
  const roomy = plan.rows >= ROOMY_SESSION;
  const head = openingRows(run, plan, roomy);
  const tail = closingRows(run, plan, roomy);
  const body = plan.rows - head.length - tail.length;
  yield* head;
  const step = (plan.endedAt - plan.startedAt - 2 * SECOND) / Math.max(body, 1);
  for (let index = 0; index < body; index += 1) {
    const at = plan.startedAt + SECOND + Math.floor((index + run.prng.fraction()) * step);
    yield bodyRow(run, at, index, index / body);
  }
  yield* tail;
}

function openingRows(run: Run, plan: SessionPlan, roomy: boolean): Row[] {
  const at = plan.startedAt;
  return [
    ...(roomy && plan.withInterview ? interviewRows(run, at - 5 * MINUTE) : []),
    ...(roomy && plan.withJob ? [jobCreated(run, at - 2000), jobUpdated(run, at - 1000, "Running execute_seed")] : []),
    sessionStarted(run, at),
    toolsLoaded(run, at + 400),
    ...(roomy ? [trackedProgress(run, at + 800, 0), levelStarted(run, at + 900, 0)] : []),
  ];
}

function closingRows(run: Run, plan: SessionPlan, roomy: boolean): Row[] {
  const at = plan.endedAt;
  const messages = plan.rows;
  const done = plan.outcome === "completed" ? run.criteria.length : 2;
  return [
    ...(roomy ? [workflowProgress(run, at - 1000, done, messages)] : []),
    ...endings(run, plan.outcome, at, messages),
    executionTerminal(run, at + 2000, plan.outcome, messages),
    ...(roomy && plan.withJob ? [jobFinished(run, at + 3000, plan.outcome)] : []),
    ...(roomy && plan.withLineage ? lineageRows(run, at + 4000) : []),
  ];
}

function endings(run: Run, outcome: Outcome, at: number, messages: number): Row[] {
  if (outcome === "completed") return sessionCompleted(run, at, messages);
  if (outcome === "failed") return sessionFailed(run, at, messages);
  return [sessionCancelled(run, at)];
}

// The shares are those that bring a real-size store to the bytes per row its model had.
function bodyRow(run: Run, at: number, index: number, share: number): Row {
  const done = Math.floor(share * run.criteria.length);
  const scope = index % 3 === 0 ? subAcScope(run, done, index % 4) : acScope(run, done);
  const lot = run.prng.between(0, 99);
  if (lot < 50) return messageProgress(run, at, lot < 8 ? "running" : undefined);
  if (lot < 54) return trackedProgress(run, at, index);
  if (lot < 76) return toolCalled(run, at);
  if (lot < 84) return workflowProgress(run, at, done, index);
  if (lot < 88) return scopeToolStarted(run, scope, at);
  if (lot < 91) return scopeToolCompleted(scope, at);
  if (lot < 93) return scopeHeartbeat(run, scope, at, index);
  if (lot < 95) return scopeThinking(run, scope, at);
  if (lot < 96) return scopeStarted(run, scope, at);
  if (lot < 97) return scopeCompleted(run, scope, at);
  if (lot < 98) return subtaskUpdated(run, at, done + 1, index % 4);
  if (lot < 99) return driftMeasured(run, at);
  return coordinatorStarted(run, coordinatorScope(run, done % 2), at, done % 2);
}
