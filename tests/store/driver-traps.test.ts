// What the pinned driver does that nobody would guess, and that src/store/ is built around.
// When an upgrade fails one of these, the code that works around it may be simplified, or has to change.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient as createRemoteClient } from "@libsql/client/http";
import { type Client, createClient } from "@libsql/client/sqlite3";
import { type PeerCommand, type SqlPeer, startSqlPeer } from "../fixtures/driver/sql-peer.ts";
import { startDroppingProxy } from "../support/dropping-proxy.ts";
import { libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { freePort, openLoopback } from "../support/loopback-server.ts";

const racer = fileURLToPath(new URL("../fixtures/driver/compare-and-set.ts", import.meta.url));
const racers = 6;
const rounds = process.env.SOAK === "1" ? { file: 300, server: 300 } : { file: 100, server: 20 };

let folder: string;
let path: string;
let url: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ouroboros-driver-"));
  path = join(folder, "store.db");
  url = `file:${path}`;
  const client = openFile(url);
  await client.execute("PRAGMA journal_mode = WAL");
  await client.execute("CREATE TABLE item (n INTEGER PRIMARY KEY)");
  await client.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  client.close();
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("a statement that fails as busy poisons its connection", () => {
  const blockedWrite: PeerCommand = { op: "execute", sql: "INSERT INTO item VALUES (1)" };
  const blockedReadThenWrite: PeerCommand = {
    op: "batch",
    mode: "deferred",
    sql: ["SELECT * FROM item", "INSERT INTO item VALUES (1)"],
  };
  const insert: PeerCommand = { op: "execute", sql: "INSERT INTO item VALUES (2)" };
  const count: PeerCommand = { op: "execute", sql: "SELECT count(*) FROM item" };
  const emptyWrite: PeerCommand = { op: "batch", mode: "write", sql: ["SELECT 1"] };

  test("the next write is acknowledged, seen by its writer alone, holds the write lock, and is lost", async () => {
    await using poisoned = await poison(blockedWrite);
    const { victim, writer } = poisoned;
    expect(await victim.tell(insert)).toEqual([]);
    expect(await victim.tell(count)).toEqual([[2]]);
    expect(await writer.tell(count)).toEqual([[1]]);
    expect(await writer.refusal(emptyWrite)).toMatchObject({ code: "SQLITE_BUSY" });
    await victim.kill();
    expect(await writer.tell(count)).toEqual([[1]]);
  });

  test("the next write batch cannot be committed, though nobody is in its way", async () => {
    await using poisoned = await poison(blockedWrite);
    expect(await poisoned.victim.refusal(emptyWrite)).toMatchObject({
      message: "SQLITE_BUSY: cannot commit transaction - SQL statements in progress",
      extendedCode: "SQLITE_BUSY",
      rawCode: 5,
    });
  });

  test("after a read in the same batch, reads stay stale and no write can begin", async () => {
    await using poisoned = await poison(blockedReadThenWrite);
    const { victim, writer } = poisoned;
    expect(await writer.tell(count)).toEqual([[1]]);
    expect(await victim.tell(count)).toEqual([[0]]);
    expect(await victim.refusal(emptyWrite)).toMatchObject({
      code: "SQLITE_BUSY",
      extendedCode: "SQLITE_BUSY_SNAPSHOT",
      rawCode: 517,
    });
    expect(await victim.tell(count)).toEqual([[0]]);
  });

  test.each([
    ["a write", blockedWrite],
    ["a read and a write", blockedReadThenWrite],
  ])("after %s, reconnecting at once makes reads and writes right again", async (_, blocked) => {
    await using poisoned = await poison(blocked);
    const { victim, writer } = poisoned;
    await victim.tell({ op: "reconnect" });
    expect(await victim.tell(count)).toEqual([[1]]);
    await victim.tell(insert);
    await victim.tell({ op: "batch", mode: "write", sql: ["INSERT INTO item VALUES (3)"] });
    expect(await writer.tell(count)).toEqual([[3]]);
  });

  test("reconnecting after a further write is too late: the write lock stays until garbage collection", async () => {
    await using poisoned = await poison(blockedWrite);
    const { victim, writer } = poisoned;
    await victim.tell(insert);
    await victim.tell({ op: "reconnect" });
    expect(await writer.refusal(emptyWrite)).toMatchObject({ code: "SQLITE_BUSY" });
    await writer.tell({ op: "reconnect" });
    await victim.tell({ op: "collect-garbage" });
    await writer.tell(emptyWrite);
    expect(await victim.tell(count)).toEqual([[1]]);
  });

  test("the connection left behind by reconnecting holds up checkpoints until garbage collection", async () => {
    await using poisoned = await poison(blockedReadThenWrite);
    const { victim, writer } = poisoned;
    const checkpoint: PeerCommand = { op: "execute", sql: "PRAGMA wal_checkpoint(TRUNCATE)" };
    await victim.tell({ op: "reconnect" });
    expect((await writer.tell(checkpoint))[0]?.[0]).toBe(1);
    await victim.tell({ op: "collect-garbage" });
    expect((await writer.tell(checkpoint))[0]?.[0]).toBe(0);
  });

  /** Two processes: `victim` has failed as busy, then `writer` has committed one row and let go. */
  async function poison(blocked: PeerCommand): Promise<{ victim: SqlPeer; writer: SqlPeer } & AsyncDisposable> {
    const writer = await startSqlPeer(url);
    const victim = await startSqlPeer(url);
    await writer.tell({ op: "begin" });
    await writer.tell({ op: "execute", sql: "INSERT INTO item VALUES (0)" });
    expect(await victim.refusal(blocked)).toMatchObject({ code: "SQLITE_BUSY", extendedCode: "SQLITE_BUSY" });
    await writer.tell({ op: "commit" });
    return {
      victim,
      writer,
      async [Symbol.asyncDispose]() {
        await Promise.all([victim.kill(), writer.kill()]);
      },
    };
  }
});

describe("reading the store's files in a process that has them open drops that process's locks", () => {
  test.each([
    { when: "is left alone", ops: [], kept: 5 },
    { when: "is asked for its size", ops: ["stat-file"] as const, kept: 5 },
    { when: "is read", ops: ["read-file"] as const, kept: 0 },
  ])("when the main file $when and another process leaves, $kept of 5 later rows are kept", async ({ ops, kept }) => {
    // A store of its own: this process has the other one open, and so would keep it from being cleared away.
    const own = join(folder, "own.db");
    await using owner = await startSqlPeer(`file:${own}`);
    await owner.tell({ op: "execute", sql: "PRAGMA journal_mode = WAL" });
    await owner.tell({ op: "execute", sql: "CREATE TABLE item (n)" });
    await using guest = await startSqlPeer(`file:${own}`);
    await guest.tell({ op: "execute", sql: "SELECT count(*) FROM item" });
    for (const op of ops) await owner.tell({ op, path: own });
    await leave(guest);
    for (let n = 0; n < 5; n++) await owner.tell({ op: "execute", sql: `INSERT INTO item VALUES (${n})` });
    await owner.kill();
    await using later = await startSqlPeer(`file:${own}`);
    expect(await later.tell({ op: "execute", sql: "SELECT count(*) FROM item" })).toEqual([[kept]]);
  });

  test("when the -shm file is read in a write transaction, another process begins a second one", async () => {
    await using owner = await startSqlPeer(url);
    await using other = await startSqlPeer(url);
    await owner.tell({ op: "begin" });
    expect(await other.refusal({ op: "begin" })).toMatchObject({ code: "SQLITE_BUSY" });
    await other.tell({ op: "reconnect" });
    await owner.tell({ op: "read-file", path: `${path}-shm` });
    expect(await other.tell({ op: "begin" })).toEqual([]);
  });

  test("when the -wal file is read in a write transaction, the lock holds, as it is not on that file", async () => {
    await using owner = await startSqlPeer(url);
    await using other = await startSqlPeer(url);
    await owner.tell({ op: "begin" });
    await owner.tell({ op: "read-file", path: `${path}-wal` });
    expect(await other.refusal({ op: "begin" })).toMatchObject({ code: "SQLITE_BUSY" });
  });

  /** Closes for good. If the guest believes to be the last one, it takes the write-ahead log away with it. */
  async function leave(guest: SqlPeer): Promise<void> {
    await guest.tell({ op: "close" });
    await guest.tell({ op: "collect-garbage" });
    // One more exchange gives the collected handles a turn of the event loop to be let go in.
    await guest.tell({ op: "stat-file", path: folder });
  }
});

test("a closed client lets go of its file only when its statements are collected", async () => {
  const own = join(folder, "own.db");
  await using peer = await startSqlPeer(`file:${own}`);
  await peer.tell({ op: "execute", sql: "PRAGMA journal_mode = WAL" });
  await peer.tell({ op: "execute", sql: "CREATE TABLE item (n)" });
  await peer.tell({ op: "close" });
  expect(existsSync(`${own}-wal`)).toBe(true);
  const deadline = performance.now() + 4_000;
  while (existsSync(`${own}-wal`) && performance.now() < deadline) await peer.tell({ op: "collect-garbage" });
  expect(existsSync(`${own}-wal`)).toBe(false);
});

describe("a PRAGMA holds for one connection", () => {
  test("of the default pool: a statement beside a transaction runs on another one, without it", async () => {
    const client = createClient({ url });
    await client.execute("PRAGMA synchronous = NORMAL");
    expect(await synchronousOf(client)).toBe(1);
    const transaction = await client.transaction("read");
    expect(await synchronousOf(client)).toBe(2);
    transaction.close();
    client.close();
  });

  test("and with concurrency 1 that is the only one", async () => {
    const client = openFile(url);
    await client.execute("PRAGMA synchronous = NORMAL");
    const seen = await Promise.all(Array.from({ length: 20 }, () => synchronousOf(client)));
    expect(new Set(seen)).toEqual(new Set([1]));
    const transaction = await client.transaction("read");
    expect(await failureOf(() => client.execute("SELECT 1"))).toMatchObject({ code: "TRANSACTION_ACTIVE" });
    transaction.close();
    client.close();
  });

  test("until it is reconnected, which forgets it", async () => {
    const client = openFile(url);
    await client.execute("PRAGMA synchronous = NORMAL");
    await client.reconnect();
    expect(await synchronousOf(client)).toBe(2);
    client.close();
  });

  async function synchronousOf(client: Client): Promise<unknown> {
    return (await client.execute("PRAGMA synchronous")).rows[0]?.[0];
  }
});

describe("a write batch", () => {
  const fencedOff = [
    "UPDATE item SET n = 9 WHERE n = 404",
    "INSERT INTO item VALUES (1)",
    "INSERT INTO item VALUES (2) RETURNING n",
  ];

  test("of a file goes on after a statement that changed nothing, and counts no rows for RETURNING", async () => {
    const client = openFile(url);
    const results = await client.batch(fencedOff, "write");
    expect(results.map((result) => [result.rowsAffected, result.rows.length])).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
    ]);
    client.close();
  });

  test.if(libsqlServerAvailable())("of a server goes on as well, but does count rows for RETURNING", async () => {
    await using server = await startLibsqlServer();
    const client = createRemoteClient({ url: server.url });
    await client.batch(["CREATE TABLE item (n INTEGER PRIMARY KEY)"], "write");
    const results = await client.batch(fencedOff, "write");
    expect(results.map((result) => [result.rowsAffected, result.rows.length])).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
    ]);
    client.close();
  });
});

