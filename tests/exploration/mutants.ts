import type { Plan } from "./plan.ts";
import type { Promised } from "./promises.ts";
import { EXPIRED_APART, ORPHANED, OWNED, PAUSED, STALE, SWEPT, VACANT } from "./starts.ts";

/** A shipped statement with one of its clauses taken away, and the smallest plan under which that shows. */
export interface Mutant {
  readonly name: string;
  /** Found word for word in a shipped statement; where it is in several, `only` names another part of the one meant. */
  readonly find: string;
  readonly only?: string;
  readonly replace: string;
  readonly breaks: Promised;
  readonly plan: Plan;
}

export function mutate({ find, only, replace }: Mutant, sql: string): string {
  return only === undefined || sql.includes(only) ? sql.replace(find, () => replace) : sql;
}

const LEASE = (column: string) => `(SELECT ${column} FROM ouro_lease WHERE session_id = :session)`;
const IS_OWNER = "EXISTS (SELECT 1 FROM ouro_lease WHERE session_id = ? AND epoch = ? AND owner_id = ?)";
const IS_NEWEST = "coalesce((SELECT max(rowid) FROM events WHERE aggregate_type = ? AND aggregate_id = ?), 0) = ?";
const IS_THERE = "EXISTS (SELECT 1 FROM events WHERE id = ?)";
const NO_TERMINAL = "NOT EXISTS (SELECT 1 FROM events WHERE rowid IN (";
const NO_JOB_END = "NOT EXISTS (SELECT 1 FROM events WHERE aggregate_type = 'job' AND aggregate_id = ?";
const ANY_3 = "(? IS NOT NULL AND ? IS NOT NULL AND ? IS NOT NULL)";
const COLUMNS = "(id, aggregate_type, aggregate_id, event_type, payload, timestamp)";

const only = (...names: string[]) => ({ operations: names, accidents: names, mostOfOne: 2 });

