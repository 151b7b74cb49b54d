// Everything that can be wrong with a store: each has its code and a next step, and nothing that stands is destroyed.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, open, truncate, writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeStore } from "../../scripts/make-store.ts";
import { append } from "../../src/store/append.ts";
import { StoreError, type StoreErrorCode } from "../../src/store/engine/store-error.ts";
import type { StoreTarget } from "../../src/store/engine/store-target.ts";
import { queryEvents } from "../../src/store/event-queries.ts";
import { openStore } from "../../src/store/open-store.ts";
import { catchUp } from "../../src/store/session/catch-up.ts";
import { countSessions } from "../../src/store/session/sessions.ts";
import { startSqlPeer } from "../fixtures/driver/sql-peer.ts";
import { libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { freePort, openLoopback } from "../support/loopback-server.ts";
import { filePlace } from "../support/store-contract/place.ts";
import { given } from "../support/store-contract/rows.ts";

const ANY = { kind: "any" } as const;
const openOnce = fileURLToPath(new URL("../fixtures/store/open-once.ts", import.meta.url));
const isRoot = process.getuid?.() === 0;
const canMount = isRoot && process.platform === "linux" && spawnSync("unshare", ["-m", "true"]).status === 0;

let place: Awaited<ReturnType<typeof filePlace>>;
beforeEach(async () => {
  place = await filePlace();
});
afterEach(() => place[Symbol.asyncDispose]());

describe("a path that cannot be a store", () => {
  test("a missing folder is named, and not made unless asked for", async () => {
    const path = join(place.folder, "missing", "store.db");
    const error = await failure({ kind: "file", path, createFolder: false });
    expectTyped(error, "store_no_folder", path);
    expect(existsSync(join(place.folder, "missing"))).toBe(false);
    await using store = await openStore({ kind: "file", path, createFolder: true }, { readOnly: false, create: true });
    expect(await append(store, ANY, [given()])).toBe("written");
  });

  test("a file that is missing is not made by who only looks", async () => {
    for (const options of [{ create: false }, { readOnly: true }]) {
      await expect(place.open(options)).rejects.toMatchObject({ code: "store_missing", next: expect.any(String) });
    }
    expect(readdirSync(place.folder)).toEqual([]);
  });

  test("a directory", async () => {
    await mkdir(place.path);
    expectTyped(await failure(place.target), "store_is_a_directory", place.path);
  });

  const strangers: Record<string, Buffer> = {
    "a text file": Buffer.from("dear diary\n".repeat(1000)),
    "a short text file": Buffer.from("hello\n"),
    "random bytes": randomBytes(20_000),
    "random bytes behind SQLite's own first line": Buffer.concat([
      Buffer.from("SQLite format 3\0"),
      randomBytes(20_000),
    ]),
  };
  for (const [what, content] of Object.entries(strangers)) {
    test(`${what} is no database, and stays as it is`, async () => {
      await writeFile(place.path, content);
      for (const readOnly of [false, true]) {
        await expect(place.open({ readOnly })).rejects.toMatchObject({
          code: "store_not_a_database",
          next: expect.any(String),
        });
      }
      expect(readFileSync(place.path).equals(content)).toBe(true);
      expect(readdirSync(place.folder)).toEqual(["store.db"]);
    });
  }

  for (const ddl of [
    "CREATE TABLE events (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE VIEW events AS SELECT 1 AS id",
  ]) {
    for (const mode of ["DELETE", "WAL"]) {
      test(`another program's database in ${mode} mode stays as it is: ${ddl}`, async () => {
        {
          using theirs = new Database(place.path);
          for (const sql of [`PRAGMA journal_mode = ${mode}`, ddl, "PRAGMA wal_checkpoint(TRUNCATE)"]) theirs.run(sql);
        }
        const before = readFileSync(place.path);
        for (const options of [{}, { readOnly: true }, { create: false }]) {
          await expect(place.open(options)).rejects.toMatchObject({ code: "store_not_ours", next: expect.any(String) });
        }
        expect(readFileSync(place.path).equals(before)).toBe(true);
      });
    }
  }
});

describe("a damaged file", () => {
  beforeEach(async () => {
    makeStore({ out: place.path, sessions: 4, events: 2_000, seed: 2 });
    await using store = await place.open();
    await catchUp(store);
  });

  test("that lost its end is reported as damaged", async () => {
    await truncate(place.path, 9 * 4096);
    await expectDamage();
  });

  test("with pages of noise is reported as damaged", async () => {
    const file = await open(place.path, "r+");
    const { size } = await file.stat();
    for (let page = 2; page < size / 4096; page++) await file.write(randomBytes(4096), 0, 4096, page * 4096);
    await file.close();
    await expectDamage();
  });

  async function expectDamage(): Promise<void> {
    const before = readFileSync(place.path);
    const reading = async () => {
      await using store = await place.open();
      await queryEvents(store, { limit: 5_000, offset: 0 });
    };
    expectTyped(await reading().catch((error: unknown) => error), "store_corrupt", place.path);
    expect(readFileSync(place.path).equals(before)).toBe(true);
  }
});

describe("a file this user may not write", () => {
  beforeEach(async () => {
    makeStore({ out: place.path, sessions: 2, events: 100 });
    await chmod(place.folder, 0o755);
  });

  const refused = { code: "store_read_only", next: expect.stringContaining("writable") };

  test("says so, and is read with --read-only where its folder can be written", async () => {
    await chmod(place.path, 0o444);
    await chmod(place.folder, 0o777);
    const before = readFileSync(place.path);
    expect(asNobody({ readOnly: false, events: 1 })).toMatchObject({ opened: refused, written: 0 });
    expect(asNobody({ readOnly: true, events: 1 })).toMatchObject({
      opened: "read",
      read: expect.any(Object),
      write: refused,
    });
    expect(readFileSync(place.path).equals(before)).toBe(true);
  });

  test("in a folder it may not write either, says so and leaves no trace", async () => {
    await chmod(place.path, 0o444);
    await chmod(place.folder, 0o555);
    const before = readFileSync(place.path);
    for (const readOnly of [false, true])
      expect(asNobody({ readOnly, events: 1 })).toMatchObject({ opened: refused, written: 0 });
    expect(readFileSync(place.path).equals(before)).toBe(true);
    expect(readdirSync(place.folder)).toEqual(["store.db"]);
    await chmod(place.folder, 0o755);
  });

  test("nor read, says so", async () => {
    await chmod(place.path, 0o000);
    expect(asNobody({ readOnly: true, events: 0 })).toMatchObject({ opened: refused, written: 0 });
  });

  function asNobody(order: { readonly readOnly: boolean; readonly events: number }): unknown {
    return report(process.execPath, [
      openOnce,
      JSON.stringify({ path: place.path, ...order, ...(isRoot ? { uid: 65_534 } : {}) }),
    ]);
  }
});

const reason = canMount ? "" : " (skipped: it takes root and a mount namespace to make one)";
test.skipIf(!canMount)(`a full disk is reported, and every append that was acknowledged is there${reason}`, () => {
  const order = JSON.stringify({ path: place.path, readOnly: false, events: 1_000, disk: "1m" });
  const told = report("unshare", ["-m", process.execPath, openOnce, order]);
  expect(told).toMatchObject({
    opened: "write",
    write: { code: "store_full", next: expect.stringContaining("space") },
  });
  expect(told.written).toBeGreaterThan(5);
  expect(told.kept).toEqual([{ n: told.written }]);
});

describe("a file that somebody else is writing", () => {
  test("is waited for with patience", async () => {
    await using store = await place.open();
    await using other = await startSqlPeer(`file:${place.path}`);
    await other.tell({ op: "begin" });
    const appending = append(store, ANY, [given()]);
    // Two round trips to the other process: long after the first try has failed.
    await other.tell({ op: "execute", sql: "SELECT count(*) FROM events" });
    await other.tell({ op: "execute", sql: "INSERT INTO ouro_meta VALUES ('theirs', '1')" });
    await other.tell({ op: "commit" });
    expect(await appending).toBe("written");
    expect(await other.tell({ op: "execute", sql: "SELECT count(*) FROM events" })).toEqual([[1]]);
  });

  test("for longer than that is reported as busy, with nothing written, and everything goes on afterwards", async () => {
    await using store = await place.open();
    await using other = await startSqlPeer(`file:${place.path}`);
    await other.tell({ op: "begin" });
    await other.tell({ op: "execute", sql: "INSERT INTO ouro_meta VALUES ('theirs', '1')" });
    const event = given();
    const error = await append(store, ANY, [event]).catch((thrown: unknown) => thrown);
    expectTyped(error, "store_busy", place.path);
    expect(await countSessions(store)).toEqual({});
    await other.tell({ op: "commit" });
    expect(await append(store, ANY, [event])).toBe("written");
    expect(await countSessions(store)).toEqual({ running: 1 });
    expect(await other.tell({ op: "execute", sql: "SELECT count(*) FROM events" })).toEqual([[1]]);
  }, 20_000);
});

describe("a server that cannot be used", () => {
  test("one that is not there", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expectTyped(await failure({ kind: "remote", url, token: undefined }), "store_unreachable", url);
  });

  const impostors: Record<string, RequestListener> = {
    "answers with a web page": (_, reply) => reply.setHeader("content-type", "text/html").end("<h1>Welcome</h1>"),
    "knows nothing": (_, reply) => reply.writeHead(404).end("not found"),
    fails: (_, reply) => reply.writeHead(500).end("{}"),
    "answers with other JSON": (_, reply) => reply.setHeader("content-type", "application/json").end('{"hello":1}'),
    "hangs up": (request) => request.socket.destroy(),
  };
  for (const [what, listener] of Object.entries(impostors)) {
    test(`one that ${what} is no libSQL server`, async () => {
      await using server = await openLoopback((request, reply) => void listener(request, reply));
      expectTyped(await failure({ kind: "remote", url: server.url, token: "s3cret" }), "store_unreachable", server.url);
    });
  }

  test("one that refuses the token, or wants one, is told apart", async () => {
    await using server = await openLoopback((_, reply) => void reply.writeHead(401).end("no"));
    expectTyped(await failure({ kind: "remote", url: server.url, token: "s3cret" }), "store_unauthorized", server.url);
  });

  test.skipIf(!libsqlServerAvailable())("a real one that refuses the token", async () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    const key = publicKey.export({ format: "jwk" }).x ?? "";
    await using server = await startLibsqlServer({ jwtKey: key });
    for (const token of [undefined, "s3cret", "a.b.c"]) {
      expectTyped(await failure({ kind: "remote", url: server.url, token }), "store_unauthorized", server.url);
    }
  });
});

async function failure(target: StoreTarget): Promise<unknown> {
  try {
    await using store = await openStore(target, { readOnly: false, create: true });
    return `It was opened: ${store.access}`;
  } catch (error) {
    return error;
  }
}

/** A store error with this code, which names the place, gives a next step and keeps the token to itself. */
function expectTyped(error: unknown, code: StoreErrorCode, where: string): void {
  expect(error).toBeInstanceOf(StoreError);
  if (!(error instanceof StoreError)) return;
  expect([error.code, error.message]).toEqual([code, expect.stringContaining(where)]);
  expect(error.next.length).toBeGreaterThan(10);
  expect(error.message + error.next).not.toContain("s3cret");
}

function report(command: string, args: readonly string[]): Record<string, unknown> & { readonly written: number } {
  const done = spawnSync(command, args, { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`The program of this test ended with ${done.status}: ${done.stderr}`);
  return JSON.parse(done.stdout);
}
