import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreOptions } from "../../scripts/make-store/arguments.ts";
import type { OrphanName } from "../../scripts/make-store/orphans.ts";
import { makeStore, type SessionTruth } from "../../scripts/make-store.ts";
import { newId, newShortId } from "../../src/base/ids.ts";
import type { StoredEvent } from "../../src/domain/event.ts";
import type { Session } from "../../src/domain/session/session.ts";
import { ownIdentity, type ProcessIdentity } from "../../src/process/identity.ts";
import { createSessionContext, type OrphanPolicy, type SessionContext } from "../../src/sessions/session-context.ts";
import { sweep } from "../../src/sessions/sweep/sweep.ts";
import type { SweptSession } from "../../src/sessions/sweep/sweep-session.ts";
import { append } from "../../src/store/append.ts";
import { type Database, query, type Rows, type SqlValue, type Statement } from "../../src/store/engine/database.ts";
import { openStore } from "../../src/store/open-store.ts";
import { EVENT_COLUMNS, toStoredEvent } from "../../src/store/row.ts";
import { catchUp } from "../../src/store/session/catch-up.ts";
import { seenOf } from "../../src/store/session/conclude-session.ts";
import { takeOver } from "../../src/store/session/leases.ts";
import { readFacts } from "../../src/store/session/session-facts.ts";
import { loadSession } from "../../src/store/session/sessions.ts";
import type { Store } from "../../src/store/store.ts";

export const HOUR_MICROS = 3_600_000_000;
export const DEFAULT_POLICY: OrphanPolicy = { thresholdMicros: HOUR_MICROS, action: "default" };

/** A folder of its own with a store in it as the Python project left it; removed when it is disposed of. */
export interface StoreHome extends AsyncDisposable {
  readonly home: string;
  readonly path: string;
  readonly truth: readonly SessionTruth[];
}

/** Makes the store of one test, before anybody opens it. */
export async function makeHome(options: Omit<StoreOptions, "out"> = {}): Promise<StoreHome> {
  const home = await mkdtemp(join(tmpdir(), "ouroboros-sessions-"));
  const path = join(home, "ouroboros.db");
  const { truth } = makeStore({ out: path, sessions: 0, ...options });
  return { home, path, truth, [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) };
}

/** Opens the store of a home as a server of this process would. */
export async function openContext(
  { home, path }: StoreHome,
  policy: OrphanPolicy = DEFAULT_POLICY,
  readOnly = false,
): Promise<SessionContext> {
  const store = await openStore({ kind: "file", path, createFolder: false }, { readOnly, create: true });
  return createSessionContext(store, home, policy);
}

/** One open store with the things tests say about it. */
export interface GivenStore extends AsyncDisposable {
  readonly home: string;
  readonly truth: readonly SessionTruth[];
  readonly context: SessionContext;
  /** The only session of a store made with one. */
  readonly only: SessionTruth;
  /** Sweeps the whole store once and says what became of each session. */
  sweepAll(context?: SessionContext): Promise<ReadonlyMap<string, SweptSession>>;
  session(id: string): Promise<Session>;
  /** Rows of one stream, in commit order. */
  rows(aggregateType: string, aggregateId: string): Promise<StoredEvent[]>;
  /** How many rows the whole store holds. */
  rowCount(): Promise<number>;
  /** Rows committed after that many, in commit order. */
  rowsAfter(count: number): Promise<StoredEvent[]>;
  /** Appends a row as anybody could; now, unless a time is given in microseconds. */
  appendRow(row: GivenRow): Promise<string>;
  /** Gives a session a lease with this owner; a negative time to live has expired already, null was let go of. */
  lease(id: string, owner: ProcessIdentity, options?: GivenLease): Promise<void>;
  sql(sql: string, args?: SqlValue[]): Promise<Rows["rows"]>;
}

interface GivenRow {
  readonly type: string;
  readonly aggregate?: string;
  readonly id: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly at?: number;
}

interface GivenLease {
  readonly ttlSeconds?: number | null;
  readonly purpose?: "run" | "sweep";
}

/** A store of these contents, opened and caught up. */
export async function givenStore(
  options: Omit<StoreOptions, "out"> = {},
  policy: OrphanPolicy = DEFAULT_POLICY,
): Promise<GivenStore> {
  const made = await makeHome(options);
  const context = await openContext(made, policy);
  await catchUp(context.store);
  return overContext(made, context);
}

