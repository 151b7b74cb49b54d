import { type Statement as Prepared, type SQLQueryBindings, Database as Sqlite } from "bun:sqlite";
import type { Database, Rows, Statement } from "../../src/store/engine/database.ts";
import type { StoreError } from "../../src/store/engine/store-error.ts";
import { toStoreError } from "../../src/store/engine/store-error.ts";
import { creation, probeShape, type StoreShape } from "../../src/store/schema.ts";
import { type Content, type EventRow, intern, type Row, share, successor } from "./content.ts";

/** What one call of the database did: what the caller gets to see, and what stands in the store afterwards. */
export interface Executed {
  readonly rows: Rows[] | undefined;
  readonly error: StoreError | undefined;
  /** The same for the same answer, across all runs. */
  readonly answer: number;
  readonly content: Content;
}

export type Mode = "read" | "write";

const CLOCK = "(SELECT now FROM model_clock)";

/**
 * A real SQLite that can be put into any state in microseconds and runs the shipped statements there, with two things
 * changed in their text: the engine's clock is the model's, and a mutant's fragment is replaced.
 */
export class ModelStore {
  readonly #sqlite = new Sqlite(":memory:");
  readonly #prepared = new Map<string, Prepared>();
  readonly #executed = new Map<string, Executed>();
  readonly #rewrite: (sql: string) => string;
  #loaded: Content;
  #now = 0;
  /** How many different statements the mutant was found in. */
  hits = 0;
  /** Set once a row of the history is gone, which nothing here may ever do. */
  goneRow: string | undefined;
  /** Batches that really ran, as against those whose answer was known from the same batch on the same content. */
  ran = 0;

  private constructor(rewrite: (sql: string) => string, empty: Content) {
    this.#rewrite = rewrite;
    this.#loaded = empty;
    this.#sqlite.run("CREATE TEMP TABLE model_clock (now REAL NOT NULL)");
    this.#sqlite.run("INSERT INTO model_clock VALUES (0)");
  }

  /** An empty store as the shipped creation makes it. */
  static async create(
    rewrite: (sql: string) => string,
  ): Promise<{ store: ModelStore; shape: StoreShape; empty: Content }> {
    const empty = share({ events: [], leases: [], sessions: [], watermark: "0:" });
    const store = new ModelStore(rewrite, empty);
    const database = store.database();
    await database.write(creation(await probeShape(database)));
    const shape = await probeShape(database);
    return { store, shape, empty };
  }

  /** Runs one call of a use case on a content; what it answers is a function of its arguments. */
  execute(content: Content, nowMs: number, mode: Mode, statements: readonly Statement[], key: number): Executed {
    const known = `${content.id}|${nowMs}|${key}`;
    const before = this.#executed.get(known);
    if (before) return before;
    this.ran++;
    this.load(content, nowMs);
    const executed = this.#run(mode, statements);
    this.#executed.set(known, executed);
    return executed;
  }

