import type { ProcessIdentity } from "../../process/identity.ts";
import type { Guard } from "../append.ts";
import { query, type SqlValue, type Statement } from "../engine/database.ts";
import type { Store } from "../store.ts";
import { caughtUp } from "./catch-up.ts";
import { IS_OPEN } from "./session-rows.ts";
import { NEWEST_ROWID } from "./session-scopes.ts";

/** One row of `ouro_lease`: who owns a session, under which epoch, until when by the store's own clock. */
export interface Lease {
  readonly epoch: number;
  /** `run`: an owner works on it. `sweep`: a clean-up or a person closed or reopened it, and nobody holds it. */
  readonly purpose: "run" | "sweep";
  readonly ownerId: string;
  readonly owner: ProcessIdentity | undefined;
  /** Seconds since 1970; null once it was let go of. */
  readonly expiresAt: number | null;
  readonly cancelRequestedBy: string | null;
  readonly cancelReason: string | null;
  readonly attempts: number;
}

/** The columns of a lease, for reads that fetch it along with other things. */
export const LEASE_COLUMNS =
  "epoch, purpose, owner_id, machine, boot, pid_namespace, pid, start_ticks, expires_at, cancel_requested_by, cancel_reason, attempts";

/** A row with `LEASE_COLUMNS` as a lease. */
export function toLease(row: Record<string, unknown>): Lease {
  const text = (name: string) => (typeof row[name] === "string" ? row[name] : null);
  const pid = row.pid;
  return {
    epoch: Number(row.epoch),
    purpose: row.purpose === "run" ? "run" : "sweep",
    ownerId: String(row.owner_id),
    owner:
      typeof pid === "number"
        ? {
            machine: text("machine"),
            boot: text("boot"),
            pid_namespace: text("pid_namespace"),
            pid,
            start_ticks: text("start_ticks"),
          }
        : undefined,
    expiresAt: typeof row.expires_at === "number" ? row.expires_at : null,
    cancelRequestedBy: text("cancel_requested_by"),
    cancelReason: text("cancel_reason"),
    attempts: Number(row.attempts),
  };
}

/** What the verdict rested on, all of which must still be so for the take-over to happen. */
export interface Seen {
  readonly sessionId: string;
  readonly executionId: string | null;
  readonly lease: Lease | undefined;
  /** The highest epoch known from the lease or, should its row be lost, from the events. */
  readonly epoch: number;
  /** The newest rowid in any of the session's scopes. */
  readonly newestRowid: number;
}

export interface Taker {
  readonly ownerId: string;
  readonly purpose: "run" | "sweep";
  readonly identity: ProcessIdentity;
  /** How long the lease holds from now on by the store's clock; null takes the session without keeping it. */
  readonly ttlSeconds: number | null;
  /** Only for carrying out the very cancellation that was asked for. */
  readonly overCancelRequest: boolean;
}

/**
 * The take-over: one compare-and-set on everything the verdict rested on (epoch, expiry as seen, no cancel request,
 * newest rowid of all scopes). Sweep, resume and forced cancel all use it, so of any two exactly one wins; a renewal or
 * an event by anybody in between makes it change nothing.
 */
export function takeOver(seen: Seen, taker: Taker): Statement {
  const args: Record<string, SqlValue> = {
    session: seen.sessionId,
    execution: seen.executionId,
    seen_epoch: seen.lease?.epoch ?? 0,
    seen_expires: seen.lease?.expiresAt ?? null,
    newest: seen.newestRowid,
    epoch: nextEpoch(seen),
    purpose: taker.purpose,
    owner: taker.ownerId,
    machine: taker.identity.machine,
    boot: taker.identity.boot,
    pid_namespace: taker.identity.pid_namespace,
    pid: taker.identity.pid,
    start_ticks: taker.identity.start_ticks,
    ttl: taker.ttlSeconds,
    over_cancel: taker.overCancelRequest ? 1 : 0,
  };
  return { sql: TAKE_OVER, args };
}

/** The epoch a take-over of this session will carry. */
export function nextEpoch(seen: Seen): number {
  return Math.max(seen.epoch, seen.lease?.epoch ?? 0) + 1;
}

const LEASE_OF = (column: string) => `(SELECT ${column} FROM ouro_lease WHERE session_id = :session)`;

