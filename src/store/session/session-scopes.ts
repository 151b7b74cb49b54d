/**
 * A session's rows stand in several streams: its own, its execution's, and those of the criteria and coordinators below
 * it (`exec_1_ac_2`, `exec_1:l0:coord`). These conditions are index ranges: `_` to backquote and `:` to `;` are
 * neighbours in byte order, which LIKE could not use. A run that Python resumed writes execution rows under the session's id.
 */
export const SCOPE_CONDITIONS: readonly string[] = [
  "aggregate_type = 'session' AND aggregate_id = :session",
  "aggregate_type = 'execution' AND aggregate_id = :session",
  "aggregate_type = 'execution' AND aggregate_id = :execution",
  "aggregate_type = 'execution' AND aggregate_id >= :execution || '_' AND aggregate_id < :execution || '`'",
  "aggregate_type = 'execution' AND aggregate_id >= :execution || ':' AND aggregate_id < :execution || ';'",
];

/** SQL for the newest rowid in any of the session's scopes, 0 when there is none. Needs `:session` and `:execution`. */
export const NEWEST_ROWID = `max(${SCOPE_CONDITIONS.map(
  (condition) => `coalesce((SELECT max(rowid) FROM events WHERE ${condition}), 0)`,
).join(", ")})`;

/** SQL for the latest stored time in any of the session's scopes, by text: one covering index seek or range each. */
export const LATEST_TIME = `max(${SCOPE_CONDITIONS.map(
  (condition) => `coalesce((SELECT max(timestamp) FROM events WHERE ${condition}), '')`,
).join(", ")})`;
