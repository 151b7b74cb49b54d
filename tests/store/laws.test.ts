// Laws of the projection: whoever writes, in whatever order, and whenever somebody catches up, it says what a fold
// from zero says. SOAK=1 looks longer.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type PyObject, pythonJson } from "../../scripts/make-store/python-json.ts";
import { newId } from "../../src/base/ids.ts";
import type { Payload } from "../../src/domain/event.ts";
import { storablePayload } from "../../src/domain/payload.ts";
import {
  AUTO_CLEANUP,
  isReopenable,
  isTerminal,
  LIFECYCLE_TYPES,
  PROGRESS_UPDATED,
  SESSION_CANCELLED,
  SESSION_PAUSED,
  SESSION_REOPENED,
  SESSION_STARTED,
} from "../../src/domain/session/session.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import { append } from "../../src/store/append.ts";
import { eventsAfter, queryEvents } from "../../src/store/event-queries.ts";
import { openStore } from "../../src/store/open-store.ts";
import { catchUp } from "../../src/store/session/catch-up.ts";
import { concludeSession } from "../../src/store/session/conclude-session.ts";
import { openSessionIds, type Taker } from "../../src/store/session/leases.ts";
import { readFacts } from "../../src/store/session/session-facts.ts";
import { readProgress } from "../../src/store/session/session-progress.ts";
import { SESSION_COLUMNS, toSession } from "../../src/store/session/session-rows.ts";
import { countSessions, findByExecution, listSessions, loadSession } from "../../src/store/session/sessions.ts";
import { adoptStartless } from "../../src/store/session/startless-sessions.ts";
import type { Store } from "../../src/store/store.ts";
import {
  allEvents,
  answerOf,
  foldFromZero,
  given,
  NOON,
  rawInsert,
  rowsOf,
  withDatabase,
} from "../support/store-contract/rows.ts";

const soak = process.env.SOAK === "1";
const SESSIONS = ["orch_1", "orch_2", 'orch "3"\\ 다'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ouroboros-laws-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function freshStore(): Promise<Store> {
  const target = { kind: "file", path: join(folder, `${newId()}.db`), createFolder: false } as const;
  return openStore(target, { readOnly: false, create: true });
}

type Step =
  | {
      readonly do: "write";
      readonly by: "us" | "python";
      readonly session: number;
      readonly type: string;
      readonly word: Word;
    }
  | { readonly do: "conclude"; readonly session: number; readonly to: "cancelled" | "paused" | "reopened" }
  | { readonly do: "catch up" | "catch up elsewhere" | "drop the projection" }
  | { readonly do: "load"; readonly session: number };

interface Word {
  readonly status: string;
  readonly by: string;
  readonly epoch: unknown;
  readonly reopens: number;
  readonly broken: boolean;
}

const session = fc.nat(SESSIONS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      by: fc.constantFrom("us" as const, "python" as const),
      session,
      type: fc.oneof(
        fc.constantFrom(...LIFECYCLE_TYPES),
        fc.constantFrom(PROGRESS_UPDATED, SESSION_PAUSED, SESSION_REOPENED, "orchestrator.tool.called"),
      ),
      word: fc.record({
        status: fc.constantFrom("running", " RUNNING ", "completed", ""),
        by: fc.constantFrom(AUTO_CLEANUP, "user", ""),
        epoch: fc.constantFrom(undefined, 1, 2, 7, -1, 1.5, 1e308, "3", null),
        reopens: fc.nat(40),
        broken: fc.nat(7).map((n) => n === 0),
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("conclude" as const),
      session,
      to: fc.constantFrom("cancelled" as const, "paused" as const, "reopened" as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("catch up" as const, "catch up elsewhere" as const, "drop the projection" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("load" as const), session }) },
);

describe("the projection", () => {
  test(
    "is the fold from zero, whatever two writers did and whenever anybody caught up",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
          await using store = await freshStore();
          await using other = await openStore(store.target, { readOnly: false, create: true });
          for (const [at, one] of steps.entries()) await take(one, at, store, other);
          const oracle = await foldFromZero(store);
          // As sessions are read one by one, before anybody catches up, …
          for (const [id, answer] of oracle) {
            const loaded = await loadSession(store, id);
            expect(loaded && answerOf(loaded.session)).toEqual(answer);
          }
          // … and as they stand in the table afterwards.
          await catchUp(store);
          await adoptStartless(store, "");
          const rows = (await rowsOf(store, `SELECT ${SESSION_COLUMNS} FROM ouro_session`)).map((row) =>
            toSession(row as unknown as Parameters<typeof toSession>[0]),
          );
          expect(Object.fromEntries(rows.map((row) => [row.session_id, answerOf(row)]))).toEqual(
            Object.fromEntries(oracle),
          );
        }),
        { numRuns: soak ? 1_500 : 60 },
      );
    },
    soak ? 600_000 : 60_000,
  );
});