const TAKE_OVER = `INSERT INTO ouro_lease
(session_id, epoch, purpose, owner_id, machine, boot, pid_namespace, pid, start_ticks, expires_at, attempts)
SELECT :session, :epoch, :purpose, :owner, :machine, :boot, :pid_namespace, :pid, :start_ticks,
  CASE WHEN :ttl IS NULL THEN NULL ELSE unixepoch('subsec') + :ttl END, CASE :purpose WHEN 'run' THEN 1 ELSE 0 END
WHERE coalesce(${LEASE_OF("epoch")}, 0) = :seen_epoch
  AND ${LEASE_OF("expires_at")} IS :seen_expires
  AND (:over_cancel = 1 OR ${LEASE_OF("cancel_requested_at")} IS NULL)
  AND ${NEWEST_ROWID} = :newest
ON CONFLICT (session_id) DO UPDATE SET epoch = excluded.epoch, purpose = excluded.purpose, owner_id = excluded.owner_id,
  machine = excluded.machine, boot = excluded.boot, pid_namespace = excluded.pid_namespace, pid = excluded.pid,
  start_ticks = excluded.start_ticks, expires_at = excluded.expires_at, attempts = ouro_lease.attempts + excluded.attempts`;

/** Extends a lease that its owner still holds; changes nothing once the epoch has moved on. */
export function renewal(sessionId: string, epoch: number, ownerId: string, ttlSeconds: number): Statement {
  return {
    sql: `UPDATE ouro_lease SET expires_at = unixepoch('subsec') + ?
WHERE session_id = ? AND epoch = ? AND owner_id = ? AND expires_at IS NOT NULL`,
    args: [ttlSeconds, sessionId, epoch, ownerId],
  };
}

/**
 * Lets go of a lease in order, so that nobody has to wait for it to expire and the take-overs so far no longer count; only
 * if the guard holds, where one is given.
 */
export function release(sessionId: string, epoch: number, ownerId: string, guard?: Guard): Statement {
  return {
    sql: `UPDATE ouro_lease SET expires_at = NULL, attempts = 0 WHERE session_id = ? AND epoch = ? AND owner_id = ?${guard ? ` AND ${guard.sql}` : ""}`,
    args: [sessionId, epoch, ownerId, ...(guard?.args ?? [])],
  };
}

/** The owner got something done: the take-overs so far no longer count against the session. */
export function forgetAttempts(sessionId: string, epoch: number, ownerId: string): Statement {
  return {
    sql: "UPDATE ouro_lease SET attempts = 0 WHERE session_id = ? AND epoch = ? AND owner_id = ?",
    args: [sessionId, epoch, ownerId],
  };
}

/** Asks the owner of a live lease to stop; the request outlives the owner, and no claim succeeds over it. */
export function cancelRequest(sessionId: string, epoch: number, by: string, reason: string): Statement {
  return {
    sql: `UPDATE ouro_lease SET cancel_requested_at = unixepoch('subsec'), cancel_requested_by = ?, cancel_reason = ?
WHERE session_id = ? AND epoch = ? AND expires_at IS NOT NULL AND cancel_requested_at IS NULL`,
    args: [by, reason, sessionId, epoch],
  };
}

/** The lease of a session, and the store's clock at the same moment (seconds). */
export async function readLease(store: Store, sessionId: string): Promise<{ lease: Lease | undefined; now: number }> {
  const [leases, clock] = await store.database.read([
    { sql: `SELECT ${LEASE_COLUMNS} FROM ouro_lease WHERE session_id = ?`, args: [sessionId] },
    { sql: "SELECT unixepoch('subsec') AS now" },
  ]);
  const row = leases?.rows[0];
  return { lease: row && toLease(row), now: Number(clock?.rows[0]?.now) };
}

/** Which running sessions a sweep looks at: those without a live lease (the prefilter), those with one, or all. */
export type LeaseFilter = "not_live" | "live" | "all";

const LEASE_FILTERS: Record<LeaseFilter, string> = {
  not_live: "AND (l.expires_at IS NULL OR l.expires_at <= unixepoch('subsec'))",
  live: "AND l.expires_at > unixepoch('subsec')",
  all: "",
};

/** Ids of running sessions in order, after `after`. */
export async function openSessionIds(
  store: Store,
  options: { readonly after: string; readonly limit: number; readonly leases: LeaseFilter },
): Promise<string[]> {
  const rows = await caughtUp(store, () =>
    query(
      store.database,
      `SELECT s.session_id FROM ouro_session AS s LEFT JOIN ouro_lease AS l ON l.session_id = s.session_id
WHERE s.status = 'running' AND s.status ${IS_OPEN} AND s.session_id > ? ${LEASE_FILTERS[options.leases]} ORDER BY s.session_id LIMIT ?`,
      [options.after, options.limit],
    ),
  );
  return rows.map((row) => String(row.session_id));
}

/** How many running sessions come after an id. */
export async function countOpenAfter(store: Store, after: string): Promise<number> {
  const sql = `SELECT count(*) AS n FROM ouro_session WHERE status = 'running' AND status ${IS_OPEN} AND session_id > ?`;
  const [row] = await caughtUp(store, () => query(store.database, sql, [after]));
  return Number(row?.n ?? 0);
}
