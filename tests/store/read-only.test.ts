// A store that is only looked at: nothing is written to it and nothing made in it, and still everything is answered.

import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeStore, type SessionTruth } from "../../scripts/make-store.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import { append } from "../../src/store/append.ts";
import { putBlob } from "../../src/store/blobs.ts";
import { putReceipt } from "../../src/store/receipts.ts";
import { catchUp } from "../../src/store/session/catch-up.ts";
import { concludeSession } from "../../src/store/session/conclude-session.ts";
import { openSessionIds } from "../../src/store/session/leases.ts";
import { readFacts } from "../../src/store/session/session-facts.ts";
import { countSessions, findByExecution, listSessions, loadSession } from "../../src/store/session/sessions.ts";
import { adoptStartless } from "../../src/store/session/startless-sessions.ts";
import type { Store } from "../../src/store/store.ts";
import { startSqlPeer } from "../fixtures/driver/sql-peer.ts";
import { filePlace } from "../support/store-contract/place.ts";
import { given, rowsOf } from "../support/store-contract/rows.ts";

const SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name";
let place: Awaited<ReturnType<typeof filePlace>>;

beforeEach(async () => {
  place = await filePlace();
});
afterEach(() => place[Symbol.asyncDispose]());

describe("a store opened for reading", () => {
  test("gives the answers of one opened for writing, and neither its schema nor its bytes change", async () => {
    const options = { out: place.path, sessions: 3, events: 200, seed: 5, now: new Date("2026-04-03T12:00:00Z") };
    const orphans = { stale: 2, paused: 1, paused_resumed: 1, no_start: 1, double_terminal: 1 };
    const { truth } = makeStore({ ...options, orphans });
    const bytes = fingerprint();
    let read: unknown;
    {
      await using store = await place.open({ readOnly: true });
      expect([store.access, store.readOnlyBecause]).toEqual(["read", "asked for with --read-only"]);
      const schema = await rowsOf(store, SCHEMA);
      read = await answers(store, truth);
      expect(await rowsOf(store, SCHEMA)).toEqual(schema);
      expect(JSON.stringify(schema)).not.toContain("ouro_");
    }
    expect(fingerprint()).toBe(bytes);
    await using store = await place.open();
    expect(await answers(store, truth)).toEqual(read);
    expect((await listSessions(store, { limit: 50 })).sessions.length).toBeGreaterThan(7);
  });

  test("that is not in WAL mode stays as it is, an empty file too", async () => {
    writeFileSync(place.path, "");
    for (const table of [
      "",
      "CREATE TABLE events (id, aggregate_type, aggregate_id, event_type, payload JSON, timestamp)",
    ]) {
      if (table !== "") {
        using file = new Database(place.path);
        file.run(table);
      }
      const bytes = fingerprint();
      for (const create of [true, false]) {
        await using store = await place.open({ readOnly: true, create });
        expect(await countSessions(store)).toEqual({});
      }
      expect(fingerprint()).toBe(bytes);
    }
  });

  test("sees what is written meanwhile", async () => {
    await using writer = await place.open();
    await append(writer, ANY, [given({ aggregate_id: "orch_1" })]);
    await using reader = await place.open({ readOnly: true });
    expect(await countSessions(reader)).toEqual({ running: 1 });
    await append(writer, ANY, [given({ aggregate_id: "orch_2" })]);
    expect(await countSessions(reader)).toEqual({ running: 2 });
    // What the reader folded is its own: the writer's table has not been touched.
    expect(await rowsOf(writer, "SELECT * FROM ouro_session")).toEqual([]);
  });

  test("refuses to write, and says why", async () => {
    await using writer = await place.open();
    await append(writer, ANY, [given()]);
    await using store = await place.open({ readOnly: true });
    const facts = await readFacts(store, "orch_1");
    if (!facts) throw new Error("The session of this test is gone");
    const refusal = {
      code: "store_read_only",
      message: expect.stringContaining("--read-only"),
      next: expect.any(String),
    };
    await expect(append(store, ANY, [given()])).rejects.toMatchObject(refusal);
    await expect(putBlob(store, new Uint8Array(3))).rejects.toMatchObject(refusal);
    await expect(putReceipt(store, receipt)).rejects.toMatchObject(refusal);
    const taker = {
      ownerId: "me",
      purpose: "sweep",
      identity: ownIdentity(),
      ttlSeconds: null,
      overCancelRequest: false,
    } as const;
    const conclusion = { event: given(), execution: undefined, jobs: [] };
    await expect(concludeSession(store, facts, taker, conclusion)).rejects.toMatchObject(refusal);
    expect(
      await rowsOf(writer, "SELECT (SELECT count(*) FROM events) AS e, (SELECT count(*) FROM ouro_lease) AS l"),
    ).toEqual([{ e: 1, l: 0 }]);
  });

  test("that a newer program has changed is opened for reading by itself, and still read", async () => {
    {
      await using store = await place.open();
      await append(store, ANY, [given()]);
      await store.database.write([
        { sql: "UPDATE ouro_meta SET value = '99' WHERE key IN ('schema_version', 'min_reader')" },
        { sql: "DROP TABLE ouro_session" },
        { sql: "CREATE TABLE ouro_session (something_else TEXT)" },
      ]);
    }
    await using store = await place.open();
    expect(store.access).toBe("read");
    expect(store.readOnlyBecause).toContain("newer ouroboros");
    expect(store.shape.minReader).toBe(99);
    expect(await countSessions(store)).toEqual({ running: 1 });
    expect((await listSessions(store, { limit: 5 })).sessions.map(({ goal }) => goal)).toEqual(["a goal"]);
    await expect(append(store, ANY, [given()])).rejects.toMatchObject({
      code: "store_read_only",
      message: expect.stringContaining("99"),
    });
    expect(await rowsOf(store, "SELECT name FROM pragma_table_info('ouro_session', 'main')")).toEqual([
      { name: "something_else" },
    ]);
  });

  test("goes on reading after it met a locked file, and still writes nothing into it", async () => {
    {
      await using writer = await place.open();
      await append(writer, ANY, [given()]);
      await catchUp(writer);
    }
    await using store = await place.open({ readOnly: true });
    expect(await countSessions(store)).toEqual({ running: 1 });
    // A new connection has no temporary tables of its own: what is folded after it must not go into the file's.
    await using locker = await startSqlPeer(`file:${place.path}`);
    await locker.tell({ op: "begin" });
    await expect(store.database.write([{ sql: "SELECT 1" }, { sql: "SELECT 2" }])).rejects.toMatchObject({
      code: "store_busy",
    });
    await locker.tell({ op: "commit" });
    await locker.tell({ op: "batch", mode: "write", sql: ["UPDATE ouro_session SET goal = 'not the fold'", INSERTED] });
    expect((await listSessions(store, { limit: 5 })).sessions.map(({ goal }) => goal).sort()).toEqual([
      "a goal",
      "later",
    ]);
    expect(await locker.tell({ op: "execute", sql: "SELECT goal FROM ouro_session" })).toEqual([["not the fold"]]);
  }, 20_000);
});

