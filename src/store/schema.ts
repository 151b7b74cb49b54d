import { type Database, query, type Statement } from "./engine/database.ts";
import { StoreError } from "./engine/store-error.ts";

/** The version of our own tables, and the oldest program that may still write beside them. Changes are additive. */
export const SCHEMA_VERSION = 1;

/** Upstream's table, letter for letter what its v0.27 creates. Made when absent, never altered. */
const EVENTS = [
  `CREATE TABLE IF NOT EXISTS events (
	id VARCHAR(36) NOT NULL, 
	aggregate_type VARCHAR(100) NOT NULL, 
	aggregate_id VARCHAR(36) NOT NULL, 
	event_type VARCHAR(200) NOT NULL, 
	payload JSON NOT NULL, 
	timestamp DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL, 
	consensus_id VARCHAR(36), 
	PRIMARY KEY (id)
)`,
  "CREATE INDEX IF NOT EXISTS ix_events_aggregate_type ON events (aggregate_type)",
  "CREATE INDEX IF NOT EXISTS ix_events_aggregate_id ON events (aggregate_id)",
  "CREATE INDEX IF NOT EXISTS ix_events_aggregate_type_id ON events (aggregate_type, aggregate_id)",
  "CREATE INDEX IF NOT EXISTS ix_events_event_type ON events (event_type)",
  "CREATE INDEX IF NOT EXISTS ix_events_timestamp ON events (timestamp)",
  "CREATE INDEX IF NOT EXISTS ix_events_agg_type_id_timestamp ON events (aggregate_type, aggregate_id, timestamp)",
];

/** The projection: may be dropped at any time and is then folded again. */
const SESSION = [
  `CREATE TABLE IF NOT EXISTS ouro_session (
  session_id TEXT PRIMARY KEY, status TEXT NOT NULL, execution_id TEXT, seed_id TEXT, goal TEXT, cwd TEXT,
  has_start INTEGER NOT NULL, started_at TEXT NOT NULL, status_at TEXT NOT NULL, status_event_id TEXT NOT NULL,
  status_rowid INTEGER NOT NULL, status_by TEXT, reason TEXT, batch_id TEXT, epoch INTEGER NOT NULL DEFAULT 0, folded_rowid INTEGER NOT NULL,
  progress TEXT, messages INTEGER, progress_rowid INTEGER NOT NULL DEFAULT 0)`,
  "CREATE INDEX IF NOT EXISTS ouro_session_recent ON ouro_session (started_at, session_id)",
  `CREATE INDEX IF NOT EXISTS ouro_session_open ON ouro_session (status, session_id)
  WHERE status IN ('running', 'paused')`,
  "CREATE INDEX IF NOT EXISTS ouro_session_execution ON ouro_session (execution_id) WHERE execution_id IS NOT NULL",
  "CREATE INDEX IF NOT EXISTS ouro_session_batch ON ouro_session (batch_id) WHERE batch_id IS NOT NULL",
];

/** The watermark says how far the projection has folded: rowid and id of the last row of a contiguous prefix. */
const META = [
  "CREATE TABLE IF NOT EXISTS ouro_meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)",
  `INSERT INTO ouro_meta (key, value) VALUES
  ('schema_version', '${SCHEMA_VERSION}'), ('min_reader', '1'), ('watermark', '0:') ON CONFLICT (key) DO NOTHING`,
];
const REFOLD = "UPDATE ouro_meta SET value = '0:' WHERE key = 'watermark'";

/** Primary data of ours. `expires_at` and the like are the store's own clock, seconds since 1970. */
const PRIMARY = [
  `CREATE TABLE IF NOT EXISTS ouro_lease (
  session_id TEXT PRIMARY KEY NOT NULL, epoch INTEGER NOT NULL, purpose TEXT NOT NULL, owner_id TEXT NOT NULL,
  machine TEXT, boot TEXT, pid_namespace TEXT, pid INTEGER, start_ticks TEXT, expires_at REAL,
  cancel_requested_at REAL, cancel_requested_by TEXT, cancel_reason TEXT, attempts INTEGER NOT NULL DEFAULT 0)`,
  `CREATE TABLE IF NOT EXISTS ouro_work (
  work_id TEXT PRIMARY KEY NOT NULL, session_id TEXT NOT NULL, kind TEXT NOT NULL, open_until REAL NOT NULL,
  claim_epoch INTEGER NOT NULL DEFAULT 0, claim_id TEXT, claimed_by TEXT, expires_at REAL, body_hash TEXT NOT NULL,
  submission_id TEXT, result_hash TEXT, faults TEXT NOT NULL DEFAULT '[]', superseded TEXT NOT NULL DEFAULT '[]',
  created_at TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS ouro_blob (
  hash TEXT PRIMARY KEY NOT NULL, bytes INTEGER NOT NULL, body BLOB NOT NULL, created_at TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS ouro_receipt (
  receipt_id TEXT PRIMARY KEY NOT NULL, started_at TEXT NOT NULL, settled_at TEXT, machine TEXT, pid INTEGER,
  version TEXT NOT NULL, body TEXT NOT NULL)`,
  "CREATE INDEX IF NOT EXISTS ouro_receipt_started ON ouro_receipt (started_at)",
];

