import { nextForId } from "../base/id-kind.ts";
import { type Refusal, refuse } from "../base/refusal.ts";
import { isTerminal, type Session, type SessionStatus } from "../domain/session/session.ts";
import type { Liveness } from "../domain/session/verdict.ts";
import { parseTimestamp, toIsoTimestamp } from "../domain/timestamp.ts";
import { type Judgement, judgeSession, type SessionContext } from "../sessions/session-context.ts";
import { readProgress } from "../store/session/session-progress.ts";
import { findByExecution } from "../store/session/sessions.ts";

/** The truth about one session, as every surface shows it. Times are ISO 8601, UTC. */
export interface SessionStatusView {
  readonly session_id: string;
  readonly status: SessionStatus;
  readonly liveness: Liveness;
  /** Why the liveness is what it is, in a sentence. */
  readonly why: string;
  readonly is_active: boolean;
  readonly is_completed: boolean;
  readonly is_failed: boolean;
  readonly execution_id: string | null;
  readonly seed_id: string | null;
  readonly goal: string | null;
  readonly cwd: string | null;
  readonly started_at: string;
  readonly last_activity_at: string | null;
  /** Who ended or paused it, and why, where that is known. */
  readonly status_at: string;
  readonly status_by: string | null;
  readonly reason: string | null;
  readonly messages_processed: number;
  readonly progress: Readonly<Record<string, unknown>>;
}

/** Judges a session by its id (an execution's id does too) and tells how far it is. */
export async function sessionStatus(context: SessionContext, id: string): Promise<SessionStatusView | Refusal> {
  const judgement = await judgeByAnyId(context, id);
  if (!judgement) return sessionNotFound(id);
  const { facts, verdict } = judgement;
  const { session } = facts;
  const progress = await readProgress(context.store, session);
  return {
    session_id: session.session_id,
    status: session.status,
    liveness: verdict.liveness,
    why: verdict.why,
    is_active: !isTerminal(session.status),
    is_completed: session.status === "completed",
    is_failed: session.status === "failed",
    execution_id: session.execution_id,
    seed_id: session.seed_id,
    goal: session.goal,
    cwd: session.cwd,
    started_at: iso(session.started_at),
    last_activity_at: facts.newestAt === undefined ? null : toIsoTimestamp(facts.newestAt),
    status_at: iso(session.status_at),
    status_by: session.status_by,
    reason: session.reason,
    messages_processed: progress.messages,
    progress: settled(session, progress.keys),
  };
}

/** A stored time as ISO 8601; as it stands where it cannot be read. */
function iso(stored: string): string {
  const at = parseTimestamp(stored);
  return at === undefined ? stored : toIsoTimestamp(at);
}

/** Judges a session named by its own id or by its execution's. */
export async function judgeByAnyId(context: SessionContext, id: string): Promise<Judgement | undefined> {
  const direct = await judgeSession(context, id);
  if (direct) return direct;
  const sessionId = await findByExecution(context.store, id);
  return sessionId === undefined ? undefined : judgeSession(context, sessionId);
}

/** The refusal for an id that names nothing here. */
export function sessionNotFound(id: string): Refusal {
  const next = nextForId(id, ["orch_", "exec_"], "`ouroboros sessions` lists the sessions of this store");
  return refuse("not_found", `Session not found: ${id}`, next, { id });
}

/** A session that has ended does not go on saying `running` because its last progress row did. */
function settled(session: Session, keys: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return isTerminal(session.status) && "runtime_status" in keys ? { ...keys, runtime_status: session.status } : keys;
}