const ANY = { kind: "any" } as const;
const INSERTED = `INSERT INTO events (id, aggregate_type, aggregate_id, event_type, payload, timestamp) VALUES
('later', 'session', 'orch_2', 'orchestrator.session.started', '{"seed_goal": "later"}', '2026-04-03 12:00:09.000000')`;
const receipt = { receiptId: "r", startedAt: "", settledAt: "", machine: null, pid: 1, version: "1", body: {} };

async function answers(store: Store, truth: readonly SessionTruth[]): Promise<unknown> {
  await catchUp(store);
  await adoptStartless(store, "");
  const each = truth.map(async ({ session_id, execution_id }) => [
    await loadSession(store, session_id),
    { ...(await readFacts(store, session_id)), now: 0 },
    execution_id === null ? undefined : await findByExecution(store, execution_id),
  ]);
  return [
    await listSessions(store, { limit: 5 }),
    await countSessions(store),
    await openSessionIds(store, { after: "", limit: 99, leases: "all" }),
    await Promise.all(each),
  ];
}

/** The file's bytes and its neighbours; only while nobody here has it open. */
function fingerprint(): string {
  const log = readdirSync(place.folder).filter((name) => !name.endsWith("-shm"));
  const sizes = log.map((name) => `${name} ${readFileSync(join(place.folder, name)).length}`);
  return `${createHash("sha256").update(readFileSync(place.path)).digest("hex")} ${sizes.filter((size) => !size.endsWith("-wal 0"))}`;
}