/** A store with one session of this kind and nothing else. */
export function givenOrphan(kind: OrphanName, options: Omit<StoreOptions, "out"> = {}, policy?: OrphanPolicy) {
  return givenStore({ orphans: { [kind]: 1 }, ...options }, policy);
}

function overContext(made: StoreHome, context: SessionContext): GivenStore {
  const { store } = context;
  const { database } = store;
  const sql = (text: string, args: SqlValue[] = []) => query(database, text, args);
  return {
    home: made.home,
    truth: made.truth,
    context,
    sql,
    get only() {
      const [only, ...others] = made.truth;
      if (!only || others.length > 0) throw new Error("This store does not hold exactly one session");
      return only;
    },
    async sweepAll(other = context) {
      await catchUp(other.store);
      const { swept } = await sweep(other, {
        batchId: newShortId("batch"),
        leases: "all",
        maxSessions: 10_000,
        maxMs: 60_000,
        after: "",
        signal: new AbortController().signal,
      });
      return new Map(swept.map((one) => [one.session_id, one]));
    },
    async session(id) {
      const loaded = await loadSession(store, id);
      if (!loaded) throw new Error(`There is no session ${id}`);
      return loaded.session;
    },
    async rows(aggregateType, aggregateId) {
      const where = "aggregate_type = ? AND aggregate_id = ?";
      const rows = await sql(`SELECT ${EVENT_COLUMNS} FROM events WHERE ${where} ORDER BY rowid`, [
        aggregateType,
        aggregateId,
      ]);
      return rows.map(toStoredEvent);
    },
    rowCount: async () => Number((await sql("SELECT count(*) AS n FROM events"))[0]?.n),
    rowsAfter: async (count) =>
      (await sql(`SELECT ${EVENT_COLUMNS} FROM events ORDER BY rowid LIMIT -1 OFFSET ?`, [count])).map(toStoredEvent),
    appendRow: (row) => appendRow(store, row),
    async lease(id, owner, { ttlSeconds = 30, purpose = "run" } = {}) {
      const facts = await readFacts(store, id);
      if (!facts) throw new Error(`There is no session ${id}`);
      const taker = { ownerId: newId(), purpose, identity: owner, ttlSeconds, overCancelRequest: false };
      const [taken] = await database.write([takeOver(seenOf(facts), taker)]);
      if (taken?.rowsAffected !== 1) throw new Error(`Cannot give ${id} a lease`);
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await made[Symbol.asyncDispose]();
    },
  };
}

async function appendRow(store: Store, { type, aggregate = "session", id, payload = {}, at }: GivenRow) {
  const event = { id: newId(), aggregate_type: aggregate, aggregate_id: id, event_type: type, payload };
  await append(store, { kind: "any" }, [{ ...event, at: at ?? Date.now() * 1000 }]);
  return event.id;
}

/** Comes between a program and its database: called before each write or read, and after each write. */
export interface Interference {
  readonly beforeWrite?: (statements: readonly Statement[]) => Promise<void>;
  readonly afterWrite?: (statements: readonly Statement[]) => Promise<void>;
  readonly beforeRead?: (statements: readonly Statement[]) => Promise<void>;
}

/** The same open store, with somebody in between; the store itself stays the caller's to close. */
export function interfered(context: SessionContext, interference: Interference): SessionContext {
  const { database } = context.store;
  const between: Partial<Database> = {
    async read(statements) {
      await interference.beforeRead?.(statements);
      return database.read(statements);
    },
    async write(statements) {
      await interference.beforeWrite?.(statements);
      const rows = await database.write(statements);
      await interference.afterWrite?.(statements);
      return rows;
    },
  };
  const proxy = new Proxy(database, {
    get(target, key) {
      const value: unknown = Reflect.get(key in between ? between : target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { ...context, store: { ...context.store, database: proxy } };
}

/** Is this the batch that takes a session over? */
export function isTakeOver(statements: readonly Statement[]): boolean {
  return statements[0]?.sql.startsWith("INSERT INTO ouro_lease") === true && statements.length > 1;
}

/** Runs the work the first time only. */
export function once(work: () => unknown): () => Promise<void> {
  let done = false;
  return async () => {
    if (done) return;
    done = true;
    await work();
  };
}

let exitedPid: number | undefined;

/** The pid of a real process of this machine that has ended. */
export function deadPid(): number {
  exitedPid ??= spawnSync(process.execPath, ["-e", ""]).pid;
  return exitedPid;
}

/** A process of this machine and boot that has ended. */
export function deadProcess(): ProcessIdentity {
  return { ...ownIdentity(), pid: deadPid(), start_ticks: "1" };
}
