import type { Session } from "../../domain/session/session.ts";
import { parseTimestamp } from "../../domain/timestamp.ts";
import { storedText } from "../row.ts";
import type { Store } from "../store.ts";
import { LEASE_COLUMNS, type Lease, toLease } from "./leases.ts";
import { LATEST_TIME, SCOPE_CONDITIONS } from "./session-scopes.ts";
import { loadSession } from "./sessions.ts";

/** What the store knows about a session's liveness, all of one moment. Times are microseconds. */
export interface StoredFacts {
  readonly session: Session;
  readonly lease: Lease | undefined;
  readonly newestRowid: number;
  /** The latest readable time in any scope. */
  readonly newestAt: number | undefined;
  readonly now: number;
}

/** Reads a session, its lease and its newest activity in every scope; undefined for a session without any row. */
export async function readFacts(store: Store, sessionId: string): Promise<StoredFacts | undefined> {
  const loaded = await loadSession(store, sessionId);
  if (!loaded) return undefined;
  const { session } = loaded;
  const args = { session: sessionId, execution: session.execution_id };
  const indexed = !store.shape.missingIndexes.includes("ix_events_agg_type_id_timestamp");
  const [tops, leases, clock, newest, latest] = await store.database.read([
    {
      sql: "SELECT max(rowid) AS top FROM events WHERE aggregate_type = 'session' AND aggregate_id = ?",
      args: [sessionId],
    },
    { sql: `SELECT ${LEASE_COLUMNS} FROM ouro_lease WHERE session_id = ?`, args: [sessionId] },
    { sql: "SELECT unixepoch('subsec') AS now" },
    {
      sql: `SELECT rowid AS row_id, CAST(timestamp AS BLOB) AS timestamp FROM events WHERE rowid IN (${NEWEST_OF_EACH})`,
      args,
    },
    // Without its covering index this would visit every row; the newest row of each scope then has to do.
    indexed ? { sql: `SELECT CAST(${LATEST_TIME} AS BLOB) AS at`, args } : { sql: "SELECT '' AS at" },
  ]);
  // A row that came between the two reads may have ended it: a verdict must rest on a fold of all that it compares with.
  if (Number(tops?.rows[0]?.top ?? 0) !== loaded.streamTop) return readFacts(store, sessionId);
  const rows = newest?.rows ?? [];
  // Both by commit order and by text: an odd spelling (`T`, a zone) may sort before or after times it is not near.
  const times = [...rows.map((row) => row.timestamp), latest?.rows[0]?.at].map((at) => parseTimestamp(storedText(at)));
  const readable = times.filter((time) => time !== undefined);
  const lease = leases?.rows[0];
  return {
    session,
    lease: lease && toLease(lease),
    newestRowid: Math.max(0, ...rows.map((row) => Number(row.row_id))),
    newestAt: readable.length === 0 ? undefined : Math.max(...readable),
    now: Number(clock?.rows[0]?.now) * 1e6,
  };
}

const NEWEST_OF_EACH = SCOPE_CONDITIONS.map((condition) => `SELECT max(rowid) FROM events WHERE ${condition}`).join(
  " UNION ALL ",
);
