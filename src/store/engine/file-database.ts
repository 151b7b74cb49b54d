import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Client } from "@libsql/client/sqlite3";
import { delay } from "../../base/delay.ts";
import { type Database, type Rows, type Statement, toBatch } from "./database.ts";
import { isBusy, StoreError, toStoreError } from "./store-error.ts";
import { fileUrl } from "./store-target.ts";

/** How long SQLite itself blocks the event loop on a lock; the waiting beyond that is ours and does not block. */
const SQLITE_WAIT_MS = 15;
const PATIENCE_MS = 5_000;

/**
 * Opens one SQLite file through libSQL's embedded driver, with a single connection.
 * Until it is closed nothing in this process may open the file (or its -wal and -shm) a second time:
 * closing any other descriptor drops this process's POSIX locks, and with them acknowledged commits.
 */
export async function openFileDatabase(
  path: string,
  options: { createFolder: boolean; create: boolean },
): Promise<Database> {
  await checkPath(path, options);
  try {
    const createClient = await loadEngine();
    const firstStatementAt = performance.now();
    const client = createClient({ url: fileUrl(path), concurrency: 1, timeout: SQLITE_WAIT_MS });
    const database = new FileDatabase(client, path, firstStatementAt);
    await database.setUp();
    return database;
  } catch (error) {
    throw toStoreError(error, path);
  }
}

/** Loads the driver and its native addon, long after the first answer went out: the first client of a process does that. */
async function loadEngine() {
  const { createClient } = await import("@libsql/client/sqlite3");
  createClient({ url: ":memory:" }).close();
  return createClient;
}

async function checkPath(
  path: string,
  { createFolder, create }: { createFolder: boolean; create: boolean },
): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory())
    throw new StoreError("store_is_a_directory", `Cannot use the store ${path}: it is a directory`);
  if (found) return;
  if (!create) throw new StoreError("store_missing", `Cannot use the store ${path}: there is no such file`);
  const folder = dirname(path);
  try {
    if (createFolder) await mkdir(folder, { recursive: true, mode: 0o700 });
    else await stat(folder);
  } catch (error) {
    throw new StoreError("store_no_folder", `Cannot use the store ${path}: its folder cannot be used`, error);
  }
}

class FileDatabase implements Database {
  readonly engine = "file";
  readonly where: string;
  readonly firstStatementAt: number;
  readonly #client: Client;
  #temporary: readonly Statement[] = [];
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** The connection has not been set up yet. */
  #isNew = true;

  constructor(client: Client, path: string, firstStatementAt: number) {
    this.#client = client;
    this.firstStatementAt = firstStatementAt;
    this.where = path;
  }

  /** Reads the schema for the first time, which is where a file that is no database says so. */
  async setUp(): Promise<void> {
    await this.#patiently(() => this.#client.execute("SELECT 1 FROM sqlite_master LIMIT 1"));
  }

  async prepareForWriting(): Promise<void> {
    await this.#run(async () => {
      const mode = await this.#client.execute("PRAGMA journal_mode");
      // Switching to WAL writes to the file; a store that cannot be written is still readable as it is.
      if (mode.rows[0]?.[0] !== "wal") await this.#client.execute("PRAGMA journal_mode=WAL").catch(ignoreReadOnly);
    });
  }

  read(statements: readonly Statement[]): Promise<Rows[]> {
    return this.#batch(statements, "read");
  }

  write(statements: readonly Statement[]): Promise<Rows[]> {
    return this.#batch(statements, "write");
  }

  async useTemporary(statements: readonly Statement[]): Promise<void> {
    this.#temporary = statements;
    this.#isNew = true;
    await this.#run(async () => undefined);
  }

  scratch(statements: readonly Statement[]): Promise<Rows[]> {
    return this.#run(() => this.#client.batch(toBatch(statements), "deferred"));
  }

  pragma(sql: string): Promise<Rows> {
    return this.#run(() => this.#client.execute(sql));
  }

  async checkpoint(mode: "PASSIVE" | "TRUNCATE"): Promise<void> {
    await this.#enqueue(async () => {
      try {
        await this.#client.execute(`PRAGMA wal_checkpoint(${mode})`);
      } catch (error) {
        // A checkpoint is a courtesy: whoever is busy now does it later. The connection must still be made anew, at once.
        if (isBusy(error)) this.#reconnect();
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    await this.#queue.catch(() => undefined);
    this.#closed = true;
    this.#client.close();
  }

  #batch(statements: readonly Statement[], mode: "read" | "write"): Promise<Rows[]> {
    const batch = toBatch(statements);
    const [only, ...others] = batch;
    // A statement of its own is a transaction of its own: one snapshot, and if it writes it takes the write lock at once.
    if (only && others.length === 0) return this.#run(async () => [await this.#client.execute(only)]);
    return this.#run(() => this.#client.batch(batch, mode));
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    return this.#enqueue(() => this.#patiently(work)).catch((error: unknown) => {
      throw toStoreError(error, this.where);
    });
  }

  /** One at a time: nobody may use the connection between a BUSY and the reconnect that cures it. */
  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work, work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Retries while somebody else writes. libSQL does not reset a statement that failed with BUSY: its connection keeps an
   * old snapshot, so that reads are stale and the next write is acknowledged but never committed. Hence a new connection
   * as the very next call, before each retry.
   */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let pause = 4; ; pause = Math.min(pause * 2, 120)) {
      try {
        if (this.#isNew) await this.#setUpConnection();
        return await work();
      } catch (error) {
        if (!isBusy(error)) throw error;
        this.#reconnect();
        if (performance.now() > deadline) throw error;
        await delay(pause / 2 + Math.random() * pause);
      }
    }
  }

  #reconnect(): void {
    this.#client.reconnect();
    this.#isNew = true;
  }

  /** PRAGMAs and temporary tables belong to one connection. Even this can meet a lock, and is then tried again. */
  async #setUpConnection(): Promise<void> {
    await this.#client.execute("PRAGMA synchronous=NORMAL");
    for (const { sql } of this.#temporary) await this.#client.execute(sql);
    this.#isNew = false;
  }
}

function ignoreReadOnly(error: unknown): void {
  if (toStoreError(error, "").code !== "store_read_only") throw error;
}
