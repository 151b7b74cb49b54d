import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import { toOrigin } from "../domain/run/origin.ts";
import { isTerminal } from "../domain/session/session.ts";
import { HOST } from "../runtimes/runtime-settings.ts";
import { openOrders } from "../store/orders/open-orders.ts";
import { claimOrder, extendClaim } from "../store/orders/work-claims.ts";
import { type Order, readOrder, STEP_WORK } from "../store/orders/work-rows.ts";
import { readOrigin } from "../store/session/run-records.ts";
import { loadSession } from "../store/session/sessions.ts";
import type { SessionContext } from "./session-context.ts";
import { unknownWork } from "./submit-work.ts";

export interface ClaimRequest {
  /** One step of this session; of any session of this machine where it is missing. */
  readonly sessionId?: string | undefined;
  /** This very order. */
  readonly workId?: string | undefined;
  /** The claim on that order that is to go on. */
  readonly claimEpoch?: number | undefined;
  /** Who asks, for others to see. */
  readonly by: string;
}

/** Work that is the caller's alone until `expires_at`. */
export interface ClaimedWork {
  readonly work_id: string;
  readonly claim_epoch: number;
  readonly expires_at: string;
  readonly session_id: string;
  /** The folder to work in. */
  readonly cwd: string;
  readonly instructions: string;
  readonly input: string;
  readonly answer_schema: Readonly<Record<string, unknown>>;
  readonly submit_with: "ouroboros_submit";
  /** How many more of its session anybody could claim now. */
  readonly left: number;
}

/** Hands one step out to an agent of the host, or extends the claim it has. Of several who ask at once each gets another one. */
export function claimWork(context: SessionContext, request: ClaimRequest): Promise<ClaimedWork | Refusal> {
  const { workId, claimEpoch } = request;
  if (workId === undefined) return claimAny(context, request);
  return claimEpoch === undefined ? claimOne(context, workId, request.by) : extend(context, workId, claimEpoch);
}

async function claimAny(context: SessionContext, { sessionId, by }: ClaimRequest): Promise<ClaimedWork | Refusal> {
  const where = sessionId === undefined ? undefined : await workplace(context, sessionId);
  if (isRefusal(where)) return where;
  const open = await openOrders(context.store, STEP_WORK, sessionId);
  for (const order of open.filter(({ claim }) => claim === null)) {
    const cwd = where ?? (await workplace(context, order.session_id));
    if (isRefusal(cwd)) continue;
    const claim = await claimOrder(context.store, order.work_id, by);
    if (claim.outcome === "claimed") return toClaimed(context, claim.order, cwd);
  }
  const claimed = open.flatMap(({ work_id, session_id, claim }) => (claim ? [{ work_id, session_id, ...claim }] : []));
  const held = claimed.map(({ work_id, by: whom, expires_at }) => `${work_id} by ${whom} until ${expires_at}`);
  return refuse(
    "nothing_open",
    `There is nothing to claim${sessionId === undefined ? "" : ` in ${sessionId}`}${held.length === 0 ? "" : `: claimed are ${held.join(", ")}`}`,
    held.length > 0
      ? "Let those who claimed it finish; what they do not hand in can be claimed once its time is over"
      : "ouroboros_resume_session lists what goes on; a run that was begun with the runtime host lays its steps out when it is resumed",
    { claimed },
  );
}

async function claimOne(context: SessionContext, workId: string, by: string): Promise<ClaimedWork | Refusal> {
  const order = await readOrder(context.store, workId);
  if (!order) return unknownWork(workId);
  if (order.kind !== STEP_WORK) {
    return refuse(
      "not_claimable",
      `Cannot claim ${workId}: it is a question and no work in a folder`,
      "Answer it with ouroboros_submit, without a claim_epoch",
      { work_id: workId },
    );
  }
  const cwd = await workplace(context, order.session_id);
  if (isRefusal(cwd)) return cwd;
  const claim = await claimOrder(context.store, workId, by);
  if (claim.outcome === "claimed") return toClaimed(context, claim.order, cwd);
  if (claim.outcome === "claimed_by_another") {
    const held = (await readOrder(context.store, workId))?.claim ?? null;
    return refuse(
      "claimed_by_another",
      `Cannot claim ${workId}: ${held ? `${held.by} holds it until ${held.expires_at}` : "somebody was quicker"}`,
      "Leave work_id out to claim another step, or come back when that time is over",
      { work_id: workId, ...held },
    );
  }
  return notOpen({ ...order, status: claim.outcome === "answered" ? "answered" : "expired" });
}