/** What a probe of an existing store found: who wrote it, what is missing, and whether we may write. */
export interface StoreShape {
  /** False for an empty database: nobody has written events yet. */
  readonly hasEvents: boolean;
  readonly spelling: "sqlalchemy" | "migration" | "none";
  /** Has upstream v0.51 touched the file (guard tables, projection column)? */
  readonly generation: "v0.27" | "v0.51";
  readonly hasTerminalGuards: boolean;
  /** Upstream's indexes on `events` that this file lacks. They are never added: that would be DDL on upstream's table. */
  readonly missingIndexes: readonly string[];
  readonly hasProjection: boolean;
  readonly hasOurTables: boolean;
  readonly schemaVersion: number;
  readonly minReader: number;
}

const EVENT_COLUMNS = ["id", "aggregate_type", "aggregate_id", "event_type", "payload", "timestamp"];
const INDEXES = EVENTS.slice(1).map((sql) => /EXISTS (\w+)/.exec(sql)?.[1] ?? "");
const OUR_TABLES = ["ouro_session", "ouro_meta", "ouro_lease", "ouro_work", "ouro_blob", "ouro_receipt"];

/** Looks at what stands in the file, by its schema alone: nothing is assumed and nothing is written. */
export async function probeShape(database: Database): Promise<StoreShape> {
  const rows = await query(
    database,
    "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'events' OR name LIKE 'ouro\\_%' ESCAPE '\\' OR name LIKE 'session\\_%' ESCAPE '\\'",
  );
  const names = new Set(rows.map((row) => String(row.name)));
  const events = rows.find((row) => row.name === "events");
  const ddl = String(events?.sql ?? "");
  const hasEvents = events !== undefined;
  const isTable = events?.type === "table" && EVENT_COLUMNS.every((column) => new RegExp(`\\b${column}\\b`).test(ddl));
  if (hasEvents && !isTable) {
    throw new StoreError(
      "store_not_ours",
      `Cannot use the store ${database.where}: its table "events" is another program's`,
    );
  }
  const hasOurTables = OUR_TABLES.every((name) => names.has(name));
  const meta = names.has("ouro_meta") ? await query(database, "SELECT key, value FROM ouro_meta") : [];
  const number = (key: string) => Number(meta.find((row) => row.key === key)?.value ?? 0);
  return {
    hasEvents,
    spelling: !hasEvents ? "none" : /timestamp\s+TIMESTAMP/i.test(ddl) ? "migration" : "sqlalchemy",
    generation: names.has("session_terminal_guards") || /picker_projection_version/.test(ddl) ? "v0.51" : "v0.27",
    hasTerminalGuards: names.has("session_terminal_guards"),
    missingIndexes: hasEvents ? INDEXES.filter((name) => !names.has(name)) : [],
    hasProjection: names.has("ouro_session"),
    hasOurTables,
    schemaVersion: number("schema_version"),
    minReader: number("min_reader"),
  };
}

/** The statements that make a store complete: upstream's table only where there is none, and ours beside it. */
export function creation(shape: StoreShape): Statement[] {
  const events = shape.hasEvents ? [] : EVENTS;
  // A projection that somebody dropped is folded from zero; a watermark that outlived it would hide its sessions.
  const refold = shape.hasProjection ? [] : [REFOLD];
  return [...events, ...SESSION, ...META, ...refold, ...PRIMARY].map((sql) => ({ sql }));
}

/** The same tables for this connection alone, for a store that must not be written. */
export function temporaryTables(shape: StoreShape): Statement[] {
  // A newer program's projection may mean something else: it is always folded afresh here, with its own watermark.
  const primary = shape.hasOurTables ? [] : PRIMARY;
  const events = shape.hasEvents ? [] : EVENTS;
  return [...events, ...SESSION, ...META, ...primary].map((sql) => ({ sql: toTemporary(sql) }));
}

/** Empties the projection without touching its table, which a newer program may have made. */
export function emptying(): Statement[] {
  return [{ sql: "DELETE FROM ouro_session" }, { sql: REFOLD }];
}

/** Drops and makes again what is derived from the events. */
export function rebuilding(): Statement[] {
  return [{ sql: "DROP TABLE IF EXISTS ouro_session" }, ...SESSION.map((sql) => ({ sql })), { sql: REFOLD }];
}

function toTemporary(sql: string): string {
  return sql
    .replace(/^CREATE TABLE IF NOT EXISTS /, "CREATE TEMP TABLE IF NOT EXISTS ")
    .replace(/^CREATE INDEX IF NOT EXISTS (\w+) ON/, "CREATE INDEX IF NOT EXISTS temp.$1 ON");
}
