import { HOUR, MINUTE, SECOND } from "./clock.ts";
import { executionTerminal, scopeHeartbeat, scopeToolStarted, workflowProgress } from "./execution-events.ts";
import { Encoded } from "./python-json.ts";
import type { Row } from "./row.ts";
import { acScope, type Run } from "./run.ts";
import {
  messageProgress,
  sessionCancelled,
  sessionCompleted,
  sessionFailed,
  sessionPaused,
  sessionQuotaPaused,
  sessionStarted,
  toolCalled,
  toolsLoaded,
  trackedProgress,
} from "./session-events.ts";
import { jobCreated, jobUpdated } from "./side-events.ts";

export type Expected = "cancelled" | "spared" | "terminal";

export interface OrphanKind {
  /** What a clean-up with a threshold of one hour has to make of the session. */
  readonly expected: Expected;
  /** Sessions of this kind have a linked job left running. */
  readonly withJob?: true;
  /** Sessions of this kind never say which execution they belong to. */
  readonly withoutExecution?: true;
  /** The rows; `ordinal` counts the sessions of this kind in one store, from zero. */
  readonly rows: (run: Run, now: number, ordinal: number) => Row[];
}

export const ORPHAN_KINDS = {
  stale: { expected: "cancelled", withJob: true, rows: stale },
  child_finished: { expected: "cancelled", rows: childFinished },
  no_start: { expected: "cancelled", withoutExecution: true, rows: noStart },
  bad_row: { expected: "cancelled", rows: badRow },
  completed_late: { expected: "terminal", rows: completedLate },
  double_terminal: { expected: "terminal", rows: doubleTerminal },
  paused: { expected: "spared", rows: paused },
  paused_resumed: { expected: "cancelled", rows: pausedResumed },
  young: { expected: "spared", rows: young },
  exec_active: { expected: "spared", rows: execActive },
  failed: { expected: "terminal", rows: failed },
  quota_paused: { expected: "spared", rows: quotaPaused },
  twice_started: { expected: "cancelled", rows: twiceStarted },
  future: { expected: "spared", rows: future },
} as const satisfies Record<string, OrphanKind>;

export type OrphanName = keyof typeof ORPHAN_KINDS;

function stale(run: Run, now: number): Row[] {
  const last = now - 3 * HOUR;
  const start = last - 20 * MINUTE;
  return [
    jobCreated(run, start - 2 * SECOND),
    jobUpdated(run, start - SECOND, "Running execute_seed"),
    ...running(run, start, last),
    jobUpdated(run, last + SECOND, "Deliver: working on criterion 2"),
  ];
}

// The session's last row is a child's own end, which reads as the session's.
function childFinished(run: Run, now: number): Row[] {
  const last = now - 3 * HOUR;
  return [
    ...running(run, last - 20 * MINUTE, last - MINUTE),
    workflowProgress(run, last - 30 * SECOND, 1, 13),
    messageProgress(run, last, "completed"),
  ];
}

function noStart(run: Run, now: number): Row[] {
  const last = now - 3 * HOUR;
  return [0, 1, 2, 3, 4, 5].map((minute) => messageProgress(run, last - (5 - minute) * MINUTE, "running"));
}

// The two ways a row cannot be decoded take turns: a payload that is no JSON, and a timestamp that is no time.
function badRow(run: Run, now: number, ordinal: number): Row[] {
  const last = now - 3 * HOUR;
  const at = last - 90 * SECOND;
  const sound = messageProgress(run, at);
  const broken: Row =
    ordinal % 2 === 0 ? { ...sound, payload: new Encoded("{a:1}") } : { ...sound, storedTimestamp: "yesterday" };
  return [...running(run, last - 20 * MINUTE, last - 2 * MINUTE), broken, messageProgress(run, last, "running")];
}

function completedLate(run: Run, now: number): Row[] {
  const last = now - 3 * HOUR;
  return [
    ...running(run, last - 20 * MINUTE, last - MINUTE),
    ...sessionCompleted(run, last - 10 * SECOND, 40),
    executionTerminal(run, last - 9 * SECOND, "completed", 40),
    messageProgress(run, last, "running"),
  ];
}

function doubleTerminal(run: Run, now: number): Row[] {
  const last = now - 3 * HOUR;
  return [
    ...running(run, last - 20 * MINUTE, last - MINUTE),
    sessionCancelled(run, last - 5 * SECOND),
    ...sessionCompleted(run, last, 40),
  ];
}

function paused(run: Run, now: number): Row[] {
  const last = now - 2 * HOUR;
  return [...running(run, last - 20 * MINUTE, last - SECOND), sessionPaused(run, last)];
}

function pausedResumed(run: Run, now: number): Row[] {
  const last = now - 3 * HOUR;
  return [
    ...running(run, last - 2 * HOUR, last - HOUR - SECOND),
    sessionPaused(run, last - HOUR),
    messageProgress(run, last - MINUTE, "running"),
    messageProgress(run, last, "running"),
  ];
}

function young(run: Run, now: number): Row[] {
  return running(run, now - 40 * MINUTE, now - 5 * MINUTE);
}

function execActive(run: Run, now: number): Row[] {
  const silent = now - 3 * HOUR;
  const scope = acScope(run, 1);
  const rows = running(run, silent - 20 * MINUTE, silent);
  for (let at = silent + 5 * MINUTE; at < now - 10 * MINUTE; at += 15 * MINUTE) {
    rows.push(scopeToolStarted(run, scope, at));
  }
  rows.push(scopeHeartbeat(run, scope, now - 2 * MINUTE, 350));
  return rows;
}

function failed(run: Run, now: number): Row[] {
  const last = now - 3 * HOUR;
  return [
    ...running(run, last - 20 * MINUTE, last - SECOND),
    ...sessionFailed(run, last, 40),
    executionTerminal(run, last + 2000, "failed", 40),
  ];
}

// Five hours' pause begun four hours ago: the limit has not been lifted yet.
function quotaPaused(run: Run, now: number): Row[] {
  const last = now - 4 * HOUR;
  return [...running(run, last - 20 * MINUTE, last - SECOND), sessionQuotaPaused(run, last, 5 * 3600)];
}

function twiceStarted(run: Run, now: number): Row[] {
  const last = now - 3 * HOUR;
  const start = last - 20 * MINUTE;
  return [sessionStarted(run, start - MINUTE), ...running(run, start, last)];
}

function future(run: Run, now: number): Row[] {
  return running(run, now + HOUR, now + 2 * HOUR);
}

/** A run at work: the first row is its start, the last, exactly at `last`, a progress row that says running. */
function running(run: Run, start: number, last: number): Row[] {
  const step = Math.floor((last - start) / 10);
  const scope = acScope(run, 0);
  return [
    sessionStarted(run, start),
    toolsLoaded(run, start + 400),
    trackedProgress(run, start + 800, 0),
    workflowProgress(run, start + step, 0, 1),
    messageProgress(run, start + 2 * step, "running"),
    toolCalled(run, start + 3 * step),
    scopeToolStarted(run, scope, start + 4 * step),
    messageProgress(run, start + 5 * step),
    trackedProgress(run, start + 6 * step, 10),
    scopeHeartbeat(run, scope, start + 7 * step, 12),
    workflowProgress(run, start + 8 * step, 1, 12),
    messageProgress(run, last, "running"),
  ];
}
