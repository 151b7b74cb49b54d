import { PROGRESS_UPDATED, SESSION_STARTED } from "../../src/domain/session/session.ts";
import { cancelExecution } from "../../src/sessions/cancel-execution.ts";
import { claimSession } from "../../src/sessions/owner/claim-session.ts";
import { endRun } from "../../src/sessions/owner/end-run.ts";
import { sweepSession } from "../../src/sessions/sweep/sweep-session.ts";
import { standForElection } from "../../src/sessions/sweep/sweeper-election.ts";
import { append } from "../../src/store/append.ts";
import type { StoreShape } from "../../src/store/schema.ts";
import { catchUp } from "../../src/store/session/catch-up.ts";
import { readFacts } from "../../src/store/session/session-facts.ts";
import type { Store } from "../../src/store/store.ts";
import { BATCH, contextOf, EXECUTION, HOUR_MS, JOB, NOON_MS, PERSON, pidOf, SESSION, STRANDS } from "./cast.ts";
import type { ModelStore } from "./model-store.ts";
import { modelStore, type Surroundings, straight } from "./replay.ts";
import type { Memory, State, Worker } from "./state.ts";

/** Where an exploration begins. */
export interface Start {
  readonly name: string;
  /** Server B and its worker see nobody else's processes. */
  readonly apart: boolean;
  readonly build: (making: Making) => Promise<void>;
}

interface Making {
  readonly store: Store;
  nowMs: number;
  dead: number[];
  owner: Memory["owner"];
  asked: boolean;
  released: string[];
}

export const STALE: Start = { name: "a session of Python's, silent for two hours", apart: false, build: stale };
export const OWNED: Start = { name: "a live worker owns it", apart: false, build: owned };
const OWNED_APART: Start = { name: "a live worker owns it, server B cannot see", apart: true, build: owned };
export const EXPIRED_APART: Start = {
  name: "the lease of a live worker has run out, server B cannot see",
  apart: true,
  async build(making) {
    await owned(making);
    making.nowMs += 61_000;
  },
};
export const ORPHANED: Start = {
  name: "its worker has died",
  apart: false,
  async build(making) {
    await owned(making);
    making.dead.push(pidOf("W"));
    making.owner = undefined;
  },
};
export const PAUSED: Start = {
  name: "its worker has paused it",
  apart: false,
  async build(making) {
    await owned(making);
    const context = contextOf(making.store, "W", false);
    const { owner } = making;
    if (!owner) throw new Error("Nobody owns it");
    await endRun(context, owner, { end: { status: "paused", reason: "waits", why: "for a host" }, jobId: JOB });
    making.released.push(`${SESSION}.${owner.epoch}.${owner.ownerId}`);
    making.owner = undefined;
  },
};
export const SWEPT: Start = {
  name: "a clean-up has cancelled it",
  apart: false,
  async build(making) {
    await stale(making);
    await sweepSession(contextOf(making.store, "A", false), SESSION, { batchId: BATCH, jobs: [JOB] });
  },
};
const ASKED: Start = {
  name: "a person has asked its live worker to stop",
  apart: false,
  async build(making) {
    await owned(making);
    await cancelExecution(contextOf(making.store, "P", false), { id: SESSION, reason: "enough", by: PERSON });
    making.asked = true;
  },
};
export const VACANT: Start = {
  name: "the sweeper's seat is vacant",
  apart: false,
  async build({ store }) {
    const term = await standForElection(contextOf(store, "P", false));
    await term?.resign();
  },
};
export const STARTS = [STALE, OWNED, OWNED_APART, EXPIRED_APART, ORPHANED, PAUSED, SWEPT, ASKED];

async function stale({ store }: Making): Promise<void> {
  const past = (NOON_MS - 2 * HOUR_MS) * 1000;
  const row = (id: string, type: string, aggregate: string, event: string, payload: object, at: number) => ({
    id,
    aggregate_type: type,
    aggregate_id: aggregate,
    event_type: event,
    payload: { ...payload },
    at: past + at,
  });
  const links = { session_id: SESSION, execution_id: EXECUTION, lineage_id: null };
  await append(store, { kind: "any" }, [
    row(
      "start",
      "session",
      SESSION,
      SESSION_STARTED,
      { execution_id: EXECUTION, seed_id: "seed_1", seed_goal: "g" },
      0,
    ),
    row("job", "job", JOB, "mcp.job.created", { job_type: "execute_seed", status: "queued", links }, 1),
    row("criterion", "execution", `${EXECUTION}_ac_1`, "execution.tool.started", {}, 2),
    row("progress", "session", SESSION, PROGRESS_UPDATED, { progress: { runtime_status: "running" } }, 3),
  ]);
  await catchUp(store);
}

async function owned(making: Making): Promise<void> {
  await stale(making);
  const context = contextOf(making.store, "W", false);
  const facts = await readFacts(making.store, SESSION);
  if (!facts) throw new Error("There is no session");
  const host = { host_session_id: null, project_dir: null };
  const note = {
    by: "client",
    jobId: "job-W",
    host,
    seedHash: "h",
    runtime: "command",
    cwd: "/work",
    workspace: "in_place" as const,
    branch: null,
  };
  const claimed = await claimSession(context, facts, note);
  if (!claimed) throw new Error("Nobody can claim it");
  making.owner = { ...claimed.term, pid: pidOf("W") };
}

/** The state an exploration begins with, made by the shipped use cases themselves. */
export async function makeStart(start: Start, store: ModelStore, shape: StoreShape): Promise<State> {
  store.touch(NOON_MS);
  const around: Surroundings = { nowMs: NOON_MS, dead: [] };
  const making: Making = {
    store: modelStore(store.database(), shape),
    nowMs: NOON_MS,
    dead: [],
    owner: undefined,
    asked: false,
    released: [],
  };
  await straight("start", around, () => start.build(making));
  const { nowMs, dead, owner, asked, released } = making;
  const content = store.dump();
  const lease = content.leases.find(({ session_id }) => session_id === SESSION);
  const term = lease && { sessionId: SESSION, epoch: Number(lease.epoch), ownerId: String(lease.owner_id) };
  const first: Worker = lease?.purpose === "run" ? { standing: owner ? "owner" : "stopped", term } : NOBODY;
  return {
    apart: start.apart,
    content,
    nowMs,
    latestMs: nowMs,
    dead,
    running: STRANDS.map(() => undefined),
    begun: STRANDS.map(() => 0),
    workers: [first, NOBODY, NOBODY],
    stamped: first.standing === "none" ? {} : { W: NOON_MS * 1000 + STAMPED_AT_ONCE },
    late: undefined,
    memory: { owner, asked, final: undefined, released },
    used: {},
    trace: undefined,
    depth: 0,
  };
}

/** More rows than one operation stamps. */
export const STAMPED_AT_ONCE = 100;

const NOBODY: Worker = { standing: "none", term: undefined };
