import { describe, expect, test } from "bun:test";
import { newId } from "../../../src/base/ids.ts";
import { SESSION_CANCELLED, SESSION_COMPLETED, SESSION_PAUSED } from "../../../src/domain/session/session.ts";
import { ownIdentity } from "../../../src/process/identity.ts";
import { append } from "../../../src/store/append.ts";
import { openJobs } from "../../../src/store/jobs/python-jobs.ts";
import { catchUp } from "../../../src/store/session/catch-up.ts";
import { type Conclusion, concludeSession } from "../../../src/store/session/conclude-session.ts";
import type { Taker } from "../../../src/store/session/leases.ts";
import { readFacts, type StoredFacts } from "../../../src/store/session/session-facts.ts";
import { countSessions, loadSession } from "../../../src/store/session/sessions.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Place } from "./place.ts";
import { allEvents, answerOf, foldFromZero, given, NOON, pythonInsert, rowsOf } from "./rows.ts";

const TERMINAL_GUARDS = `CREATE TABLE session_terminal_guards (session_id VARCHAR(128) NOT NULL PRIMARY KEY,
terminal_event_id VARCHAR(36) NOT NULL, terminal_event_type VARCHAR(200) NOT NULL,
created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL)`;

/** A whole session changing its status in one batch. */
export function concludingContract(fresh: () => Promise<Place>): void {
  describe("concluding a session", () => {
    test("writes exactly the session's row, execution.terminal and its jobs, and moves the projection along", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const facts = await orphan(store);
      const conclusion = cancellation();
      const taker = takerOf();
      expect(await concludeSession(store, facts, taker, conclusion)).toBe("written");
      const added = (await allEvents(store)).slice(2);
      expect(
        added.map(({ id, aggregate_type, aggregate_id, event_type, payload, at }) => ({
          id,
          aggregate_type,
          aggregate_id,
          event_type,
          payload,
          at,
        })),
      ).toEqual([conclusion.event, conclusion.execution, ...conclusion.jobs].filter((event) => event !== undefined));
      expect(
        await rowsOf(store, "SELECT status, status_by, status_event_id, folded_rowid, status_rowid FROM ouro_session"),
      ).toEqual([
        {
          status: "cancelled",
          status_by: "auto_cleanup",
          status_event_id: conclusion.event.id,
          folded_rowid: 3,
          status_rowid: 3,
        },
      ]);
      expect(await rowsOf(store, "SELECT epoch, owner_id, purpose, expires_at FROM ouro_lease")).toEqual([
        { epoch: 1, owner_id: taker.ownerId, purpose: "sweep", expires_at: null },
      ]);
      expect((await openJobs(store, { before: 1e9, window: 5 })).jobs).toEqual([]);
      await agrees(store);
    });

    test("of two conclusions from the same facts one is written, the other changes nothing", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await using other = await place.open();
      const facts = await orphan(store);
      const conclusions = [cancellation(), cancellation()] as const;
      const outcomes = await Promise.all([
        concludeSession(store, facts, takerOf(), conclusions[0]),
        concludeSession(other, facts, takerOf(), conclusions[1]),
      ]);
      expect([...outcomes].sort()).toEqual(["moved_on", "written"]);
      expect(await allEvents(store)).toHaveLength(5);
      await agrees(store);
    });

    test("anything that came since the facts were read makes it change nothing at all", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const facts = await orphan(store);
      await store.database.write([
        pythonInsert({ aggregateType: "execution", aggregateId: "exec_1_ac_0", type: "execution.tool.started" }),
      ]);
      expect(await concludeSession(store, facts, takerOf(), cancellation())).toBe("moved_on");
      expect(await allEvents(store)).toHaveLength(3);
      expect(await rowsOf(store, "SELECT * FROM ouro_lease")).toEqual([]);
      expect(await countSessions(store)).toEqual({ running: 1 });
    });

    test("an execution that has ended gets no second end", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await orphan(store);
      await store.database.write([
        pythonInsert({ id: "ended", aggregateType: "execution", aggregateId: "exec_1", type: "execution.terminal" }),
      ]);
      const facts = await factsOf(store);
      expect(await concludeSession(store, facts, takerOf(), cancellation())).toBe("written");
      const ends = (await allEvents(store)).filter(({ event_type }) => event_type === "execution.terminal");
      expect(ends.map(({ id }) => id)).toEqual(["ended"]);
    });

    test("a job that was closed meanwhile under the same id stays closed as it was", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const facts = await orphan(store);
      const id = "mcp-job-recovered-interrupted-job_1";
      await store.database.write([
        pythonInsert({
          id,
          aggregateType: "job",
          aggregateId: "job_1",
          type: "mcp.job.interrupted",
          payload: { by: "python" },
        }),
      ]);
      expect(await concludeSession(store, facts, takerOf(), cancellation())).toBe("written");
      const jobs = (await allEvents(store)).filter((event) => event.id === id);
      expect(jobs.map(({ payload }) => payload)).toEqual([{ by: "python" }]);
    });

    test("where v0.51 keeps the first terminal of a session, a terminal is noted there, a pause is not", async () => {
      await using place = await fresh();
      await addGuards(place);
      await using store = await place.open();
      const facts = await orphan(store);
      const pause = {
        ...cancellation(),
        event: given({ event_type: SESSION_PAUSED, payload: { reason: "owner_died", epoch: 1 } }),
      };
      expect(await concludeSession(store, facts, takerOf(), pause)).toBe("written");
      expect(await rowsOf(store, "SELECT * FROM session_terminal_guards")).toEqual([]);
      const conclusion = cancellation({ epoch: 2 });
      expect(await concludeSession(store, await factsOf(store), takerOf(), conclusion)).toBe("written");
      expect(
        await rowsOf(store, "SELECT session_id, terminal_event_id, terminal_event_type FROM session_terminal_guards"),
      ).toEqual([
        { session_id: "orch_1", terminal_event_id: conclusion.event.id, terminal_event_type: SESSION_CANCELLED },
      ]);
      expect(await rowsOf(store, "SELECT created_at FROM session_terminal_guards")).toEqual([
        { created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) },
      ]);
      await agrees(store);
    });

    test("a guard row that stands is left alone, and a conclusion that lost notes nothing", async () => {
      await using place = await fresh();
      await addGuards(place);
      await using store = await place.open();
      const facts = await orphan(store);
      await append(store, { kind: "any" }, [given({ event_type: "x" })]);
      expect(await concludeSession(store, facts, takerOf(), cancellation())).toBe("moved_on");
      expect(await rowsOf(store, "SELECT * FROM session_terminal_guards")).toEqual([]);
      await store.database.write([
        { sql: "INSERT INTO session_terminal_guards VALUES ('orch_1', 'first', 'x', '2026-01-01 00:00:00')" },
      ]);
      expect(await concludeSession(store, await factsOf(store), takerOf(), cancellation())).toBe("written");
      expect(await rowsOf(store, "SELECT terminal_event_id FROM session_terminal_guards")).toEqual([
        { terminal_event_id: "first" },
      ]);
    });

    test("a projection that somebody drops in the middle is made again, and the conclusion written", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const facts = await orphan(store);
      await store.database.write([{ sql: "DROP TABLE ouro_session" }]);
      expect(await concludeSession(store, facts, takerOf(), cancellation())).toBe("written");
      expect(await allEvents(store)).toHaveLength(5);
      await agrees(store);
    });

    test("an end that Python wrote first absorbs ours", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await orphan(store);
      await store.database.write([pythonInsert({ aggregateId: "orch_1", type: SESSION_COMPLETED })]);
      // A cancellation on top of it is a mistake of the caller's, and still the fold decides.
      await concludeSession(store, await factsOf(store), takerOf(), cancellation());
      expect((await loadSession(store, "orch_1"))?.session.status).toBe("completed");
      await agrees(store);
    });
  });
}

