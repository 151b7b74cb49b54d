import { isRefusal } from "../../src/base/refusal.ts";
import {
  isTerminal,
  PROGRESS_UPDATED,
  SESSION_CANCELLED,
  SESSION_CLAIMED,
  SESSION_PAUSED,
  SESSION_REOPENED,
} from "../../src/domain/session/session.ts";
import { cancelExecution } from "../../src/sessions/cancel-execution.ts";
import { endRun } from "../../src/sessions/owner/end-run.ts";
import type { OwnerEnd } from "../../src/sessions/owner/owner-conclusions.ts";
import { type Loss, RunLease } from "../../src/sessions/owner/run-lease.ts";
import { takeSession } from "../../src/sessions/owner/take-session.ts";
import type { SessionContext } from "../../src/sessions/session-context.ts";
import { sweep } from "../../src/sessions/sweep/sweep.ts";
import { sweepSession } from "../../src/sessions/sweep/sweep-session.ts";
import { standForElection } from "../../src/sessions/sweep/sweeper-election.ts";
import { undoCleanup } from "../../src/sessions/sweep/undo-cleanup.ts";
import { append } from "../../src/store/append.ts";
import { catchUp } from "../../src/store/session/catch-up.ts";
import type { Term } from "../../src/store/session/conclude-session.ts";
import { rebuildProjection } from "../../src/store/session/projection.ts";
import { loadSession } from "../../src/store/session/sessions.ts";
import { BATCH, JOB, PERSON, SESSION } from "./cast.ts";
import { afterOneTick, withoutTicks } from "./replay.ts";

/** What an operation tells whoever asked for it. */
export interface Report {
  readonly outcome: string;
  /** The types of the status rows that it says it has written, in the order it wrote them. */
  readonly wrote: readonly string[];
  /** The term it won. */
  readonly term?: Term;
}

/** Who carries an operation out: its process, a word that is unique to this one operation, and its term as owner. */
interface Me {
  readonly context: SessionContext;
  readonly tag: string;
  readonly term: Term | undefined;
}

export interface Operation {
  readonly name: string;
  readonly by: "server" | "person" | "work" | "watch";
  /** So much time has passed when it begins: an owner renews every ten seconds. */
  readonly afterMs?: number;
  readonly run: (me: Me) => Promise<Report>;
}

