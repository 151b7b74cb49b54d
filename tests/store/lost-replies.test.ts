// A network that fails between us and a libSQL server: after the server has done the work, or before it hears of it.
// Either way nothing is doubled, nothing is lost, and a healthy owner is not taken for a fenced one.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { newId } from "../../src/base/ids.ts";
import type { NewEvent } from "../../src/domain/event.ts";
import { SESSION_CANCELLED, SESSION_STARTED } from "../../src/domain/session/session.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import { append, type Expected } from "../../src/store/append.ts";
import { getBlob, putBlob } from "../../src/store/blobs.ts";
import { openStore } from "../../src/store/open-store.ts";
import { catchUp } from "../../src/store/session/catch-up.ts";
import { concludeSession } from "../../src/store/session/conclude-session.ts";
import { type Taker, takeOver } from "../../src/store/session/leases.ts";
import { readFacts } from "../../src/store/session/session-facts.ts";
import { countSessions, loadSession } from "../../src/store/session/sessions.ts";
import type { Store } from "../../src/store/store.ts";
import { type DroppingProxy, startDroppingProxy } from "../support/dropping-proxy.ts";
import { type LibsqlServer, libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { type Place, serverPlace } from "../support/store-contract/place.ts";
import {
  allEvents,
  answerOf,
  foldFromZero,
  given,
  pythonInsert,
  rowsOf,
  withDatabase,
} from "../support/store-contract/rows.ts";

const WAYS = ["dropReplies", "refuse"] as const;
const OWNER = "me";
const EXPECTATIONS: Record<string, Expected> = {
  anything: { kind: "any" },
  "the newest row": { kind: "newest", aggregateType: "session", aggregateId: "orch_1", rowid: 1 },
  "to be the owner": { kind: "owner", sessionId: "orch_1", epoch: 1, ownerId: OWNER },
};

describe.skipIf(!libsqlServerAvailable())("a network that loses things", () => {
  let server: LibsqlServer;
  let proxy: DroppingProxy;
  /** Straight to the server, for looking. */
  let direct: Place;
  let watcher: Store;
  /** Through the proxy. */
  let store: Store;

  beforeAll(async () => {
    server = await startLibsqlServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    direct = await serverPlace(server.url);
    proxy = await startDroppingProxy(server.url);
    watcher = await direct.open();
    await append(watcher, { kind: "any" }, [given()]);
    await catchUp(watcher);
    const seen = { sessionId: "orch_1", executionId: "exec_1", lease: undefined, epoch: 0, newestRowid: 1 };
    await watcher.database.write([takeOver(seen, taker({ ownerId: OWNER, purpose: "run", ttlSeconds: 60 }))]);
    store = await openThrough(proxy);
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await watcher[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  for (const way of WAYS) {
    const what = way === "dropReplies" ? "whose reply is lost" : "that never arrived";
    for (const [words, expected] of Object.entries(EXPECTATIONS)) {
      for (const times of [1, 2, 3]) {
        test(`an append ${what}, ${times} in a row, expecting ${words}, is written once`, async () => {
          const events = [event(), event(), event()];
          const along = { sql: "UPDATE ouro_lease SET attempts = attempts + 1 WHERE epoch = 1" };
          // The insert, the question what became of it, and the next insert.
          proxy[way](first(times, () => true));
          expect(await append(store, expected, events, times === 1 && way === "refuse" ? [along] : [])).toBe("written");
          expect(hits(proxy, way)).toBe(times);
          expect((await allEvents(watcher)).slice(1).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
          if (times === 1 && way === "refuse") {
            expect(await rowsOf(watcher, "SELECT attempts FROM ouro_lease")).toEqual([{ attempts: 2 }]);
          }
          // The owner goes on as if nothing had been.
          expect(await append(store, { kind: "owner", sessionId: "orch_1", epoch: 1, ownerId: OWNER }, [event()])).toBe(
            "written",
          );
        });
      }
    }

    test(`an append ${what} by an owner that is fenced by then says so, unless it had been written`, async () => {
      const late = event();
      proxy[way](first(1, insertsEvents));
      // Between the first try and the second somebody takes over: the answer has to follow what really happened.
      const overtaken = withDatabase(store, {
        async write(statements) {
          try {
            return await store.database.write(statements);
          } catch (error) {
            await watcher.database.write([{ sql: "UPDATE ouro_lease SET epoch = 2, owner_id = 'other'" }]);
            throw error;
          }
        },
      });
      const owner = { kind: "owner", sessionId: "orch_1", epoch: 1, ownerId: OWNER } as const;
      expect(await append(overtaken, owner, [late])).toBe(way === "dropReplies" ? "written" : "fenced");
      expect((await allEvents(watcher)).filter(({ id }) => id === late.id)).toHaveLength(way === "dropReplies" ? 1 : 0);
    });

    test(`a conclusion ${what} is never doubled, and what was written is called written`, async () => {
      await watcher.database.write([{ sql: "UPDATE ouro_lease SET expires_at = NULL" }]);
      const facts = await readFacts(store, "orch_1");
      if (!facts) throw new Error("The session of this test is gone");
      const execution = event({
        aggregate_type: "execution",
        aggregate_id: "exec_1",
        event_type: "execution.terminal",
      });
      const cancelled = event({ event_type: SESSION_CANCELLED, payload: { epoch: 2, cancelled_by: "auto_cleanup" } });
      const conclusion = { event: cancelled, execution, jobs: [] };
      const by = taker();
      proxy[way](first(1, insertsEvents));
      if (way === "refuse") {
        await expect(concludeSession(store, facts, by, conclusion)).rejects.toMatchObject({
          code: "store_unreachable",
        });
        expect(await allEvents(watcher)).toHaveLength(1);
      }
      expect(await concludeSession(store, facts, by, conclusion)).toBe("written");
      expect((await allEvents(watcher)).slice(1).map(({ id }) => id)).toEqual([cancelled.id, execution.id]);
      expect(await rowsOf(watcher, "SELECT epoch FROM ouro_lease")).toEqual([{ epoch: 2 }]);
      await agrees(watcher);
    });

    test(`catching up by a request ${what}, whichever of them it is, misses nothing and folds nothing twice`, async () => {
      const sizes: number[] = [];
      for (let nth = 1; nth <= 5; nth++) {
        const ids = Array.from({ length: 3 }, (_, at) => `orch_${nth}_${at}`);
        await watcher.database.write(ids.map((aggregateId) => pythonInsert({ aggregateId, type: SESSION_STARTED })));
        proxy[way](numbered(nth));
        await catchUp(store).catch((error: unknown) => expect(error).toMatchObject({ code: "store_unreachable" }));
        proxy[way](0);
        await catchUp(store);
        sizes.push(Object.values(await countSessions(watcher)).reduce((sum, n) => sum + n, 0));
        await agrees(watcher);
      }
      expect(sizes).toEqual([4, 7, 10, 13, 16]);
      expect(hits(proxy, way)).toBeGreaterThanOrEqual(3);
    });

    test(`opening by a request ${what}, whichever of them it is, leaves a whole store or none`, async () => {
      const whole = await rowsOf(watcher, "SELECT name, sql FROM sqlite_master ORDER BY name");
      for (let nth = 1; nth <= 5; nth++) {
        await using _ = await serverPlace(server.url);
        proxy[way](numbered(nth));
        await openThrough(proxy).then(
          (opened) => opened[Symbol.asyncDispose](),
          (error: unknown) => expect(error).toMatchObject({ code: "store_unreachable", next: expect.any(String) }),
        );
        proxy[way](0);
        await using opened = await openThrough(proxy);
        expect(await rowsOf(opened, "SELECT name, sql FROM sqlite_master ORDER BY name")).toEqual(whole);
        expect(await rowsOf(opened, "SELECT value FROM ouro_meta ORDER BY key")).toEqual([
          { value: "1" },
          { value: "1" },
          { value: "0:" },
        ]);
        expect(await append(opened, { kind: "any" }, [event()])).toBe("written");
      }
      expect(hits(proxy, way)).toBeGreaterThanOrEqual(3);
    });
  }

  test("a server that stays away is reported as unreachable after some tries, and nothing was written", async () => {
    proxy.refuse(() => true);
    await expect(append(store, { kind: "any" }, [event()])).rejects.toMatchObject({ code: "store_unreachable" });
    expect(proxy.counts.refused).toBeGreaterThan(3);
    proxy.refuse(0);
    expect(await allEvents(watcher)).toHaveLength(1);
    const late = event();
    expect(await append(store, { kind: "any" }, [late])).toBe("written");
    expect((await allEvents(watcher)).map(({ id }) => id)).toContain(late.id);
  });

  test("a body whose reply is lost is stored once", async () => {
    const body = new TextEncoder().encode("a large output");
    proxy.dropReplies(first(1, (text) => text.includes("ouro_blob")));
    const hash = await putBlob(store, body).catch(() => putBlob(store, body));
    expect(await getBlob(watcher, hash)).toEqual(body);
    expect(await rowsOf(watcher, "SELECT count(*) AS n FROM ouro_blob")).toEqual([{ n: 1 }]);
  });
});

function openThrough(proxy: DroppingProxy): Promise<Store> {
  return openStore({ kind: "remote", url: proxy.url, token: undefined }, { readOnly: false, create: true });
}

function event(fields: Partial<NewEvent> = {}): NewEvent {
  return given({ event_type: "orchestrator.progress.updated", payload: {}, ...fields });
}

function taker(fields: Partial<Taker> = {}): Taker {
  return {
    ownerId: newId(),
    purpose: "sweep",
    identity: ownIdentity(),
    ttlSeconds: null,
    overCancelRequest: false,
    ...fields,
  };
}

function insertsEvents(body: string): boolean {
  return /INSERT (OR IGNORE )?INTO events/.test(body);
}

/** The first so many requests that satisfy the predicate. */
function first(times: number, wanted: (body: string) => boolean): (body: string) => boolean {
  let left = times;
  return (body) => left > 0 && wanted(body) && left-- > 0;
}

/** Only the nth request from now on. */
function numbered(nth: number): () => boolean {
  let seen = 0;
  return () => ++seen === nth;
}

function hits(proxy: DroppingProxy, way: (typeof WAYS)[number]): number {
  return way === "dropReplies" ? proxy.counts.repliesDropped : proxy.counts.refused;
}

async function agrees(store: Store): Promise<void> {
  for (const [id, answer] of await foldFromZero(store)) {
    const loaded = await loadSession(store, id);
    expect(loaded && answerOf(loaded.session)).toEqual(answer);
  }
}