async function extend(context: SessionContext, workId: string, claimEpoch: number): Promise<ClaimedWork | Refusal> {
  const isExtended = await extendClaim(context.store, workId, claimEpoch);
  const order = await readOrder(context.store, workId);
  if (!order) return unknownWork(workId);
  if (order.status !== "open") return notOpen(order);
  if (!isExtended) {
    return refuse(
      "claim_lost",
      `Cannot extend claim ${claimEpoch} of ${workId}: ${order.claim_epoch > claimEpoch ? "somebody has claimed it since" : "it was never given"}`,
      "Stop working on it, and claim anew without claim_epoch",
      { work_id: workId, claim_epoch: order.claim_epoch },
    );
  }
  const cwd = await workplace(context, order.session_id);
  return isRefusal(cwd) ? cwd : toClaimed(context, order, cwd);
}

function notOpen({ work_id, session_id, status }: Order): Refusal {
  const facts = { work_id, session_id };
  if (status === "answered") {
    return refuse(
      "already_answered",
      `Cannot claim ${work_id}: its result was handed in already`,
      "Leave work_id out to claim another step",
      facts,
    );
  }
  return refuse(
    "work_expired",
    `Cannot claim ${work_id}: it was not asked for again in a long time`,
    `Call ouroboros_resume_session {"session_id":"${session_id}"}: it lays its steps out afresh`,
    facts,
  );
}

/** The folder a session's agents work in; or why none of the host's may work there now. */
async function workplace({ store, identity }: SessionContext, sessionId: string): Promise<string | Refusal> {
  const loaded = await loadSession(store, sessionId);
  const facts = { session_id: sessionId };
  if (!loaded) {
    return refuse(
      "not_found",
      `Session not found: ${sessionId}`,
      "`ouroboros sessions` lists the sessions of this store",
      facts,
    );
  }
  const { session } = loaded;
  const origin = toOrigin(await readOrigin(store, sessionId));
  if (isTerminal(session.status)) {
    return refuse("ended", `Cannot claim steps of ${sessionId}: it is ${session.status}`, "Drop its work", facts);
  }
  if (origin.runtime_backend !== HOST) {
    const who = origin.runtime_backend ?? "another agent";
    return refuse("not_for_host", `Cannot claim steps of ${sessionId}: ${who} does them`, "Drop its work", facts);
  }
  if (origin.machine !== null && identity.machine !== null && origin.machine !== identity.machine) {
    const where = origin.host ?? origin.machine;
    return refuse(
      "elsewhere",
      `Cannot claim steps of ${sessionId}: its checkout lives on ${where}`,
      "Claim them there",
      facts,
    );
  }
  const cwd = session.cwd ?? origin.workspace_path;
  if (cwd !== null) return cwd;
  return refuse("needs_cwd", `${sessionId} does not say in which folder it works`, "Resume it with cwd first", facts);
}

async function toClaimed({ store }: SessionContext, order: Order, cwd: string): Promise<ClaimedWork> {
  const { work_id, claim_epoch, session_id, body } = order;
  const open = await openOrders(store, STEP_WORK, session_id);
  return {
    work_id,
    claim_epoch,
    expires_at: order.claim?.expires_at ?? "",
    session_id,
    cwd: body.cwd ?? cwd,
    instructions: body.instructions,
    input: body.input,
    answer_schema: body.answer_schema,
    submit_with: "ouroboros_submit",
    left: open.filter(({ claim }) => claim === null).length,
  };
}