/** Everything the model's processes do, as the program does it: one entry each. */
export const OPERATIONS: readonly Operation[] = [
  {
    name: "sweep",
    by: "server",
    async run({ context, tag }) {
      return swept((await sweepSession(context, SESSION, { batchId: `batch_${tag}`, jobs: [JOB] })).outcome);
    },
  },
  {
    name: "round",
    by: "server",
    async run({ context, tag }) {
      const bounds = { maxSessions: 10, maxMs: Number.POSITIVE_INFINITY, after: "", leases: "all" } as const;
      const round = await sweep(context, { ...bounds, batchId: `batch_${tag}`, signal: new AbortController().signal });
      return swept(round.swept[0]?.outcome ?? "nothing to do");
    },
  },
  { name: "resume", by: "server", run: resume },
  {
    name: "undo",
    by: "server",
    async run({ context }) {
      const undone = await undoCleanup(context, BATCH);
      const isBack = !isRefusal(undone) && undone.restored.length > 0;
      return { outcome: isBack ? "restored" : "left", wrote: isBack ? [SESSION_REOPENED] : [] };
    },
  },
  {
    name: "catch up",
    by: "server",
    async run({ context }) {
      await catchUp(context.store);
      return { outcome: "caught up", wrote: [] };
    },
  },
  {
    name: "rebuild",
    by: "server",
    async run({ context }) {
      await rebuildProjection(context.store);
      return { outcome: "rebuilt", wrote: [] };
    },
  },
  {
    name: "elect",
    by: "server",
    async run({ context }) {
      const term = await standForElection(context);
      if (!term) return { outcome: "not elected", wrote: [] };
      const renewed = await term.renew();
      if (renewed) await term.resign();
      return { outcome: renewed ? "resigned" : "unseated", wrote: [] };
    },
  },
  {
    name: "cancel",
    by: "person",
    async run({ context }) {
      const done = await cancelExecution(context, { id: SESSION, reason: "no longer wanted", by: PERSON });
      const status = isRefusal(done) ? done.code : done.new_status;
      return { outcome: status, wrote: [] };
    },
  },
  { name: "watch", by: "watch", afterMs: 10_000, run: watch },
  {
    name: "append",
    by: "work",
    async run({ context: { store }, tag, term }) {
      const { sessionId, epoch, ownerId } = must(term);
      const payload = { progress: { runtime_status: "running" }, of: tag };
      const event = { id: `row-${tag}`, aggregate_type: "session", aggregate_id: sessionId, payload };
      const outcome = await append(store, { kind: "owner", sessionId, epoch, ownerId }, [
        { ...event, event_type: PROGRESS_UPDATED, at: store.stamp() },
      ]);
      return { outcome, wrote: [] };
    },
  },
  { name: "complete", by: "work", run: (me) => end(me, { status: "completed", summary: {} }) },
  { name: "pause", by: "work", run: (me) => end(me, { status: "paused", reason: "waits", why: "for a host" }) },
  {
    name: "note",
    by: "person",
    async run({ context: { store }, tag }) {
      const loaded = await loadSession(store, SESSION);
      if (!loaded || isTerminal(loaded.session.status)) return { outcome: "nothing to pause", wrote: [] };
      const at = store.stamp();
      const outcome = await append(
        store,
        { kind: "newest", aggregateType: "session", aggregateId: SESSION, rowid: loaded.streamTop },
        [
          {
            id: `row-${tag}`,
            aggregate_type: "session",
            aggregate_id: SESSION,
            event_type: "orchestrator.note.taken",
            payload: { of: tag, top: loaded.streamTop },
            at,
          },
        ],
      );
      return { outcome, wrote: [] };
    },
  },
];

function swept(outcome: string): Report {
  const wrote = { cancelled: [SESSION_CANCELLED], paused: [SESSION_PAUSED] }[outcome] ?? [];
  return { outcome, wrote };
}

const SEED = JSON.stringify({ goal: "a goal", acceptance_criteria: ["it works"] });

/** What a worker that a server has started does until it may begin. */
async function resume({ context, tag }: Me): Promise<Report> {
  const host = { host_session_id: null, project_dir: null };
  const order = { session_id: SESSION, job_id: `job-${tag}`, by: "client", seed: SEED, runtime: "agent", cwd: "/work" };
  const taken = await withoutTicks(() => takeSession(context, { kind: "resume", force: false, host, ...order }));
  if (isRefusal(taken)) return { outcome: taken.code, wrote: [] };
  if ("attached" in taken) return { outcome: "attached", wrote: [] };
  return { outcome: "claimed", wrote: [SESSION_CLAIMED], term: taken.lease.term };
}

const TIMING = { ttl: 30, renewEvery: 0, margin: 5, speakEvery: Number.POSITIVE_INFINITY };

/** One tick of the owner's own watch: renew, look at the status, listen. */
async function watch({ context, term }: Me): Promise<Report> {
  const lease = new RunLease(context, { term: must(term), sentAt: performance.now(), at: 0 }, TIMING);
  await afterOneTick(() => lease.start());
  const loss: Loss | undefined = lease.loss;
  return { outcome: loss?.kind ?? "kept", wrote: [] };
}

async function end({ context, term }: Me, wanted: OwnerEnd): Promise<Report> {
  const status = await endRun(context, must(term), { end: wanted, jobId: JOB });
  return { outcome: status === undefined ? "fenced" : `ended ${status}`, wrote: [] };
}

function must(term: Term | undefined): Term {
  if (!term) throw new Error("Only an owner does this");
  return term;
}
