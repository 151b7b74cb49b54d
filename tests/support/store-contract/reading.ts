import { describe, expect, test } from "bun:test";
import { storeTimestamp } from "../../../scripts/make-store/clock.ts";
import {
  PROGRESS_UPDATED,
  SESSION_COMPLETED,
  SESSION_PAUSED,
  SESSION_STARTED,
} from "../../../src/domain/session/session.ts";
import { append } from "../../../src/store/append.ts";
import { eventsAfter, queryEvents } from "../../../src/store/event-queries.ts";
import { openJobs } from "../../../src/store/jobs/python-jobs.ts";
import { catchUp } from "../../../src/store/session/catch-up.ts";
import { readFacts } from "../../../src/store/session/session-facts.ts";
import { readProgress } from "../../../src/store/session/session-progress.ts";
import {
  completeSessionId,
  countSessions,
  findByExecution,
  listSessions,
  loadSession,
} from "../../../src/store/session/sessions.ts";
import { adoptStartless } from "../../../src/store/session/startless-sessions.ts";
import type { Place } from "./place.ts";
import { given, NOON, pythonInsert, rawInsert, withDatabase } from "./rows.ts";

const ANY = { kind: "any" } as const;
const SECOND = 1_000_000;

/** Everything that is asked of a store. */
export function readingContract(fresh: () => Promise<Place>): void {
  describe("reading", () => {
    test("a session is what its stream says now, rows that Python wrote a moment ago included", async () => {
      await using place = await fresh();
      await using store = await place.open();
      expect(await loadSession(store, "orch_1")).toBeUndefined();
      await append(store, ANY, [given()]);
      await catchUp(store);
      expect((await loadSession(store, "orch_1"))?.session).toMatchObject({ status: "running", goal: "a goal" });
      const end = { aggregateId: "orch_1", type: SESSION_COMPLETED, payload: { summary: {} }, at: NOON + SECOND };
      await store.database.write([pythonInsert(end)]);
      const loaded = await loadSession(store, "orch_1");
      expect(loaded?.session).toMatchObject({ status: "completed", status_at: storeTimestamp(NOON + SECOND) });
      expect(loaded?.streamTop).toBe(loaded?.session.folded_rowid);
    });

    test("catching up folds what Python wrote meanwhile, once, and says how much", async () => {
      await using place = await fresh();
      await using store = await place.open();
      expect(await catchUp(store)).toEqual({ folded: 0, quarantined: 0 });
      await store.database.write([start("orch_1"), start("orch_2"), progress("orch_1", "running")]);
      await append(store, ANY, [given({ aggregate_id: "orch_3" })]);
      expect(await catchUp(store)).toEqual({ folded: 3, quarantined: 0 });
      expect(await catchUp(store)).toEqual({ folded: 0, quarantined: 0 });
      expect(await countSessions(store)).toEqual({ running: 3 });
    });

    test("a paused session that Python went on with is running again", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await store.database.write([
        start("orch_1"),
        { ...pythonInsert({ aggregateId: "orch_1", type: SESSION_PAUSED }) },
      ]);
      await catchUp(store);
      expect(await countSessions(store)).toEqual({ paused: 1 });
      await store.database.write([progress("orch_1", "completed"), progress("orch_1", " Running ")]);
      expect((await loadSession(store, "orch_1"))?.session.status).toBe("running");
      await catchUp(store);
      expect(await countSessions(store)).toEqual({ running: 1 });
    });

    test("a wake-up is not lost to a status row after it that changes nothing", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await store.database.write([start("orch_1"), pythonInsert({ aggregateId: "orch_1", type: SESSION_PAUSED })]);
      await catchUp(store);
      await store.database.write([progress("orch_1", "running"), start("orch_1")]);
      expect((await loadSession(store, "orch_1"))?.session.status).toBe("running");
      await catchUp(store);
      expect(await countSessions(store)).toEqual({ running: 1 });
    });

    test("sessions are listed newest first, page by page, and new ones disturb no page that follows", async () => {
      await using place = await fresh();
      await using store = await place.open();
      // Two share a time: the id decides between them.
      const times = [1, 2, 2, 3, 4, 5, 6];
      await store.database.write(times.map((time, at) => start(`orch_${at}`, time)));
      const first = await listSessions(store, { limit: 3 });
      expect(ids(first)).toEqual(["orch_6", "orch_5", "orch_4"]);
      await store.database.write([start("orch_new", 9), start("orch_9", 5)]);
      const second = await listSessions(store, { limit: 3, ...cursorOf(first) });
      expect(ids(second)).toEqual(["orch_3", "orch_2", "orch_1"]);
      const third = await listSessions(store, { limit: 3, ...cursorOf(second) });
      expect(ids(third)).toEqual(["orch_0"]);
      expect(third.cursor).toBeUndefined();
      await store.database.write([pythonInsert({ aggregateId: "orch_3", type: SESSION_COMPLETED })]);
      expect(ids(await listSessions(store, { limit: 5, status: "completed" }))).toEqual(["orch_3"]);
      expect(ids(await listSessions(store, { limit: 1, status: "paused" }))).toEqual([]);
      expect(await completeSessionId(store, "orch_n", 5)).toEqual(["orch_new"]);
      expect(await completeSessionId(store, "orch_", 2)).toEqual(["orch_0", "orch_1"]);
    });

    test("a session is found by its execution, the newest if several ran it, also when Python started it just now", async () => {
      await using place = await fresh();
      await using store = await place.open();
      expect(await findByExecution(store, "exec_1")).toBeUndefined();
      await store.database.write([start("orch_1", 1, "exec_1"), start("orch_2", 2, "exec_2")]);
      expect(await findByExecution(store, "exec_1")).toBe("orch_1");
      await store.database.write([start("orch_3", 3, "exec_1")]);
      await catchUp(store);
      expect(await findByExecution(store, "exec_1")).toBe("orch_3");
      expect(await findByExecution(store, "exec_")).toBeUndefined();
    });

    const scopes = [
      ["session", "orch_1"],
      ["execution", "exec_1"],
      ["execution", "exec_1_ac_0"],
      ["execution", "exec_1_sub_ac_1_2"],
      ["execution", "exec_1:l0:coord"],
      ["execution", "orch_1"],
    ] as const;
    for (const [aggregateType, aggregateId] of scopes) {
      test(`the newest activity is found in the scope ${aggregateType}/${aggregateId}`, async () => {
        await using place = await fresh();
        await using store = await place.open();
        await store.database.write([
          start("orch_1", 0, "exec_1"),
          ...scopes.map(([type, id]) =>
            pythonInsert({ aggregateType: type, aggregateId: id, type: "x", at: NOON + SECOND }),
          ),
          // Neighbours by name, and later than anything.
          ...["exec_10", "exec_1a", "orch_10", "exec_"].map((id) =>
            pythonInsert({ aggregateType: "execution", aggregateId: id, type: "x", at: NOON + 99 * SECOND }),
          ),
        ]);
        const before = await readFacts(store, "orch_1");
        expect(before?.newestAt).toBe(NOON + SECOND);
        await store.database.write([pythonInsert({ aggregateType, aggregateId, type: "x", at: NOON + 5 * SECOND })]);
        const after = await readFacts(store, "orch_1");
        expect(after?.newestAt).toBe(NOON + 5 * SECOND);
        expect(after?.newestRowid).toBe((before?.newestRowid ?? 0) + 5);
        // The newest time counts although a later row is dated earlier.
        await store.database.write([pythonInsert({ aggregateType, aggregateId, type: "x", at: NOON })]);
        expect(await readFacts(store, "orch_1")).toMatchObject({
          newestAt: NOON + 5 * SECOND,
          newestRowid: (after?.newestRowid ?? 0) + 1,
        });
      });
    }

    test("facts are of one moment: an end that comes between two reads is in the fold, not only in the newest row", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await store.database.write([start("orch_1")]);
      await catchUp(store);
      let interfered = false;
      const watched = withDatabase(store, {
        async read(statements) {
          if (!interfered && statements.some(({ sql }) => sql.includes("ouro_lease"))) {
            interfered = true;
            await store.database.write([pythonInsert({ aggregateId: "orch_1", type: SESSION_COMPLETED })]);
          }
          return store.database.read(statements);
        },
      });
      const facts = await readFacts(watched, "orch_1");
      expect(interfered).toBe(true);
      expect(facts?.session.status).toBe("completed");
      expect(facts?.newestRowid).toBe(facts?.session.folded_rowid ?? -1);
    });

    test("events are asked for by type, by session in all its scopes, and by page, newest first", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await store.database.write([
        start("orch_1", 0, "exec_1"),
        ...scopes.map(([type, id], at) =>
          pythonInsert({ id: `e${at}`, aggregateType: type, aggregateId: id, type: "tool" }),
        ),
        pythonInsert({ id: "other", aggregateType: "execution", aggregateId: "exec_10", type: "tool" }),
        pythonInsert({ id: "last", aggregateId: "orch_1", type: "note" }),
      ]);
      const all = await queryEvents(store, { limit: 50, offset: 0 });
      expect(all.more).toBe(false);
      expect(all.events.map(({ rowid }) => rowid)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
      const page = await queryEvents(store, { limit: 2, offset: 1 });
      expect([page.events.map(({ id }) => id), page.more]).toEqual([["other", "e5"], true]);
      const tools = await queryEvents(store, { sessionId: "orch_1", eventType: "tool", limit: 4, offset: 1 });
      expect([tools.events.map(({ id }) => id), tools.more]).toEqual([["e4", "e3", "e2", "e1"], true]);
      const own = await queryEvents(store, { sessionId: "orch_1", limit: 50, offset: 0 });
      expect(own.events.map(({ id }) => id)).toEqual(["last", "e5", "e4", "e3", "e2", "e1", "e0", expect.any(String)]);
      expect((await queryEvents(store, { eventType: "to", limit: 5, offset: 0 })).events).toEqual([]);
      expect((await queryEvents(store, { sessionId: "orch_none", limit: 5, offset: 0 })).events).toEqual([]);
      expect((await eventsAfter(store, 7, 5)).map(({ id }) => id)).toEqual(["other", "last"]);
    });

    test("progress is told from what was folded before and what came since", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await store.database.write([
        start("orch_1", 0, "exec_1"),
        pythonInsert({
          aggregateId: "orch_1",
          type: PROGRESS_UPDATED,
          payload: { progress: { step: 1, runtime: { big: 1 } } },
        }),
      ]);
      await catchUp(store);
      const told = async () => {
        const loaded = await loadSession(store, "orch_1");
        return loaded && readProgress(store, loaded.session);
      };
      expect(await told()).toEqual({ messages: 1, keys: { step: 1 } });
      await store.database.write([
        pythonInsert({
          aggregateId: "orch_1",
          type: PROGRESS_UPDATED,
          payload: { progress: { messages_processed: 20, last: "a" } },
        }),
        pythonInsert({
          aggregateType: "execution",
          aggregateId: "exec_1",
          type: "workflow.progress.updated",
          payload: { completed_count: 2, total_count: 5 },
        }),
      ]);
      const expected = {
        messages: 20,
        keys: { step: 1, last: "a", messages_processed: 20, completed_count: 2, total_count: 5 },
      };
      expect(await told()).toEqual(expected);
      expect(await told()).toEqual(expected);
    });

    test("jobs that never ended are found, newest first", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const job = (id: string, type: string, session: string | null) =>
        pythonInsert({ aggregateType: "job", aggregateId: id, type, payload: { links: { session_id: session } } });
      await store.database.write([
        job("job_1", "mcp.job.created", "orch_1"),
        job("job_2", "mcp.job.created", null),
        job("job_3", "mcp.job.created", "orch_1"),
        job("job_1", "mcp.job.updated", null),
        job("job_3", "mcp.job.interrupted", null),
      ]);
      expect(await openJobs(store, { before: Number.MAX_SAFE_INTEGER, window: 5 })).toEqual({
        jobs: [
          { jobId: "job_2", sessionId: null },
          { jobId: "job_1", sessionId: "orch_1" },
        ],
        next: undefined,
      });
      // A window is of created jobs, open or not, so that walking through all of them makes even steps.
      const newest = await openJobs(store, { before: Number.MAX_SAFE_INTEGER, window: 1 });
      expect(newest).toEqual({ jobs: [], next: 3 });
      const second = await openJobs(store, { before: 3, window: 1 });
      expect(second).toEqual({ jobs: [{ jobId: "job_2", sessionId: null }], next: 2 });
      expect((await openJobs(store, { before: 1, window: 1 })).next).toBeUndefined();
    });

    test("streams that never had a status row are taken in", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await store.database.write([start("orch_1"), progress("orch_2", "running"), progress("orch_3", "running")]);
      await catchUp(store);
      expect(await countSessions(store)).toEqual({ running: 1 });
      expect(await adoptStartless(store, "")).toEqual({ found: 2, next: undefined });
      expect(await adoptStartless(store, "")).toEqual({ found: 0, next: undefined });
      expect(ids(await listSessions(store, { limit: 9 })).sort()).toEqual(["orch_1", "orch_2", "orch_3"]);
      expect((await loadSession(store, "orch_2"))?.session.has_start).toBe(false);
    });

    test("a stream that is taken in is not lost when somebody else catches up at that moment", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await store.database.write([start("orch_1"), progress("orch_2", "running")]);
      await catchUp(store);
      const raced = withDatabase(store, {
        async write(statements) {
          await store.database.write([start("orch_other")]);
          await catchUp(store);
          return store.database.write(statements);
        },
      });
      expect(await adoptStartless(raced, "")).toMatchObject({ found: 1 });
      expect(ids(await listSessions(store, { limit: 9 })).sort()).toEqual(["orch_1", "orch_2", "orch_other"]);
    });

    test("rows that cannot be decoded are read, marked and counted, and hide nothing", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const good = { payload: "{}", timestamp: "2026-04-03 12:00:00.000000" };
      const damage: { readonly payload?: string | number | bigint; readonly timestamp?: string | number | bigint }[] = [
        { payload: "{a:1}" },
        { payload: "[]" },
        { payload: "null" },
        { payload: "" },
        { payload: 12 },
        { payload: 99_999_999_999_999_999n },
        { timestamp: "yesterday" },
        { timestamp: 1_775_217_600 },
        { timestamp: 1_775_217_600_000_000_000n },
        { timestamp: "2026-13-45 99:99:99.000000" },
        { timestamp: "" },
      ];
      await store.database.write(
        damage.map((fault, at) =>
          rawInsert({
            id: `d${at}`,
            aggregateType: "session",
            aggregateId: `orch_${at}`,
            type: SESSION_COMPLETED,
            ...good,
            ...fault,
          }),
        ),
      );
      // Bytes that are no text at all: as a damaged page leaves them.
      const bytes = "INSERT INTO events (id, aggregate_type, aggregate_id, event_type, payload, timestamp) VALUES";
      await store.database.write([
        {
          sql: `${bytes} ('b1', 'session', 'orch_b1', '${SESSION_COMPLETED}', CAST(X'7bff7d' AS TEXT), '${good.timestamp}')`,
        },
        { sql: `${bytes} ('b2', 'session', 'orch_b2', '${SESSION_COMPLETED}', '{}', CAST(X'ff31' AS TEXT))` },
      ]);
      const count = damage.length + 2;
      expect(await catchUp(store)).toEqual({ folded: count, quarantined: count });
      expect(await countSessions(store)).toEqual({ completed: count });
      const { events } = await queryEvents(store, { limit: 50, offset: 0 });
      expect(events).toHaveLength(count);
      for (const event of events) expect(event.quarantined).toMatch(/payload is not|timestamp is unreadable/);
      for (const event of events) {
        expect((await loadSession(store, event.aggregate_id))?.session.status).toBe("completed");
        expect((await readFacts(store, event.aggregate_id))?.newestRowid).toBe(event.rowid);
      }
      expect((await readFacts(store, "orch_7"))?.newestAt).toBeUndefined();
    });

    test("what Python accepts is sound: bare non-finite numbers, short and zoned times, a version of its own", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const text = `{"score": NaN, "low": -Infinity, "said": "NaN \\" Infinity", "event_version": 1, "long": "${"x\\u00e4".repeat(400_000)}"}`;
      const times = [
        "2026-04-03 12:00:00",
        "2026-04-03 12:00:00.5",
        "2026-04-03T12:00:00.123Z",
        "2026-04-03 12:00:00.123456+00:00",
      ];
      await store.database.write(
        times.map((timestamp, at) =>
          rawInsert({
            id: `d${at}`,
            aggregateType: "session",
            aggregateId: "orch_1",
            type: "x",
            payload: at === 0 ? text : "{}",
            timestamp,
          }),
        ),
      );
      const events = await eventsAfter(store, 0, 10);
      expect(events.map(({ quarantined }) => quarantined)).toEqual(times.map(() => undefined));
      expect(events.map(({ at }) => (at ?? 0) - NOON)).toEqual([0, 500_000, 123_000, 123_456]);
      expect(events[0]?.payload).toEqual({
        score: null,
        low: null,
        said: 'NaN " Infinity',
        long: "xä".repeat(400_000),
      });
    });
  });
}

function start(sessionId: string, seconds = 0, executionId = `exec_of_${sessionId}`) {
  const payload = { execution_id: executionId, seed_id: "seed_1", seed_goal: "다음" };
  return pythonInsert({ aggregateId: sessionId, type: SESSION_STARTED, payload, at: NOON + seconds * SECOND });
}

function progress(sessionId: string, status: string) {
  return pythonInsert({
    aggregateId: sessionId,
    type: PROGRESS_UPDATED,
    payload: { progress: { runtime_status: status } },
  });
}

function ids(page: Awaited<ReturnType<typeof listSessions>>): string[] {
  return page.sessions.map((session) => session.session_id);
}

function cursorOf({ cursor }: { readonly cursor?: string }): { cursor: string } {
  if (cursor === undefined) throw new Error("Another page was expected");
  return { cursor };
}
