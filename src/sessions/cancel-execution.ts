import { delay } from "../base/delay.ts";
import { failpoint } from "../base/failpoint.ts";
import { nextForId } from "../base/id-kind.ts";
import { newId } from "../base/ids.ts";
import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import { toOrigin } from "../domain/run/origin.ts";
import { isReopenable, isTerminal, type Session, type SessionStatus } from "../domain/session/session.ts";
import { writePythonCancelMarker } from "../process/python-cancel-marker.ts";
import { readLineage } from "../store/lineages.ts";
import { concludeSession, seenOf, type Term } from "../store/session/conclude-session.ts";
import { cancelRequest, nextEpoch, readLease, takeOver } from "../store/session/leases.ts";
import { readOrigin } from "../store/session/run-records.ts";
import { findByExecution, loadSession } from "../store/session/sessions.ts";
import { cancellation } from "./conclusions.ts";
import { endOldOwner } from "./owner/end-old-owner.ts";
import { endRun } from "./owner/end-run.ts";
import { leaseTiming } from "./owner/lease-timing.ts";
import { isHeld, type Judgement, judgeSession, ownerState, type SessionContext } from "./session-context.ts";
import { JobsOfSessions } from "./sweep/sweep.ts";
import { reopenSession, taker } from "./sweep/sweep-session.ts";

export interface Cancelled {
  readonly session_id: string;
  readonly execution_id: string | null;
  readonly previous_status: SessionStatus;
  /** `cancel_requested`: its owner, on another machine, has not carried it out yet; the request outlives that owner. */
  readonly new_status: "cancelled" | "cancel_requested";
  readonly reason: string;
  readonly cancelled_by: string;
}

interface CancelRequest {
  /** Session or execution id. */
  readonly id: string;
  readonly reason: string;
  readonly by: string;
  /** Stops waiting for the owner; the request stands. */
  readonly signal?: AbortSignal | undefined;
  /** Told while the owner is waited for, and when it is ended by force. */
  readonly onProgress?: (message: string) => void;
}

const TRIES = 20;
/** The owner reads the request every second and gives its agents two to end; then it is ended, all within ten. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 200;

/**
 * Cancels a session on a person's behalf. A live owner is asked and writes the end itself; one that does not is fenced, ended
 * with its agents, and the end written here. A person's cancellation is final: no clean-up and no resume undoes it.
 */
export async function cancelExecution(context: SessionContext, request: CancelRequest): Promise<Cancelled | Refusal> {
  const cancelled = await cancelOne(context, request);
  // Its owner does the same; one that is dead does nothing any more.
  if (!isRefusal(cancelled)) await cancelConducted(context, cancelled.session_id, request);
  return cancelled;
}

/** Whoever cancels a session that has a lineage go on means the run under it as well. */
export async function cancelConducted(
  context: SessionContext,
  sessionId: string,
  request: Omit<CancelRequest, "id">,
): Promise<void> {
  const { conducts } = toOrigin(await readOrigin(context.store, sessionId));
  const lineage = conducts && (await readLineage(context.store, conducts.lineage_id));
  const run = lineage?.generations.at(-1);
  // Of a generation that is complete, the run has ended long ago.
  if (run?.session_id && run.open_phase === "executing") await cancelOne(context, { ...request, id: run.session_id });
}

async function cancelOne(context: SessionContext, request: CancelRequest): Promise<Cancelled | Refusal> {
  const { id, reason, by } = request;
  const sessionId = (await loadSession(context.store, id)) ? id : await findByExecution(context.store, id);
  if (sessionId === undefined) return unknownExecution(id);
  let previous: SessionStatus | undefined;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const judgement = await judgeSession(context, sessionId);
    if (!judgement) return unknownExecution(id);
    const { session } = judgement.facts;
    const answer = (new_status: Cancelled["new_status"]): Cancelled => ({
      session_id: sessionId,
      execution_id: session.execution_id,
      previous_status: previous ?? session.status,
      new_status,
      reason,
      cancelled_by: by,
    });
    if (isTerminal(session.status) && !isHeld(judgement.facts, context.identity)) {
      if (previous === undefined || session.status !== "cancelled") return alreadyEnded(id, session);
      if (!isReopenable(session)) return answer("cancelled");
      // A clean-up was quicker, and what it wrote can be undone: a person's word may not, so it is written in its place.
      await reopenSession(context, sessionId, `to be cancelled by ${by}`, session.status_event_id);
      continue;
    }
    previous ??= session.status;
    const outcome = await cancelOnce(context, judgement, request);
    if (outcome !== "look_again") return answer(outcome);
  }
  return refuse("busy", `Cannot cancel ${id}: it kept changing`, "Try again in a moment", { retry_after_ms: 1000 });
}

type Outcome = Cancelled["new_status"] | "look_again";