describe(`${racers} processes that each win many compare-and-sets on one row`, () => {
  test("are exact on a file, when each reconnects after busy and tries again after a random while", async () => {
    const client = openFile(url);
    await client.execute("CREATE TABLE counter AS SELECT 0 AS n");
    const contention = await race(url, rounds.file);
    expect((await client.execute("SELECT n FROM counter")).rows[0]?.[0]).toBe(racers * rounds.file);
    expect(contention).toBeGreaterThan(0);
    client.close();
  }, 120_000);

  test.if(libsqlServerAvailable())(
    "are exact on a server",
    async () => {
      await using server = await startLibsqlServer();
      const client = createRemoteClient({ url: server.url });
      await client.execute("CREATE TABLE counter AS SELECT 0 AS n");
      const contention = await race(server.url, rounds.server);
      expect((await client.execute("SELECT n FROM counter")).rows[0]?.[0]).toBe(racers * rounds.server);
      expect(contention).toBeGreaterThan(0);
      client.close();
    },
    120_000,
  );

  /** Lets all start at once; answers how often somebody was in somebody's way. */
  async function race(store: string, wins: number): Promise<number> {
    const children = Array.from({ length: racers }, () =>
      spawn(process.execPath, [racer, store, String(wins)], { stdio: ["pipe", "pipe", "inherit"] }),
    );
    try {
      const outputs = children.map((child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]());
      expect((await Promise.all(outputs.map((lines) => lines.next()))).map((line) => line.value)).toEqual(
        Array(racers).fill("ready"),
      );
      for (const child of children) child.stdin.write("go\n");
      const reports = await Promise.all(outputs.map(async (lines) => JSON.parse((await lines.next()).value ?? "null")));
      return reports.reduce((sum, report) => sum + report.busy + report.lost, 0);
    } finally {
      await Promise.all(children.map(end));
    }
  }

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
});