  #run(mode: Mode, statements: readonly Statement[]): Executed {
    let rows: Rows[] | undefined;
    let error: StoreError | undefined;
    try {
      rows = mode === "write" ? this.#transaction(statements) : statements.map((one) => this.#one(one));
    } catch (thrown) {
      error = toStoreError(thrown, "the model");
    }
    const content = mode === "write" ? this.dump() : this.#loaded;
    const answer = intern(error ? `E${error.message}` : JSON.stringify(rows, readable));
    return { rows, error, answer, content };
  }

  /** The port over whatever is loaded, for making start states and for work that nobody interrupts. */
  database(): Database {
    const unused = () => Promise.resolve();
    return {
      engine: "file",
      where: "the model",
      firstStatementAt: 0,
      read: async (statements) => statements.map((one) => this.#one(one)),
      write: async (statements) => {
        try {
          return this.#transaction(statements);
        } catch (error) {
          throw toStoreError(error, "the model");
        }
      },
      scratch: () => Promise.reject(new Error("The model is never read-only")),
      useTemporary: unused,
      prepareForWriting: unused,
      checkpoint: unused,
      pragma: () => Promise.reject(new Error("The model has no pragmas")),
      [Symbol.asyncDispose]: unused,
    };
  }

  #transaction(statements: readonly Statement[]): Rows[] {
    this.#plain("BEGIN IMMEDIATE").run();
    try {
      const rows = statements.map((one) => this.#one(one));
      this.#plain("COMMIT").run();
      return rows;
    } catch (error) {
      this.#plain("ROLLBACK").run();
      throw error;
    }
  }

  #one({ sql, args = [] }: Statement): Rows {
    const prepared = this.#prepare(sql);
    const values = Array.isArray(args) ? (args as SQLQueryBindings[]) : [prefixed(args)];
    if (prepared.columnNames.length === 0) return toRows([], prepared.run(...values).changes);
    return toRows(prepared.all(...values) as Row[], 0);
  }

  #prepare(sql: string): Prepared {
    let prepared = this.#prepared.get(sql);
    if (!prepared) {
      const mutated = this.#rewrite(sql);
      if (mutated !== sql) this.hits++;
      prepared = this.#sqlite.prepare(mutated.replaceAll("unixepoch('subsec')", CLOCK));
      this.#prepared.set(sql, prepared);
    }
    return prepared;
  }

  #plain(sql: string): Prepared {
    let prepared = this.#prepared.get(sql);
    if (!prepared) {
      prepared = this.#sqlite.prepare(sql);
      this.#prepared.set(sql, prepared);
    }
    return prepared;
  }

  /** Sets the model's clock, for making a start state. */
  touch(nowMs: number): void {
    this.load(this.#loaded, nowMs);
  }

  /** Puts the database into a state: only what differs from the one it is in is written. */
  load(to: Content, nowMs: number): void {
    const from = this.#loaded;
    if (this.#now !== nowMs) this.#plain("UPDATE model_clock SET now = ?").run(nowMs / 1000);
    this.#now = nowMs;
    if (from === to) return;
    this.#plain("BEGIN").run();
    this.#loadEvents(from.events, to.events);
    if (from.leases !== to.leases) this.#replace("ouro_lease", to.leases);
    if (from.sessions !== to.sessions) this.#replace("ouro_session", to.sessions);
    if (from.watermark !== to.watermark) {
      this.#plain("UPDATE ouro_meta SET value = ? WHERE key = 'watermark'").run(to.watermark);
    }
    this.#plain("COMMIT").run();
    this.#loaded = to;
  }

  #loadEvents(from: readonly EventRow[], to: readonly EventRow[]): void {
    let same = 0;
    while (same < from.length && from[same] === to[same]) same++;
    if (same < from.length) this.#plain("DELETE FROM events WHERE rowid > ?").run(to[same - 1]?.rowid ?? 0);
    for (const row of to.slice(same)) {
      this.#plain(
        `INSERT INTO events (rowid, id, aggregate_type, aggregate_id, event_type, payload, timestamp)
VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ).run(row.rowid, row.id, row.aggregate_type, row.aggregate_id, row.event_type, row.payload, row.timestamp);
    }
  }

  #replace(table: string, rows: readonly Row[]): void {
    this.#plain(`DELETE FROM ${table}`).run();
    for (const row of rows) {
      const names = Object.keys(row);
      const sql = `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;
      this.#plain(sql).run(...(Object.values(row) as SQLQueryBindings[]));
    }
  }

  /** What stands in the database now, sharing with the content loaded last whatever has not changed. */
  dump(): Content {
    const last = this.#loaded;
    const { before } = this.#plain("SELECT count(*) AS before FROM events WHERE rowid <= ?").get(
      last.events.at(-1)?.rowid ?? 0,
    ) as { before: number };
    if (before !== last.events.length) this.goneRow = `of ${last.events.length} rows ${before} are left`;
    const news = this.#plain(`SELECT rowid, id, aggregate_type, aggregate_id, event_type, payload, timestamp
FROM events WHERE rowid > ? ORDER BY rowid`).all(last.events.at(-1)?.rowid ?? 0) as EventRow[];
    this.#loaded = successor(last, {
      news,
      leases: this.#plain("SELECT * FROM ouro_lease ORDER BY session_id").all() as Row[],
      sessions: this.#plain("SELECT * FROM ouro_session ORDER BY session_id").all() as Row[],
      watermark: String(
        (this.#plain("SELECT value FROM ouro_meta WHERE key = 'watermark'").get() as Row | null)?.value ?? "",
      ),
    });
    return this.#loaded;
  }
}

function prefixed(args: Record<string, unknown>): Record<string, SQLQueryBindings> {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [`:${name}`, value as SQLQueryBindings]));
}

function toRows(rows: readonly Row[], rowsAffected: number): Rows {
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      if (value instanceof Uint8Array) row[name] = value.slice().buffer;
    }
  }
  // Callers read `rows` by column name and `rowsAffected`; nothing else of the driver's answer is used.
  return { rows, rowsAffected } as unknown as Rows;
}

function readable(_key: string, value: unknown): unknown {
  return value instanceof ArrayBuffer ? new TextDecoder().decode(value) : value;
}