async function cancelOnce(context: SessionContext, judgement: Judgement, request: CancelRequest): Promise<Outcome> {
  const { facts, verdict } = judgement;
  const { lease } = facts;
  if (lease?.purpose === "run" && lease.expiresAt !== null && verdict.liveness !== "stale") {
    return askOwner(context, judgement, request);
  }
  // Before the end is written: afterwards nobody would come back to tell it.
  if (judgement.lock.state === "live") {
    failpoint("cancel:marker:before");
    await writePythonCancelMarker(context.home, facts.session.session_id, request);
    failpoint("cancel:marker:after");
  }
  const { store } = context;
  const jobs = await new JobsOfSessions(context).of(facts.session.session_id);
  const conclusion = cancellation({ facts, at: store.stamp(facts.newestAt), jobs }, request.by, request.reason);
  failpoint("cancel:before");
  const written = await concludeSession(store, facts, taker(context, true), conclusion);
  failpoint("cancel:after");
  if (written !== "written") return "look_again";
  // A dead owner's agents end by themselves; whoever cancels is told so only once that is true.
  await endOldOwner(context, facts.session.execution_id, lease);
  return "cancelled";
}

/** Asks the owner, waits for it, and ends it by force where this machine can. */
async function askOwner(
  context: SessionContext,
  { facts, verdict }: Judgement,
  request: CancelRequest,
): Promise<Outcome> {
  const { session, lease } = facts;
  if (!lease) return "look_again";
  if (lease.cancelRequestedBy === null) {
    const ask = cancelRequest(session.session_id, lease.epoch, request.by, request.reason);
    failpoint("cancel:ask:before");
    const [asked] = await context.store.database.write([ask]);
    failpoint("cancel:ask:after");
    if (asked?.rowsAffected !== 1) return "look_again";
  }
  const owner = ownerState(lease, context.identity);
  const isWedged = verdict.liveness === "stuck";
  if (!isWedged && (await hasEnded(context, session.session_id, lease.epoch, request))) return "look_again";
  // Nobody here can end a process of another machine, or prove it gone: the request stands and outlives it.
  if (owner.state === "unknown" && verdict.liveness === "live") return "cancel_requested";
  if (request.signal?.aborted) return "cancel_requested";
  request.onProgress?.("Its owner does not answer: ending it");
  return force(context, session, request);
}

/** Waits until the session has ended or is somebody else's; false when the owner took too long. */
async function hasEnded(
  { store, identity }: SessionContext,
  sessionId: string,
  epoch: number,
  { signal, onProgress }: CancelRequest,
): Promise<boolean> {
  onProgress?.("Asked its owner to stop");
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline && !signal?.aborted) {
    const [loaded, { lease }] = [await loadSession(store, sessionId), await readLease(store, sessionId)];
    if (!loaded || isOver(loaded.session) || lease?.epoch !== epoch || lease.expiresAt === null) return true;
    // One that died while it was asked will not answer: its end is written here.
    if (ownerState(lease, identity).state === "dead") return true;
    await delay(LOOK_EVERY_MS, signal);
  }
  return false;
}

/** Fences the owner, ends its process and agents, and writes the end: in this order, so that nothing is claimed before it is true. */
async function force(context: SessionContext, session: Session, request: CancelRequest): Promise<Outcome> {
  const judgement = await judgeSession(context, session.session_id);
  if (!judgement || isOver(judgement.facts.session)) return "look_again";
  const { facts } = judgement;
  const seen = seenOf(facts);
  const term: Term = { sessionId: session.session_id, epoch: nextEpoch(seen), ownerId: newId() };
  const mine = {
    ownerId: term.ownerId,
    purpose: "run" as const,
    identity: context.identity,
    ttlSeconds: leaseTiming().ttl,
    overCancelRequest: true,
  };
  failpoint("cancel:fence:before");
  const [fenced] = await context.store.database.write([takeOver(seen, mine)]);
  failpoint("cancel:fence:after");
  if (fenced?.rowsAffected !== 1) return "look_again";
  const remains = await endOldOwner(context, session.execution_id, facts.lease);
  if (!remains.gone) request.onProgress?.(remains.why);
  const { job_id } = toOrigin(await readOrigin(context.store, session.session_id));
  const end = { status: "cancelled", by: request.by, reason: request.reason } as const;
  const ended = await endRun(context, term, { end, jobId: job_id });
  return ended === "cancelled" ? "cancelled" : "look_again";
}

/** Ended in a way that nobody may take back; what a clean-up wrote to a run that is alive is no end. */
function isOver(session: Session): boolean {
  return isTerminal(session.status) && !isReopenable(session);
}

function alreadyEnded(id: string, session: Session): Refusal {
  return refuse(
    "already_ended",
    `Cannot cancel ${id}: it is already ${session.status} (since ${session.status_at} UTC)`,
    "Nothing needs to be done",
    { session_id: session.session_id, status: session.status },
  );
}

function unknownExecution(id: string): Refusal {
  const next = nextForId(id, ["orch_", "exec_"], "`ouroboros sessions` lists the sessions of this store");
  return refuse("not_found", `Execution not found: ${id}`, next, { id });
}