describe.if(libsqlServerAvailable())("a libSQL server", () => {
  test.each(["PRAGMA journal_mode = WAL", "PRAGMA busy_timeout = 5", "PRAGMA wal_checkpoint(PASSIVE)", "VACUUM"])(
    "refuses %s",
    async (sql) => {
      await using server = await startLibsqlServer();
      const client = createRemoteClient({ url: server.url });
      expect(await failureOf(() => client.execute(sql))).toMatchObject({
        name: "LibsqlError",
        code: "SQL_PARSE_ERROR",
        message: `SQL_PARSE_ERROR: SQL string could not be parsed: unsupported statement: ${sql}`,
      });
    },
  );

  test("takes DDL in a batch", async () => {
    await using server = await startLibsqlServer();
    const client = createRemoteClient({ url: server.url });
    await client.batch(["CREATE TABLE a (n)", "CREATE INDEX b ON a (n)", "INSERT INTO a VALUES (7)"], "write");
    expect((await client.execute("SELECT n FROM a INDEXED BY b WHERE n > 0")).rows[0]?.[0]).toBe(7);
  });

  test("embeds the same SQLite as the driver, and both have a clock finer than a second", async () => {
    await using server = await startLibsqlServer();
    for (const client of [openFile(url), createRemoteClient({ url: server.url })]) {
      const { rows } = await client.execute("SELECT sqlite_version(), typeof(unixepoch('subsec'))");
      expect(Array.from(rows[0] ?? [])).toEqual(["3.45.1", "real"]);
      client.close();
    }
  });

  test("has done what a client never heard of when the reply is dropped, and nothing when the request is", async () => {
    await using server = await startLibsqlServer();
    await using proxy = await startDroppingProxy(server.url);
    const client = createRemoteClient({ url: proxy.url });
    await client.batch(["CREATE TABLE item (n INTEGER PRIMARY KEY)"], "write");
    const lost = { name: "TypeError", code: "ECONNRESET" };

    proxy.dropReplies(1);
    expect(await failureOf(() => client.batch(["INSERT INTO item VALUES (1)"], "write"))).toMatchObject(lost);
    proxy.refuse(1);
    expect(await failureOf(() => client.batch(["INSERT INTO item VALUES (2)"], "write"))).toMatchObject(lost);
    proxy.dropReplies((body) => body.includes("VALUES (4)"));
    await client.execute("INSERT INTO item VALUES (3)");
    expect(await failureOf(() => client.execute("INSERT INTO item VALUES (4)"))).toMatchObject(lost);

    const { rows } = await createRemoteClient({ url: server.url }).execute("SELECT n FROM item ORDER BY n");
    expect(rows.map((row) => row[0])).toEqual([1, 3, 4]);
    // Nothing was sent twice: the driver and the runtime's fetch leave retrying to the caller.
    expect(proxy.counts).toEqual({ answered: 2, repliesDropped: 2, refused: 1 });
  });

  test("that wants a token answers a plain 401, told apart by the cause's status only", async () => {
    const { x = "" } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
    await using server = await startLibsqlServer({ jwtKey: x });
    const client = createRemoteClient({ url: server.url, authToken: "not.a.token" });
    expect(await failureOf(() => client.execute("SELECT 1"))).toMatchObject({
      name: "LibsqlError",
      code: "SERVER_ERROR",
      cause: { name: "HttpServerError", status: 401 },
    });
  });
});

