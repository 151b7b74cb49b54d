import { PROGRESS_UPDATED, SESSION_CANCELLED } from "../../src/domain/session/session.ts";
import { toTimestamp } from "../../src/domain/timestamp.ts";
import type { Statement } from "../../src/store/engine/database.ts";
import { EXECUTION, HOUR_MS, JOB, pidOf, SESSION, STRANDS, WORKERS } from "./cast.ts";
import type { State } from "./state.ts";

/** Something that happens without any program of ours asking for it. */
export interface Accident {
  readonly name: string;
  /** Only in plans that name it. */
  readonly rare?: true;
  /** Statements that somebody else runs: Python, or a hand in the store. */
  readonly sql?: (state: State) => readonly Statement[];
  /** What else is different afterwards; undefined when it cannot happen now. */
  readonly apply?: (state: State) => Partial<State> | undefined;
}

/** Everything that happens to the model's processes: one entry each. */
export const ACCIDENTS: readonly Accident[] = [
  ...WORKERS.map((process, worker) => ({
    name: `crash ${process}`,
    apply: (state: State) => crash(state, process, worker),
  })),
  { name: "ten seconds pass", rare: true, apply: ({ nowMs }) => ({ nowMs: nowMs + 10_000 }) },
  { name: "the lease runs out", apply: ({ nowMs }) => ({ nowMs: nowMs + 61_000 }) },
  { name: "two hours pass", apply: ({ nowMs }) => ({ nowMs: nowMs + 2 * HOUR_MS }) },
  { name: "the clock is set back", apply: ({ nowMs }) => ({ nowMs: nowMs - HOUR_MS }) },
  { name: "Python progress", sql: (state) => [python(state, "session", SESSION, PROGRESS_UPDATED, RUNNING)] },
  {
    name: "Python criterion",
    sql: (state) => [python(state, "execution", `${EXECUTION}_ac_1`, "execution.tool.started", {})],
  },
  {
    name: "Python clean-up",
    sql: (state) => [python(state, "session", SESSION, SESSION_CANCELLED, by("auto_cleanup"))],
  },
  { name: "Python user", sql: (state) => [python(state, "session", SESSION, SESSION_CANCELLED, by("user"))] },
  { name: "Python job ends", sql: (state) => [python(state, "job", JOB, "mcp.job.completed", {})] },
  { name: "the lease row is lost", sql: () => [{ sql: "DELETE FROM ouro_lease" }] },
];

const RUNNING = { progress: { runtime_status: "running" } };

function by(whom: string) {
  return { reason: "upstream's own reason", cancelled_by: whom };
}

/** Plain inserts, as upstream's store does them. */
function python(state: State, type: string, id: string, event: string, payload: object): Statement {
  const at = toTimestamp(state.nowMs * 1000);
  const n = state.content.events.length;
  return {
    sql: "INSERT INTO events (id, aggregate_type, aggregate_id, event_type, payload, timestamp) VALUES (?, ?, ?, ?, ?, ?)",
    args: [`python-${n}`, type, id, event, JSON.stringify({ ...payload, python: n }), at],
  };
}

function crash(state: State, process: string, worker: number): Partial<State> | undefined {
  if (state.dead.includes(pidOf(process))) return undefined;
  const isThere =
    state.workers[worker]?.standing === "owner" || state.running.some((_, at) => isStarting(state, at, process));
  return isThere ? died(state, process) : undefined;
}

/** Is this strand the server that waits for this worker to begin? Then it is the worker that does the calling. */
function isStarting(state: State, strand: number, process: string): boolean {
  const worker = STRANDS[strand]?.worker;
  const isResume = STRANDS[strand]?.role === "server" && state.running[strand]?.operation.name === "resume";
  return isResume && worker !== undefined && WORKERS[worker] === process;
}

/** The state without a process: what it was doing stays undone. */
export function died(state: State, process: string): Partial<State> {
  const pid = pidOf(process);
  const running = state.running.map((one, at) =>
    STRANDS[at]?.process === process || isStarting(state, at, process) ? undefined : one,
  );
  const owner = state.memory.owner?.pid === pid ? undefined : state.memory.owner;
  return { running, dead: [...state.dead, pid].sort((a, b) => a - b), memory: { ...state.memory, owner } };
}
