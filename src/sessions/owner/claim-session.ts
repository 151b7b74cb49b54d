import { hostname } from "node:os";
import { failpoint } from "../../base/failpoint.ts";
import { newId } from "../../base/ids.ts";
import type { NewEvent, Payload } from "../../domain/event.ts";
import type { Conducting } from "../../domain/evolution/conducting.ts";
import type { Ceiling } from "../../domain/run/ceiling.ts";
import type { WorkspaceMode } from "../../domain/run/origin.ts";
import type { RunStart } from "../../domain/run/run-start.ts";
import { isTerminal, SESSION_CLAIMED, SESSION_REOPENED, SESSION_STARTED } from "../../domain/session/session.ts";
import { toIsoTimestamp } from "../../domain/timestamp.ts";
import { beginSession, concludeSession, seenOf, type Term } from "../../store/session/conclude-session.ts";
import { nextEpoch, type Taker } from "../../store/session/leases.ts";
import type { StoredFacts } from "../../store/session/session-facts.ts";
import { jobInterrupted } from "../conclusions.ts";
import type { HostBinding } from "../resume/host-binding.ts";
import type { SessionContext } from "../session-context.ts";
import { JobsOfSessions } from "../sweep/sweep.ts";
import { leaseTiming } from "./lease-timing.ts";

/** What a claim records beside the lease: for whom, for which job, and where the work is. */
export interface ClaimNote {
  readonly by: string;
  readonly jobId: string;
  readonly host: HostBinding;
  readonly seedHash: string;
  readonly runtime: string;
  readonly cwd: string;
  readonly workspace: WorkspaceMode;
  /** Agents at once, where whoever started it said so. */
  readonly parallel?: number | null;
  /** Earlier work that it goes on from. */
  readonly runStart?: RunStart | null;
  /** The lineage that it has go on. */
  readonly conducts?: Conducting | null;
  /** What it may take at most, where that is less than is configured. */
  readonly ceiling?: Ceiling | null;
  readonly branch: string | null;
}

/** A term that was won. */
export interface Claimed {
  readonly term: Term;
  /** When its claim was sent off (`performance.now()`): trust counts from there, however slow the answer was. */
  readonly sentAt: number;
  /** The time its claim bears, in microseconds: none of its owner's rows may be dated before. */
  readonly at: number;
}

/**
 * Claims a session as its owner, by the one compare-and-set that sweeps and cancellations use too; undefined when
 * anything the decision rested on has changed since it was read. The claim of a session that has ended voids that end.
 */
export async function claimSession(
  context: SessionContext,
  facts: StoredFacts,
  note: ClaimNote,
): Promise<Claimed | undefined> {
  const { session_id, status, status_event_id } = facts.session;
  const taker = runTaker(context);
  const epoch = nextEpoch(seenOf(facts));
  const at = context.store.stamp(facts.newestAt);
  const payload = { ...toPayload(context, note), claimed_at: toIsoTimestamp(at), epoch };
  const event = isTerminal(status)
    ? sessionEvent(session_id, SESSION_REOPENED, { reopens: status_event_id, to: "running", ...payload }, at)
    : sessionEvent(session_id, SESSION_CLAIMED, payload, at);
  const job = jobCreated(note, { type: "resume_session", session_id, execution_id: facts.session.execution_id, at });
  const before = await new JobsOfSessions(context).of(session_id);
  const jobs = [...before.map((one) => jobInterrupted(one, at, `resumed as ${note.jobId}`)), job];
  const sentAt = performance.now();
  failpoint("claim:before");
  const written = await concludeSession(context.store, facts, taker, { event, execution: undefined, jobs });
  failpoint("claim:after");
  return written === "written"
    ? { term: { sessionId: session_id, epoch, ownerId: taker.ownerId }, sentAt, at }
    : undefined;
}

/** Makes a session that this process owns from its first row on; undefined when the id is taken. */
export async function beginOwnedSession(
  context: SessionContext,
  ids: {
    readonly sessionId: string;
    readonly executionId: string;
    readonly seedId: string | null;
    readonly goal: string;
  },
  note: ClaimNote,
): Promise<Claimed | undefined> {
  const taker = runTaker(context);
  const at = context.store.stamp();
  const payload = {
    execution_id: ids.executionId,
    seed_id: ids.seedId ?? "",
    seed_goal: ids.goal,
    start_time: toIsoTimestamp(at),
    ...toPayload(context, note),
    epoch: 1,
  };
  const event = sessionEvent(ids.sessionId, SESSION_STARTED, payload, at);
  const { sessionId: session_id, executionId: execution_id } = ids;
  const job = jobCreated(note, { type: note.conducts ? "ralph" : "execute_seed", session_id, execution_id, at });
  const sentAt = performance.now();
  failpoint("begin:before");
  const written = await beginSession(context.store, ids, taker, { event, execution: undefined, jobs: [job] });
  failpoint("begin:after");
  return written === "written"
    ? { term: { sessionId: ids.sessionId, epoch: 1, ownerId: taker.ownerId }, sentAt, at }
    : undefined;
}

function runTaker({ identity }: SessionContext): Taker {
  return { ownerId: newId(), purpose: "run", identity, ttlSeconds: leaseTiming().ttl, overCancelRequest: false };
}

function toPayload({ identity }: SessionContext, note: ClaimNote): Payload {
  return {
    by: note.by,
    job_id: note.jobId,
    ...note.host,
    seed_hash: note.seedHash,
    runtime_backend: note.runtime,
    workspace_path: note.cwd,
    workspace_mode: note.workspace,
    parallel: note.parallel ?? null,
    run_start: note.runStart ?? null,
    conducts: note.conducts ?? null,
    ceiling: note.ceiling ?? null,
    branch: note.branch,
    machine: identity.machine,
    host: hostname(),
    pid: identity.pid,
  };
}

function sessionEvent(sessionId: string, eventType: string, payload: Payload, at: number): NewEvent {
  return { id: newId(), aggregate_type: "session", aggregate_id: sessionId, event_type: eventType, payload, at };
}

function jobCreated(
  { jobId, conducts }: ClaimNote,
  {
    type,
    at,
    ...links
  }: {
    readonly type: string;
    readonly session_id: string;
    readonly execution_id: string | null;
    readonly at: number;
  },
): NewEvent {
  return {
    id: newId(),
    aggregate_type: "job",
    aggregate_id: jobId,
    event_type: "mcp.job.created",
    payload: {
      job_type: type,
      status: "queued",
      message: "Started",
      links: { ...links, lineage_id: conducts?.lineage_id ?? null },
      timestamp: toIsoTimestamp(at),
    },
    at,
  };
}