describe("what the driver throws", () => {
  test.each(["missing/store.db", "."])(
    "for a file that cannot be opened (%s): no code but in its text",
    async (name) => {
      const failure = await failureOf(() => openFile(`file:${join(folder, name)}`));
      expect(failure).toMatchObject({ name: "Error", code: "" });
      expect(failure.message).toMatch(/^ConnectionFailed\("Unable to open connection to local database .*: 14"\)$/);
    },
  );

  test("for a file that is no database: only the first statement tells", async () => {
    await writeFile(join(folder, "text"), "no database at all ".repeat(100));
    const client = openFile(`file:${join(folder, "text")}`);
    expect(await failureOf(() => client.execute("SELECT * FROM sqlite_master"))).toMatchObject({
      name: "LibsqlError",
      code: "SQLITE_NOTADB",
      extendedCode: "SQLITE_NOTADB",
      rawCode: 26,
    });
  });

  test("for a damaged page: only the statement that needs it tells", async () => {
    const file = await open(path, "r+");
    await file.write(Buffer.alloc(4096, 0xff), 0, 4096, 4096);
    await file.close();
    const client = openFile(url);
    await client.execute("SELECT 1");
    const corrupt = { code: "SQLITE_CORRUPT", extendedCode: "SQLITE_CORRUPT", rawCode: 11 };
    expect(await failureOf(() => client.execute("SELECT n FROM item"))).toMatchObject({
      ...corrupt,
      name: "LibsqlError",
    });
    expect(await failureOf(() => client.batch(["INSERT INTO item VALUES (1)"], "write"))).toMatchObject({
      ...corrupt,
      name: "LibsqlBatchError",
      statementIndex: 0,
    });
  });

  test("for a full store: nothing is kept, and the connection stays usable", async () => {
    const client = openFile(url);
    await client.execute("CREATE TABLE body (b)");
    await client.execute("PRAGMA max_page_count = 4");
    expect(await failureOf(() => client.execute("INSERT INTO body VALUES (zeroblob(50000))"))).toMatchObject({
      code: "SQLITE_FULL",
      extendedCode: "SQLITE_FULL",
      rawCode: 13,
    });
    await client.batch(["INSERT INTO body VALUES (1)"], "write");
    expect((await client.execute("SELECT count(*) FROM body")).rows[0]?.[0]).toBe(1);
  });

  test.each([
    ["a file one may only read", 0o444, 0o777, { extendedCode: "SQLITE_READONLY", rawCode: 8 }],
    ["a folder one may only read", 0o644, 0o755, { extendedCode: "UNKNOWN_SQLITE_ERROR_1544", rawCode: 1544 }],
  ])("for %s", async (_, fileMode, folderMode, expected) => {
    await using peer = await startSqlPeer();
    await Promise.all([rm(`${path}-wal`), rm(`${path}-shm`)]);
    await chmod(path, fileMode);
    await chmod(folder, folderMode);
    // Root is above permissions, and somebody else would own the folder: let nobody try.
    if (process.getuid?.() === 0) await peer.tell({ op: "become", uid: 65_534 });
    else if (folderMode === 0o755) await chmod(folder, 0o555);
    await peer.tell({ op: "open", url });
    const failure = await peer.refusal({ op: "batch", mode: "write", sql: ["INSERT INTO item VALUES (1)"] });
    await chmod(folder, 0o700);
    expect(failure).toMatchObject({ code: "SQLITE_READONLY", ...expected });
  });

  test("for a unique key taken: the extended code says which kind, and the connection stays usable", async () => {
    const client = openFile(url);
    await client.execute("INSERT INTO item VALUES (1)");
    expect(await failureOf(() => client.execute("INSERT INTO item VALUES (1) RETURNING n"))).toMatchObject({
      code: "SQLITE_CONSTRAINT",
      extendedCode: "SQLITE_CONSTRAINT_PRIMARYKEY",
      rawCode: 1555,
    });
    await client.batch(["INSERT INTO item VALUES (2)"], "write");
    const other = openFile(url);
    expect((await other.execute("SELECT count(*) FROM item")).rows[0]?.[0]).toBe(2);
  });

  test("for a server that is not there: fetch's own error, not the driver's", async () => {
    const client = createRemoteClient({ url: `http://127.0.0.1:${await freePort()}` });
    expect(await failureOf(() => client.execute("SELECT 1"))).toMatchObject({
      name: "TypeError",
      code: "ECONNREFUSED",
    });
  });

  test.each([404, 503])("for a server that answers %i", async (status) => {
    await using server = await openLoopback((_, reply) => void reply.writeHead(status).end("not here"));
    const client = createRemoteClient({ url: server.url });
    const failure = await failureOf(() => client.execute("SELECT 1"));
    expect(failure).toMatchObject({
      name: "LibsqlError",
      code: "SERVER_ERROR",
      message: `SERVER_ERROR: Server returned HTTP status ${status}: not here`,
      cause: { name: "HttpServerError", status },
    });
  });
});

function openFile(file: string): Client {
  return createClient({ url: file, concurrency: 1, timeout: 20 });
}

async function failureOf(attempt: () => unknown): Promise<Error> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}