export const MUTANTS: readonly Mutant[] = [
  {
    name: "take-over without the epoch as seen",
    find: `coalesce(${LEASE("epoch")}, 0) = :seen_epoch`,
    replace: "TRUE",
    breaks: "never two owners",
    plan: { start: VACANT, ...only("elect"), most: 2 },
  },
  {
    name: "take-over without the expiry as seen",
    find: `${LEASE("expires_at")} IS :seen_expires`,
    replace: "TRUE",
    breaks: "never two owners",
    plan: { start: EXPIRED_APART, ...only("resume", "watch"), most: 2 },
  },
  {
    name: "take-over over a request to cancel",
    find: `(:over_cancel = 1 OR ${LEASE("cancel_requested_at")} IS NULL)`,
    replace: "TRUE",
    breaks: "a person's cancellation is never undone",
    plan: { start: OWNED, ...only("cancel", "sweep", "crash W"), most: 3 },
  },
  {
    name: "take-over without the newest rowid as seen",
    find: ") = :newest",
    replace: ") IS NOT NULL",
    breaks: "a verdict still holds when it is written",
    plan: { start: STALE, ...only("sweep", "Python criterion"), most: 2 },
  },
  {
    name: "take-over that keeps the old epoch",
    find: "epoch = excluded.epoch",
    only: "INSERT INTO ouro_lease",
    replace: "epoch = ouro_lease.epoch",
    breaks: "never two owners",
    plan: { start: ORPHANED, ...only("sweep"), most: 1 },
  },
  {
    name: "a conclusion's event whoever owns the session",
    find: IS_OWNER,
    replace: ANY_3,
    breaks: "a verdict still holds when it is written",
    plan: { start: STALE, ...only("sweep"), most: 2 },
  },
  {
    name: "an owner's row whoever owns the session",
    find: IS_OWNER,
    replace: ANY_3,
    breaks: "never two owners",
    plan: { start: EXPIRED_APART, ...only("resume", "append"), most: 2 },
  },
  {
    name: "an owner's end whoever owns the session",
    find: IS_OWNER,
    only: "cancel_requested_at IS NOT NULL",
    replace: ANY_3,
    breaks: "never two owners",
    plan: { start: EXPIRED_APART, ...only("resume", "complete"), most: 2 },
  },
  {
    name: "an owner's end over a request to cancel",
    find: "NOT EXISTS (SELECT 1 FROM ouro_lease WHERE session_id = ? AND cancel_requested_at IS NOT NULL)",
    replace: "? IS NOT NULL",
    breaks: "a person's cancellation is never undone",
    plan: { start: OWNED, ...only("cancel", "complete"), most: 2 },
  },
  {
    name: "an owner's end of a session that has moved on",
    find: IS_NEWEST,
    only: IS_OWNER,
    replace: ANY_3,
    breaks: "a person's cancellation is never undone",
    plan: { start: OWNED, ...only("complete", "Python user"), most: 2 },
  },
  {
    name: "a row expected to follow the newest, wherever it comes",
    find: IS_NEWEST,
    replace: ANY_3,
    breaks: "a verdict still holds when it is written",
    plan: { start: STALE, ...only("note", "Python progress"), most: 2 },
  },
  {
    name: "execution.terminal without its session's event",
    find: `${IS_THERE} AND ${NO_TERMINAL}`,
    replace: `? IS NOT NULL AND ${NO_TERMINAL}`,
    breaks: "a conclusion is written whole or not at all",
    plan: { start: STALE, ...only("sweep", "Python progress"), most: 2 },
  },
  {
    name: "execution.terminal where there is one",
    find: NO_TERMINAL,
    only: "'execution.terminal'",
    replace: "EXISTS (SELECT 1) OR NOT EXISTS (SELECT 1 FROM events WHERE rowid IN (",
    breaks: "every acknowledged event is there once",
    plan: { start: SWEPT, ...only("undo", "cancel"), most: 2 },
  },
  {
    name: "a job's end without its session's event",
    find: `${IS_THERE} AND ${NO_JOB_END}`,
    replace: `? IS NOT NULL AND ${NO_JOB_END}`,
    breaks: "a conclusion is written whole or not at all",
    plan: { start: STALE, ...only("sweep", "Python progress"), most: 2 },
  },
  {
    name: "a job's end where there is one",
    find: NO_JOB_END,
    replace: "NOT EXISTS (SELECT 1 FROM events WHERE FALSE AND aggregate_id = ?",
    breaks: "every acknowledged event is there once",
    plan: { start: STALE, ...only("sweep", "Python job ends"), most: 2 },
  },
  {
    name: "the projection moves without its event",
    find: "FROM events AS event\nWHERE event.id = :event",
    replace: "FROM (SELECT max(rowid) AS rowid FROM events) AS event\nWHERE TRUE",
    breaks: "the projection is the fold",
    plan: { start: STALE, ...only("sweep", "Python progress"), most: 2 },
  },
  {
    name: "the projection goes backwards",
    find: " WHERE excluded.folded_rowid > ouro_session.folded_rowid",
    replace: "",
    breaks: "the projection is the fold",
    plan: { start: PAUSED, ...only("catch up", "Python progress", "Python user"), most: 4 },
  },
  {
    name: "the watermark moves over somebody's rebuilding",
    find: "WHERE key = 'watermark' AND value = :from AND",
    replace: "WHERE key = 'watermark' AND",
    breaks: "the projection is the fold",
    plan: { start: STALE, ...only("catch up", "rebuild", "Python progress"), most: 3 },
  },
  {
    name: "renewal of whatever term",
    find: "WHERE session_id = ? AND epoch = ? AND owner_id = ? AND expires_at IS NOT NULL",
    replace: "WHERE session_id = ? AND ? IS NOT NULL AND ? IS NOT NULL AND expires_at IS NOT NULL",
    breaks: "never two owners",
    plan: { start: EXPIRED_APART, ...only("resume", "watch"), most: 2 },
  },
  {
    name: "renewal whoever owns the term",
    find: "WHERE session_id = ? AND epoch = ? AND owner_id = ? AND expires_at IS NOT NULL",
    replace: "WHERE session_id = ? AND epoch = ? AND ? IS NOT NULL AND expires_at IS NOT NULL",
    breaks: "never two owners",
    plan: { start: STALE, ...only("elect", "the lease row is lost", "ten seconds pass"), most: 4 },
  },
  {
    name: "renewal of a lease that was let go of",
    find: "AND owner_id = ? AND expires_at IS NOT NULL",
    replace: "AND owner_id = ?",
    breaks: "never two owners",
    plan: { start: OWNED, ...only("pause", "watch"), most: 2 },
  },
  {
    name: "release whoever owns the term",
    find: "attempts = 0 WHERE session_id = ? AND epoch = ? AND owner_id = ?",
    replace: "attempts = 0 WHERE session_id = ? AND epoch = ? AND ? IS NOT NULL",
    breaks: "never two owners",
    plan: { start: STALE, ...only("elect", "the lease row is lost"), most: 3 },
  },
  {
    name: "release without the end it goes with",
    find: `AND owner_id = ? AND ${IS_THERE}`,
    replace: "AND owner_id = ? AND ? IS NOT NULL",
    breaks: "a conclusion is written whole or not at all",
    plan: { start: OWNED, ...only("complete", "Python progress"), most: 2 },
  },
  {
    name: "a request to cancel whoever owns it",
    find: "WHERE session_id = ? AND epoch = ? AND expires_at IS NOT NULL AND cancel_requested_at IS NULL",
    replace: "WHERE session_id = ? AND ? IS NOT NULL AND expires_at IS NOT NULL AND cancel_requested_at IS NULL",
    breaks: "a verdict still holds when it is written",
    plan: { start: EXPIRED_APART, ...only("cancel", "resume"), most: 2 },
  },
  {
    name: "an event under another id than its writer knows",
    find: `INSERT OR IGNORE INTO events ${COLUMNS} SELECT ?,`,
    replace: `INSERT INTO events ${COLUMNS} SELECT ? || (SELECT '#' || count(*) FROM events),`,
    breaks: "every acknowledged event is there once",
    plan: { start: OWNED, ...only("append"), most: 1 },
  },
  {
    name: "an event that comes twice is an error",
    find: "INSERT OR IGNORE INTO events",
    replace: "INSERT INTO events",
    breaks: "no operation fails",
    plan: { start: OWNED, ...only("append"), network: true, most: 2 },
  },
  {
    name: "an event that comes twice is put anew",
    find: "INSERT OR IGNORE INTO events",
    replace: "INSERT OR REPLACE INTO events",
    breaks: "every acknowledged event is there once",
    plan: { start: OWNED, ...only("append", "Python progress"), network: true, most: 3 },
  },
  {
    name: "an epoch that the events know is forgotten",
    find: "batch_id, epoch, folded_rowid FROM ouro_session WHERE session_id = :id",
    replace: "batch_id, 0 AS epoch, folded_rowid FROM ouro_session WHERE session_id = :id",
    breaks: "never two owners",
    plan: { start: OWNED, ...only("cancel", "the lease row is lost"), most: 2 },
  },
];