function cancellation(extra: Record<string, unknown> = {}): Conclusion {
  const at = NOON + 9e6;
  return {
    event: given({
      event_type: SESSION_CANCELLED,
      payload: { reason: "silent", cancelled_by: "auto_cleanup", epoch: 1, ...extra },
      at,
    }),
    execution: given({
      aggregate_type: "execution",
      aggregate_id: "exec_1",
      event_type: "execution.terminal",
      payload: { session_id: "orch_1", status: "cancelled" },
      at,
    }),
    jobs: [
      given({
        id: "mcp-job-recovered-interrupted-job_1",
        aggregate_type: "job",
        aggregate_id: "job_1",
        event_type: "mcp.job.interrupted",
        payload: { status: "interrupted" },
        at,
      }),
    ],
  };
}

async function orphan(store: Store): Promise<StoredFacts> {
  await append(store, { kind: "any" }, [
    given({
      aggregate_type: "job",
      aggregate_id: "job_1",
      event_type: "mcp.job.created",
      payload: { links: { session_id: "orch_1" } },
    }),
    given(),
  ]);
  await catchUp(store);
  return factsOf(store);
}

async function factsOf(store: Store): Promise<StoredFacts> {
  const facts = await readFacts(store, "orch_1");
  if (!facts) throw new Error("The session of this test is gone");
  return facts;
}

function takerOf(): Taker {
  return { ownerId: newId(), purpose: "sweep", identity: ownIdentity(), ttlSeconds: null, overCancelRequest: false };
}

async function addGuards(place: Place): Promise<void> {
  await using store = await place.open();
  await store.database.write([{ sql: TERMINAL_GUARDS }]);
}

/** The projection, before and after catching up, says what a fold from zero says. */
async function agrees(store: Store): Promise<void> {
  const oracle = await foldFromZero(store);
  for (const step of ["as it stands", "caught up"]) {
    if (step === "caught up") await catchUp(store);
    for (const [id, answer] of oracle) {
      const loaded = await loadSession(store, id);
      expect([step, loaded && answerOf(loaded.session)]).toEqual([step, answer]);
    }
  }
}