async function take(one: Step, at: number, store: Store, other: Store): Promise<void> {
  switch (one.do) {
    case "write":
      return write(one, at, store);
    case "conclude":
      return conclude(one.to, SESSIONS[one.session] ?? "", at, store);
    case "load":
      await loadSession(store, SESSIONS[one.session] ?? "");
      return;
    case "catch up":
      await catchUp(store);
      return;
    case "catch up elsewhere":
      await catchUp(other);
      return;
    case "drop the projection":
      await store.database.write([{ sql: "DROP TABLE IF EXISTS ouro_session" }]);
  }
}

async function write({ by, session, type, word }: Step & { do: "write" }, at: number, store: Store): Promise<void> {
  const reopens = word.reopens < at ? await idOf(store, word.reopens) : undefined;
  const payload = {
    execution_id: `exec_${session}`,
    seed_goal: "g",
    epoch: word.epoch,
    reason: `step ${at}`,
    cancelled_by: word.by === "" ? undefined : word.by,
    reopens,
    progress: { runtime_status: word.status },
  };
  const aggregateId = SESSIONS[session] ?? "";
  if (by === "us") {
    const event = given({ aggregate_id: aggregateId, event_type: type, payload, at: NOON + at });
    await append(store, { kind: "any" }, [event]);
    return;
  }
  const text = word.broken ? "{broken" : pythonJson(payload as PyObject);
  const row = { id: newId(), aggregateType: "session", aggregateId, type, payload: text };
  await store.database.write([rawInsert({ ...row, timestamp: `2026-04-03 12:00:00.${String(at).padStart(6, "0")}` })]);
}

/** The id of the row that decided some session's status, or of any row: what a reopening names. */
async function idOf(store: Store, which: number): Promise<string | undefined> {
  const events = await allEvents(store);
  const terminals = events.filter(({ event_type }) => event_type === SESSION_CANCELLED);
  return (which % 2 === 0 ? terminals.at(-1) : events[which % Math.max(1, events.length)])?.id;
}

async function conclude(
  to: "cancelled" | "paused" | "reopened",
  sessionId: string,
  at: number,
  store: Store,
): Promise<void> {
  const facts = await readFacts(store, sessionId);
  if (!facts) return;
  const { session } = facts;
  if (to === "reopened" ? !isReopenable(session) : isTerminal(session.status)) return;
  const type = { cancelled: SESSION_CANCELLED, paused: SESSION_PAUSED, reopened: SESSION_REOPENED }[to];
  const payload = {
    cancelled_by: AUTO_CLEANUP,
    reopens: session.status_event_id,
    epoch: session.epoch + 1,
    reason: `step ${at}`,
  };
  const event = given({ aggregate_id: sessionId, event_type: type, payload, at: NOON + at });
  const execution = given({
    aggregate_type: "execution",
    aggregate_id: "exec_0",
    event_type: "execution.terminal",
    payload: {},
  });
  expect(await concludeSession(store, facts, taker(), { event, execution, jobs: [] })).toBe("written");
}

function taker(): Taker {
  return { ownerId: newId(), purpose: "sweep", identity: ownIdentity(), ttlSeconds: null, overCancelRequest: true };
}

describe("dropping the projection", () => {
  const questions: Record<string, (store: Store) => Promise<unknown>> = {
    "loading a session": (store) => loadSession(store, "orch_1"),
    "its facts": async (store) => ({ ...(await readFacts(store, "orch_2")), now: 0 }),
    "its progress": async (store) => {
      const loaded = await loadSession(store, "orch_2");
      return loaded && readProgress(store, loaded.session);
    },
    "the list": (store) => listSessions(store, { limit: 2 }),
    "the counts": countSessions,
    "the open ones": (store) => openSessionIds(store, { after: "", limit: 9, leases: "all" }),
    "a look-up by execution": (store) => findByExecution(store, "exec_2"),
    "a session's events": (store) => queryEvents(store, { sessionId: "orch_1", limit: 9, offset: 0 }),
    "streams without a start": async (store) => {
      await adoptStartless(store, "");
      return loadSession(store, "orch_4");
    },
    "a conclusion": async (store) => {
      const facts = await readFacts(store, "orch_2");
      const event = given({
        id: "the end",
        aggregate_id: "orch_2",
        event_type: SESSION_CANCELLED,
        payload: { epoch: 1 },
      });
      const outcome =
        facts && (await concludeSession(store, facts, taker(), { event, execution: undefined, jobs: [] }));
      await catchUp(store);
      return [outcome, await countSessions(store)];
    },
  };
  for (const [what, ask] of Object.entries(questions)) {
    test(`changes nothing about ${what}, before whichever statement it happens`, async () => {
      const expected = await answer(ask, 0);
      let dropped = 0;
      for (let nth = 1; nth <= 8; nth++) dropped += expectSame(await answer(ask, nth), expected);
      expect(dropped).toBeGreaterThan(0);
    });
  }

  function expectSame(got: Answered, expected: Answered): number {
    expect(got.answer).toEqual(expected.answer);
    return got.dropped ? 1 : 0;
  }

  interface Answered {
    readonly answer: unknown;
    readonly dropped: boolean;
  }

  async function answer(ask: (store: Store) => Promise<unknown>, dropBefore: number): Promise<Answered> {
    await using store = await freshStore();
    await append(store, { kind: "any" }, [
      ...[1, 2, 3].map((n) =>
        given({ id: `s${n}`, aggregate_id: `orch_${n}`, payload: { execution_id: `exec_${n}` }, at: NOON + n }),
      ),
      given({ id: "p2", aggregate_id: "orch_2", event_type: PROGRESS_UPDATED, payload: { progress: { step: 1 } } }),
      given({ id: "p3", aggregate_id: "orch_3", event_type: SESSION_PAUSED, payload: {} }),
      given({ id: "p4", aggregate_id: "orch_4", event_type: PROGRESS_UPDATED, payload: {} }),
    ]);
    await catchUp(store);
    let calls = 0;
    const drop = async () => {
      if (++calls === dropBefore) await store.database.write([{ sql: "DROP TABLE ouro_session" }]);
    };
    const watched = withDatabase(store, {
      async read(statements) {
        await drop();
        return store.database.read(statements);
      },
      async write(statements) {
        await drop();
        return store.database.write(statements);
      },
    });
    return { answer: await ask(watched), dropped: dropBefore > 0 && calls >= dropBefore };
  }
});

