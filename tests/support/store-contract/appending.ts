import { describe, expect, test } from "bun:test";
import { newId } from "../../../src/base/ids.ts";
import { PROGRESS_UPDATED } from "../../../src/domain/session/session.ts";
import { ownIdentity } from "../../../src/process/identity.ts";
import { append, type Guard, isThere } from "../../../src/store/append.ts";
import { getBlob, putBlob } from "../../../src/store/blobs.ts";
import type { Statement } from "../../../src/store/engine/database.ts";
import { listReceipts, putReceipt } from "../../../src/store/receipts.ts";
import { takeOver } from "../../../src/store/session/leases.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Place } from "./place.ts";
import { allEvents, given, NOON, rowsOf } from "./rows.ts";

const ANY = { kind: "any" } as const;

/** Events, bodies and receipts going in. */
export function appendingContract(fresh: () => Promise<Place>): void {
  describe("appending", () => {
    test("an event stands as it was given, in upstream's encoding", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const payload = {
        goal: "검색 🚀 \u0000\n\"'",
        n: 1,
        f: 0.5,
        deep: { list: [1, [true, null]] },
        left_out: undefined,
      };
      const event = given({ payload, at: NOON + 123_456 });
      expect(await append(store, ANY, [event])).toBe("written");
      expect(
        await rowsOf(store, "SELECT id, payload, timestamp, consensus_id, typeof(payload) AS t FROM events"),
      ).toEqual([
        {
          id: event.id,
          payload: '{"goal":"검색 🚀 \\u0000\\n\\"\'","n":1,"f":0.5,"deep":{"list":[1,[true,null]]}}',
          timestamp: "2026-04-03 12:00:00.123456",
          consensus_id: null,
          t: "text",
        },
      ]);
      const [read] = await allEvents(store);
      expect(read?.payload).toEqual(JSON.parse(JSON.stringify(payload)));
      expect(read?.at).toBe(event.at);
    });

    test("the same append twice is one event", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const events = [given(), given({ event_type: PROGRESS_UPDATED })];
      expect(await append(store, ANY, events)).toBe("written");
      expect(await append(store, ANY, events)).toBe("written");
      expect((await allEvents(store)).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    });

    test("an append of nothing writes nothing", async () => {
      await using place = await fresh();
      await using store = await place.open();
      expect(await append(store, ANY, [])).toBe("written");
      expect(await allEvents(store)).toEqual([]);
    });

    test("expecting the newest row it read, a writer is told of a conflict and writes nothing", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const newest = (rowid: number) =>
        ({ kind: "newest", aggregateType: "session", aggregateId: "orch_1", rowid }) as const;
      expect(await append(store, newest(0), [given()])).toBe("written");
      expect(await append(store, newest(0), [given(), given()])).toBe("conflict");
      const [top] = await allEvents(store);
      expect(await append(store, newest(top?.rowid ?? -1), [given({ event_type: PROGRESS_UPDATED })])).toBe("written");
      // Another stream's rows are nobody's conflict.
      await append(store, ANY, [given({ aggregate_id: "orch_2" })]);
      expect(await append(store, newest((top?.rowid ?? -1) + 1), [given({ event_type: PROGRESS_UPDATED })])).toBe(
        "written",
      );
      expect(await allEvents(store)).toHaveLength(4);
    });

    test("a batch of a thousand is written whole and in its order, whatever it expects, or not at all", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const batch = () => Array.from({ length: 1_001 }, (_, n) => given({ event_type: "x", payload: { n } }));
      const events = batch();
      const newest = { kind: "newest", aggregateType: "session", aggregateId: "orch_1", rowid: 0 } as const;
      expect(await append(store, newest, events)).toBe("written");
      expect((await allEvents(store)).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
      expect(await append(store, newest, batch())).toBe("conflict");
      const mine = { kind: "owner", sessionId: "orch_1", epoch: 1, ownerId: "nobody" } as const;
      expect(await append(store, mine, batch())).toBe("fenced");
      expect(await rowsOf(store, "SELECT count(*) AS n FROM events")).toEqual([{ n: 1_001 }]);
    });

    test("an owner writes while its epoch is current; a fenced batch writes nothing at all, its later statements included", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const me = await claim(store);
      const owner = { kind: "owner", sessionId: "orch_1", epoch: 1, ownerId: me } as const;
      expect(await append(store, owner, [given(), given()], [note("first", { sql: "TRUE", args: [] })])).toBe(
        "written",
      );

      await store.database.write([{ sql: "UPDATE ouro_lease SET epoch = 2, owner_id = 'other'" }]);
      const late = [given({ event_type: PROGRESS_UPDATED }), given({ event_type: PROGRESS_UPDATED })];
      expect(await append(store, owner, late, [note("late", isThere(late[0]?.id ?? ""))])).toBe("fenced");
      expect(await append(store, { ...owner, epoch: 2 }, [given()])).toBe("fenced");
      expect(await append(store, { ...owner, sessionId: "orch_none" }, [given()])).toBe("fenced");
      expect(await allEvents(store)).toHaveLength(2);
      expect(await rowsOf(store, "SELECT key FROM ouro_meta WHERE key IN ('first', 'late')")).toEqual([
        { key: "first" },
      ]);
    });

    test("an owner whose append had arrived before it was fenced hears that it is written", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const me = await claim(store);
      const event = given();
      const owner = { kind: "owner", sessionId: "orch_1", epoch: 1, ownerId: me } as const;
      expect(await append(store, owner, [event])).toBe("written");
      await store.database.write([{ sql: "UPDATE ouro_lease SET epoch = 2" }]);
      expect(await append(store, owner, [event])).toBe("written");
      expect(await allEvents(store)).toHaveLength(1);
    });

    test("a batch with one statement that fails leaves nothing behind", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const broken = append(
        store,
        ANY,
        [given(), given()],
        [{ sql: "INSERT INTO ouro_meta (key, value) VALUES ('k', NULL)" }],
      );
      await expect(broken).rejects.toMatchObject({ name: "StoreError" });
      expect(await allEvents(store)).toEqual([]);
      expect(await append(store, ANY, [given()])).toBe("written");
    });

    test("a number that is not finite is refused before anything is written, however deep it stands", async () => {
      await using place = await fresh();
      await using store = await place.open();
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const events = [given(), given({ payload: { deep: [{ score: bad }] } })];
        await expect(append(store, ANY, events)).rejects.toThrow(/"score"/);
      }
      await expect(append(store, ANY, [given(), given({ at: Number.NaN })])).rejects.toThrow(RangeError);
      expect(await allEvents(store)).toEqual([]);
    });

    test("echoes of other events are stripped before storing, at any depth and in any spelling", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const payload = {
        kept: 1,
        raw_output: 1,
        "Raw-Event": 1,
        event_payload: 1,
        "EVENT-PAYLOADS": 1,
        subscribed_event: 1,
        subscribed_xyz_payload_list: 1,
        subscribed_to: "kept",
        raw: "kept",
        nested: [{ raw_payload: 1, kept: { subscribed_payloads: 1, deeper: true } }],
      };
      await append(store, ANY, [given({ payload })]);
      const [read] = await allEvents(store);
      expect(read?.payload).toEqual({
        kept: 1,
        subscribed_to: "kept",
        raw: "kept",
        nested: [{ kept: { deeper: true } }],
      });
    });

    test("stamps are microsecond text that rises even while the clock stands still or goes back", async () => {
      await using place = await fresh();
      const clock = [5, 5, 5, 3, 4, 5, 6, 5].map((ms) => NOON / 1000 + ms);
      await using store = await place.open({ nowMs: () => clock.shift() ?? NOON / 1000 });
      const stamps = Array.from({ length: 10 }, () => store.stamp());
      await append(
        store,
        ANY,
        stamps.map((at) => given({ at })),
      );
      const times = (await rowsOf(store, "SELECT timestamp FROM events ORDER BY rowid")).map((row) =>
        String(row.timestamp),
      );
      expect(times).toEqual([...new Set(times)].sort());
      for (const time of times) expect(time).toMatch(/^2026-04-03 12:00:00\.\d{6}$/);
      expect(store.stamp(NOON + 9e9)).toBe(NOON + 9e9 + 1);
    });

    test("a body is kept once, under the hash of its bytes", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const body = Uint8Array.from({ length: 70_000 }, (_, at) => at % 256);
      const hash = await putBlob(store, body);
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      // A view into a larger buffer is its own bytes, not the buffer's.
      expect(await putBlob(store, new Uint8Array([9, ...body, 9]).subarray(1, -1))).toBe(hash);
      expect(await putBlob(store, new Uint8Array())).not.toBe(hash);
      expect(await getBlob(store, hash)).toEqual(body);
      expect(await getBlob(store, "0".repeat(64))).toBeUndefined();
      expect(await rowsOf(store, "SELECT bytes FROM ouro_blob ORDER BY bytes")).toEqual([
        { bytes: 0 },
        { bytes: 70_000 },
      ]);
    });

    test("the last 200 receipts are kept, newest first, and a receipt can be completed", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const receipt = (n: number, done = false) => ({
        receiptId: `r${n}`,
        startedAt: `2026-04-03 12:00:00.${String(n).padStart(6, "0")}`,
        settledAt: "",
        machine: null,
        pid: n,
        version: "1",
        body: { n, done },
      });
      const many = `WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 203)
INSERT INTO ouro_receipt (receipt_id, started_at, version, body)
SELECT 'r' || n, '2026-04-03 12:00:00.' || printf('%06d', n), '1', json_object('n', n) FROM c`;
      await store.database.write([{ sql: many }]);
      await putReceipt(store, receipt(204));
      await putReceipt(store, receipt(204, true));
      const kept = await listReceipts(store, 500);
      expect(kept).toHaveLength(200);
      expect(kept[0]).toEqual({ n: 204, done: true });
      expect(kept.at(-1)).toEqual({ n: 5 });
      expect(await listReceipts(store, 2)).toHaveLength(2);
    });
  });
}

async function claim(store: Store): Promise<string> {
  const ownerId = newId();
  const seen = { sessionId: "orch_1", executionId: null, lease: undefined, epoch: 0, newestRowid: 0 };
  await store.database.write([
    takeOver(seen, { ownerId, purpose: "run", identity: ownIdentity(), ttlSeconds: 30, overCancelRequest: false }),
  ]);
  return ownerId;
}

function note(key: string, guard: Guard): Statement {
  return { sql: `INSERT INTO ouro_meta (key, value) SELECT '${key}', '1' WHERE ${guard.sql}`, args: [...guard.args] };
}
