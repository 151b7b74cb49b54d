import type { Payload, StoredEvent } from "../event.ts";

/** The five statuses a session can have, shared with upstream. */
export const SESSION_STATUSES = ["running", "paused", "completed", "failed", "cancelled"] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

export const SESSION_STARTED = "orchestrator.session.started";
export const SESSION_PAUSED = "orchestrator.session.paused";
export const SESSION_COMPLETED = "orchestrator.session.completed";
export const SESSION_FAILED = "orchestrator.session.failed";
export const SESSION_CANCELLED = "orchestrator.session.cancelled";
export const SESSION_REOPENED = "orchestrator.session.reopened";
export const SESSION_CLAIMED = "orchestrator.session.claimed";
export const PROGRESS_UPDATED = "orchestrator.progress.updated";

/** The event types that alone decide a session's status; a progress row can only wake a paused session. */
export const LIFECYCLE_TYPES: readonly string[] = [
  SESSION_STARTED,
  SESSION_PAUSED,
  SESSION_COMPLETED,
  SESSION_FAILED,
  SESSION_CANCELLED,
  SESSION_REOPENED,
  SESSION_CLAIMED,
];

/** What a clean-up writes as `cancelled_by`, upstream's and ours: the only cancellation that may be reopened. */
export const AUTO_CLEANUP = "auto_cleanup";

/** One session as its own stream tells it: the fold of its rows in commit order. */
export interface Session {
  readonly session_id: string;
  readonly status: SessionStatus;
  readonly execution_id: string | null;
  readonly seed_id: string | null;
  readonly goal: string | null;
  readonly cwd: string | null;
  /** False for a stream that never had a start event (imported or damaged histories). */
  readonly has_start: boolean;
  /** Stored text of the first row's time. */
  readonly started_at: string;
  /** Stored text of the row that decided the status, that row's id and commit order. */
  readonly status_at: string;
  readonly status_event_id: string;
  readonly status_rowid: number;
  /** Who ended or paused it, why, and the clean-up batch that did, where the row says so. */
  readonly status_by: string | null;
  readonly reason: string | null;
  readonly batch_id: string | null;
  /** The highest epoch any of its status rows names; a lost lease restarts above it. */
  readonly epoch: number;
  /** Every row of the session's stream up to this one is folded in. */
  readonly folded_rowid: number;
}

/** Has the session ended? Only a reopening leads out of such a status. */
export function isTerminal(status: SessionStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** May this ended session be reopened? A clean-up's verdict and a failure may; a person's cancellation and success are final. */
export function isReopenable(session: Session): boolean {
  if (session.status === "failed") return true;
  return session.status === "cancelled" && session.status_by === AUTO_CLEANUP;
}

/**
 * Folds one row of the session's own stream. Rows already folded are recognised by their rowid and change nothing.
 * The first terminal absorbs everything after it, until a reopening names exactly that terminal.
 */
export function evolve(session: Session | undefined, event: StoredEvent): Session {
  if (!session) return evolve(unstarted(event), event);
  if (event.rowid <= session.folded_rowid) return session;
  return {
    ...session,
    ...changes(session, event),
    epoch: Math.max(session.epoch, epochOf(event)),
    folded_rowid: event.rowid,
  };
}

/** Only status rows claim epochs; in any other row, such as a progress row of Python's, the word means something else. */
function epochOf({ event_type, payload: { epoch } }: StoredEvent): number {
  return LIFECYCLE_TYPES.includes(event_type) && typeof epoch === "number" && Number.isSafeInteger(epoch) ? epoch : 0;
}

function unstarted(event: StoredEvent): Session {
  return {
    session_id: event.aggregate_id,
    status: "running",
    execution_id: null,
    seed_id: null,
    goal: null,
    cwd: null,
    has_start: false,
    started_at: event.timestamp,
    status_at: event.timestamp,
    status_event_id: event.id,
    status_rowid: event.rowid,
    status_by: null,
    reason: null,
    batch_id: null,
    epoch: 0,
    folded_rowid: 0,
  };
}

function changes(session: Session, event: StoredEvent): Partial<Session> {
  switch (event.event_type) {
    case SESSION_STARTED:
      return session.has_start ? {} : started(session, event);
    case SESSION_PAUSED:
      return isTerminal(session.status) ? {} : moved(event, "paused");
    case SESSION_COMPLETED:
      return isTerminal(session.status) ? {} : moved(event, "completed");
    case SESSION_FAILED:
      return isTerminal(session.status) ? {} : moved(event, "failed");
    case SESSION_CANCELLED:
      return isTerminal(session.status) ? {} : moved(event, "cancelled");
    case SESSION_REOPENED:
      return reopened(session, event);
    case SESSION_CLAIMED:
      return isTerminal(session.status) ? {} : moved(event, "running");
    case PROGRESS_UPDATED:
      return session.status === "paused" && runtimeStatus(event.payload) === "running" ? moved(event, "running") : {};
    default:
      return {};
  }
}

/** Comes back as paused, unless somebody who owns it says along with that that it runs. */
function reopened(session: Session, event: StoredEvent): Partial<Session> {
  if (!isReopenable(session) || event.payload.reopens !== session.status_event_id) return {};
  return moved(event, event.payload.to === "running" ? "running" : "paused");
}

function started(session: Session, event: StoredEvent): Partial<Session> {
  const { payload } = event;
  return {
    // A late start says when and how it began, but does not undo a pause or an end that came before it.
    ...(session.status === "running" ? moved(event, "running") : {}),
    has_start: true,
    started_at: event.timestamp,
    execution_id: text(payload.execution_id) ?? session.execution_id,
    seed_id: text(payload.seed_id),
    goal: text(payload.seed_goal),
    cwd: text(payload.workspace_path) ?? text(payload.project_root) ?? text(payload.cwd),
  };
}

function moved(event: StoredEvent, status: SessionStatus): Partial<Session> {
  const { payload } = event;
  return {
    status,
    status_at: event.timestamp,
    status_event_id: event.id,
    status_rowid: event.rowid,
    status_by: text(payload.cancelled_by) ?? text(payload.by) ?? text(payload.pause_owner),
    reason: text(payload.reason) ?? text(payload.error),
    batch_id: text(payload.batch_id),
  };
}

/** The status word a progress row carries, trimmed and lower-cased; undefined when it carries none. */
function runtimeStatus(payload: Payload): string | undefined {
  const inner = payload.progress;
  const word =
    (typeof inner === "object" && inner !== null && "runtime_status" in inner ? inner.runtime_status : undefined) ??
    payload.runtime_status;
  return typeof word === "string" ? word.trim().toLowerCase() : undefined;
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