describe("rows that were deleted or renumbered", () => {
  test(
    "are noticed at the next catching up, and everything is folded again",
    async () => {
      const history = fc.array(fc.record({ session, type: fc.constantFrom(...LIFECYCLE_TYPES, PROGRESS_UPDATED) }), {
        minLength: 4,
        maxLength: 25,
      });
      await fc.assert(
        fc.asyncProperty(history, fc.nat(24), fc.boolean(), history, async (before, cut, renumber, after) => {
          await using store = await freshStore();
          await fill(store, before);
          await catchUp(store);
          if (renumber) {
            // As VACUUM may do where no column is the row's number: the rows move down into the gap.
            const gone = Math.min(cut, before.length - 1);
            await store.database.write([
              { sql: "DELETE FROM events WHERE rowid <= ?", args: [gone] },
              { sql: "UPDATE events SET rowid = rowid - ?", args: [gone] },
            ]);
          } else {
            // A restored copy: the last rows are gone, and others get their numbers.
            await store.database.write([{ sql: "DELETE FROM events WHERE rowid > ?", args: [cut] }]);
          }
          await fill(store, after);
          await catchUp(store);
          await adoptStartless(store, "");
          const rows = await listSessions(store, { limit: 99 });
          const oracle = Object.fromEntries(await foldFromZero(store));
          expect(Object.fromEntries(rows.sessions.map((row) => [row.session_id, answerOf(row)]))).toEqual(oracle);
        }),
        { numRuns: soak ? 500 : 25 },
      );
    },
    soak ? 600_000 : 60_000,
  );

  async function fill(
    store: Store,
    history: readonly { readonly session: number; readonly type: string }[],
  ): Promise<void> {
    const rows = history.map(({ session, type }) =>
      given({ aggregate_id: SESSIONS[session] ?? "", event_type: type, payload: {} }),
    );
    await append(store, { kind: "any" }, rows);
  }
});

describe("row, event and row again", () => {
  test(
    "are the same for any payload, written by us or in Python's spelling",
    async () => {
      await using store = await freshStore();
      let top = 0;
      await fc.assert(
        fc.asyncProperty(payloads, async (payload) => {
          const ours = given({ payload });
          await append(store, { kind: "any" }, [ours]);
          const python = { id: newId(), aggregateType: "session", aggregateId: "orch_1", type: SESSION_STARTED };
          const text = pythonJson(payload as PyObject);
          await store.database.write([
            rawInsert({ ...python, payload: text, timestamp: "2026-04-03 12:00:00.000000" }),
          ]);
          const events = await eventsAfter(store, top, 2);
          top += 2;
          const { rowid: _, timestamp, ...event } = events[0] ?? expect.unreachable();
          expect(event).toEqual({ ...ours, payload: plain(storablePayload(payload)) });
          expect(timestamp).toBe("2026-04-03 12:00:00.000000");
          expect(events[1]?.payload).toEqual(plain(payload));
          // And what was read can be written again, letter for letter.
          expect(JSON.stringify(storablePayload(event.payload))).toBe(JSON.stringify(storablePayload(payload)));
        }),
        { numRuns: soak ? 3_000 : 200 },
      );
    },
    soak ? 600_000 : 60_000,
  );

  const payloads: fc.Arbitrary<Payload> = fc
    .dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary", maxDepth: 4 }), { maxKeys: 6 })
    // v0.51's own key is taken off by every reader.
    .filter((payload) => !("event_version" in payload));

  /** JSON knows no negative zero. */
  function plain(payload: Payload): Payload {
    return JSON.parse(JSON.stringify(payload));
  }
});
