import type { Database } from "bun:sqlite";
import type { Generation } from "./run.ts";

export type Spelling = "sqlalchemy" | "migration";

/** Event types whose rows the newer generation marks as projected. */
export const PROJECTED_TYPES: readonly string[] = [
  "orchestrator.session.started",
  "orchestrator.progress.updated",
  "workflow.progress.updated",
];

const EVENTS = {
  sqlalchemy: createTable(
    "events",
    [
      "id VARCHAR(36) NOT NULL",
      "aggregate_type VARCHAR(100) NOT NULL",
      "aggregate_id VARCHAR(36) NOT NULL",
      "event_type VARCHAR(200) NOT NULL",
      "payload JSON NOT NULL",
      "timestamp DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL",
      "consensus_id VARCHAR(36)",
    ],
    "id",
  ),
  migration: createTable("events", [
    "id VARCHAR(36) PRIMARY KEY",
    "aggregate_type VARCHAR(100) NOT NULL",
    "aggregate_id VARCHAR(36) NOT NULL",
    "event_type VARCHAR(200) NOT NULL",
    "payload JSON NOT NULL",
    "timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL",
    "consensus_id VARCHAR(36)",
  ]),
} as const;

const BROWNFIELD = createTable(
  "brownfield_repos",
  [
    "path TEXT NOT NULL",
    "name TEXT NOT NULL",
    '"desc" TEXT',
    "is_default BOOLEAN DEFAULT 0 NOT NULL",
    "registered_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL",
  ],
  "path",
);

const EVENT_INDEXES: Readonly<Record<string, string>> = {
  ix_events_aggregate_type: "aggregate_type",
  ix_events_aggregate_id: "aggregate_id",
  ix_events_aggregate_type_id: "aggregate_type, aggregate_id",
  ix_events_event_type: "event_type",
  ix_events_timestamp: "timestamp",
  ix_events_agg_type_id_timestamp: "aggregate_type, aggregate_id, timestamp",
};

/** The index only SQLAlchemy's spelling has. */
const SQLALCHEMY_ONLY = "ix_events_agg_type_id_timestamp";

const CREATED_AT = "created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL";

const LATER_TABLES: readonly string[] = [
  createTable(
    "session_start_guards",
    [
      "session_id VARCHAR(128) NOT NULL",
      "start_event_id VARCHAR(36) NOT NULL",
      "execution_id VARCHAR(128) NOT NULL",
      CREATED_AT,
    ],
    "session_id",
  ),
  createTable(
    "session_terminal_guards",
    [
      "session_id VARCHAR(128) NOT NULL",
      "terminal_event_id VARCHAR(36) NOT NULL",
      "terminal_event_type VARCHAR(200) NOT NULL",
      CREATED_AT,
    ],
    "session_id",
  ),
  createTable(
    "session_signal_target_guards",
    [
      "execution_id VARCHAR(128) NOT NULL",
      "session_scope_id VARCHAR(256) NOT NULL",
      "session_attempt_id VARCHAR(256) NOT NULL",
      "active BOOLEAN NOT NULL",
      "lifecycle_event_id VARCHAR(36) NOT NULL",
      "updated_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL",
    ],
    "execution_id, session_scope_id, session_attempt_id",
  ),
  createTable(
    "ac_acceptance_guards",
    [
      "acceptance_generation_id VARCHAR(128) NOT NULL",
      "root_ac_index INTEGER NOT NULL",
      "final_event_id VARCHAR(36) NOT NULL",
      "payload_digest VARCHAR(64) NOT NULL",
      CREATED_AT,
    ],
    "acceptance_generation_id, root_ac_index",
  ),
  createTable(
    "lineage_step_claims",
    [
      "lineage_id VARCHAR(128) NOT NULL",
      "claim_token VARCHAR(64) NOT NULL",
      "refreshed_at FLOAT NOT NULL",
      "revoking_token VARCHAR(64)",
      "revoked_at FLOAT",
    ],
    "lineage_id",
  ),
  createTable(
    "lineage_advancement_claims",
    [
      "scope VARCHAR(64) NOT NULL",
      "lineage_id VARCHAR(256) NOT NULL",
      "generation_number INTEGER NOT NULL",
      "owner_id VARCHAR(36) NOT NULL",
      "request_key VARCHAR(64) NOT NULL",
      "lease_expires_at_ms BIGINT NOT NULL",
      "waiter_count INTEGER DEFAULT 0 NOT NULL",
      "completed BOOLEAN DEFAULT 0 NOT NULL",
      "result_payload JSON",
    ],
    "scope, lineage_id",
  ),
  createTable(
    "lineage_advancement_waiters",
    [
      "scope VARCHAR(64) NOT NULL",
      "lineage_id VARCHAR(256) NOT NULL",
      "claim_owner_id VARCHAR(36) NOT NULL",
      "waiter_id VARCHAR(36) NOT NULL",
      "lease_expires_at_ms BIGINT NOT NULL",
    ],
    "scope, lineage_id, claim_owner_id, waiter_id",
  ),
  createTable("dashboard_picker_starts_v1", [
    "event_rowid INTEGER PRIMARY KEY",
    "execution_id TEXT",
    "session_id TEXT",
  ]),
  `${createTable(
    "dashboard_picker_start_sessions_v1",
    ["session_id TEXT NOT NULL", "execution_id TEXT NOT NULL", "event_rowid INTEGER NOT NULL"],
    "session_id, execution_id",
  )} WITHOUT ROWID`,
  `${createTable(
    "dashboard_picker_progress_v1",
    [
      "aggregate_id TEXT NOT NULL",
      "event_type TEXT NOT NULL CHECK (event_type IN ('orchestrator.progress.updated', 'workflow.progress.updated'))",
      "latest_valid_rowid INTEGER NOT NULL",
      "latest_running_rowid INTEGER",
      "latest_snapshot_rowid INTEGER",
    ],
    "aggregate_id, event_type",
  )} WITHOUT ROWID`,
  createTable("dashboard_picker_projection_meta_v1", [
    "contract_version INTEGER PRIMARY KEY CHECK (contract_version = 3)",
    "backfilled_through_rowid INTEGER NOT NULL CHECK (backfilled_through_rowid >= 0)",
  ]),
];

// Ranges stand for the prefixes: '.' is followed by '/' in ASCII.
const LATER_INDEXES: readonly string[] = [
  `CREATE INDEX ix_events_picker_canonical_link_event_v1 ON events (
	coalesce(json_extract(payload, '$.execution_id'), json_extract(payload, '$.session_id'), aggregate_id), event_type
) WHERE (event_type >= 'execution.' AND event_type < 'execution/')
	OR (event_type > 'orchestrator.session.' AND event_type < 'orchestrator.session/'
		AND event_type <> 'orchestrator.session.started')
	OR event_type = 'orchestrator.tool.called'`,
  `CREATE INDEX ix_events_picker_projection_gap_v1 ON events (event_type)
	WHERE event_type IN ('${PROJECTED_TYPES.join("', '")}') AND picker_projection_version IS NOT 3`,
  "CREATE INDEX ix_dashboard_picker_starts_execution_v2 ON dashboard_picker_starts_v1 (execution_id)",
];

/** Which schema a store has. */
export interface Schema {
  readonly generation: Generation;
  readonly spelling: Spelling;
  /** Indexes of `events` to leave out, by name. */
  readonly missing: readonly string[];
}

/** Creates the tables of one generation in one spelling. */
export function createTables(database: Database, { generation, spelling }: Schema): void {
  database.run(EVENTS[spelling]);
  database.run(BROWNFIELD);
  if (spelling === "migration") {
    database.run(
      createTable("_migrations", ["name TEXT PRIMARY KEY", "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP"]),
    );
  }
  if (generation === "v27") return;
  database.run("ALTER TABLE events ADD COLUMN picker_projection_version INTEGER");
  for (const statement of LATER_TABLES) database.run(statement);
}

/** Creates the indexes; throws a RangeError when one to leave out is not in this schema. */
export function createIndexes(database: Database, { generation, spelling, missing }: Schema): void {
  const migrated = spelling === "migration";
  const names = Object.keys(EVENT_INDEXES).filter((name) => !(migrated && name === SQLALCHEMY_ONLY));
  const unknown = missing.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`No index "${unknown}" to leave out of a ${spelling} store: ${names.join(", ")}`);
  }
  for (const name of names.filter((name) => !missing.includes(name))) {
    database.run(`CREATE INDEX ${name} ON events (${EVENT_INDEXES[name]})`);
  }
  if (migrated) database.run("CREATE INDEX ix_brownfield_repos_is_default ON brownfield_repos (is_default)");
  if (generation === "v51") for (const statement of LATER_INDEXES) database.run(statement);
}

// SQLAlchemy's layout: a tab before each column, a blank after each comma.
function createTable(name: string, columns: readonly string[], primaryKey?: string): string {
  const lines = primaryKey === undefined ? columns : [...columns, `PRIMARY KEY (${primaryKey})`];
  return `CREATE TABLE ${name} (\n\t${lines.join(", \n\t")}\n)`;
}
