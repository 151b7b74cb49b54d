// Work for hosts: asked once however often it is asked, answered once whoever answers, on either engine.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { query } from "../../src/store/engine/database.ts";
import { openStore } from "../../src/store/open-store.ts";
import { isAnswered, openOrders } from "../../src/store/orders/open-orders.ts";
import { type Submitted, submitResult } from "../../src/store/orders/submit-result.ts";
import { CLAIM_SECONDS, claimOrder, extendClaim } from "../../src/store/orders/work-claims.ts";
import { createOrder, forgetFaults, rejectResult } from "../../src/store/orders/work-orders.ts";
import { type Order, type OrderBody, readOrder } from "../../src/store/orders/work-rows.ts";
import type { Store } from "../../src/store/store.ts";
import { startDroppingProxy } from "../support/dropping-proxy.ts";
import { type LibsqlServer, libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { filePlace, type Place, serverPlace } from "../support/store-contract/place.ts";

setDefaultTimeout(60_000);

const RACES = process.env.SOAK === "1" ? 200 : 12;
const BODY: OrderBody = {
  scope: { aggregateType: "interview", aggregateId: "interview_1" },
  role: "standard",
  instructions: "Ask the next question.",
  input: "round 1: a wish",
  answer_schema: { type: "object", properties: { question: { type: "string" }, clarity: { type: "number" } } },
  continuation: { tool: "ouroboros_interview", arguments: { session_id: "interview_1" } },
};
const RESULT = { question: "Who will use it?", clarity: 0.4 };

workOrders("a file", filePlace);

const available = libsqlServerAvailable();
const reason = available ? "" : " (skipped: no libSQL server binary for this platform)";

describe.skipIf(!available)(`with a real libSQL server${reason}`, () => {
  let server: LibsqlServer;
  beforeAll(async () => {
    server = await startLibsqlServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  workOrders("a server", () => serverPlace(server.url));

  test.each(["dropReplies", "refuse"] as const)(
    "a network that fails once (%s) doubles and loses nothing",
    async (way) => {
      await using direct = await serverPlace(server.url);
      await using watcher = await direct.open();
      await using proxy = await startDroppingProxy(server.url);
      await using store = await openStore(
        { kind: "remote", url: proxy.url, token: undefined },
        { readOnly: false, create: true },
      );
      const isWork = (body: string) => /(INSERT INTO|UPDATE) ouro_work/.test(body);
      const lose = () => {
        let left = 1;
        proxy[way]((body) => isWork(body) && left-- > 0);
      };
      lose();
      const order = await ask(store);
      lose();
      const claim = await claimOrder(store, order.work_id, "a sub-agent");
      expect(claim).toMatchObject({ outcome: "claimed", order: { claim_epoch: 1 } });
      lose();
      expect(await submit(store, order, RESULT, 1)).toBe("accepted");
      expect((await eventsOf(watcher)).map(({ type }) => type)).toEqual(["llm.call.requested", "llm.call.returned"]);
      expect((await readOrder(watcher, order.work_id))?.result?.value).toEqual(RESULT);
    },
  );
});

function workOrders(engine: string, fresh: () => Promise<Place>): void {
  describe(`work orders on ${engine}`, () => {
    test("the same question is the same order, and is on record once, without its words", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const first = await ask(store);
      expect(first).toMatchObject({ status: "open", kind: "interview.next", claim_epoch: 0, body: BODY, faults: [] });
      expect(first.work_id).toMatch(/^work_[0-9a-f]{24}$/);
      expect(await ask(store)).toEqual(first);
      const [event, ...others] = await eventsOf(store);
      expect(others).toEqual([]);
      expect(event).toMatchObject({ type: "llm.call.requested", aggregate: "interview_1" });
      expect(event?.payload).toEqual({
        mind: "host",
        model: null,
        role: "standard",
        kind: "interview.next",
        work_id: first.work_id,
      });
    });

    test("another scope, kind, input, instruction or schema is another order; another continuation is not", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const { work_id } = await ask(store);
      const others: OrderBody[] = [
        { ...BODY, scope: { ...BODY.scope, aggregateId: "interview_2" } },
        { ...BODY, input: "round 2" },
        { ...BODY, instructions: "Ask well." },
        { ...BODY, answer_schema: { type: "object" } },
      ];
      const ids = [work_id, (await createOrder(store, "interview.score", BODY)).work_id];
      for (const body of others) ids.push((await ask(store, body)).work_id);
      expect(new Set(ids).size).toBe(6);
      const moved = await ask(store, {
        ...BODY,
        continuation: { tool: "ouroboros_interview", arguments: { answer: "x" } },
      });
      expect(moved).toMatchObject({ work_id, body: { continuation: { arguments: { answer: "x" } } } });
    });

    test("an answer is stored once; the same again is no fault, and another one changes nothing", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const order = await ask(store);
      expect(await submit(store, order, RESULT)).toBe("accepted");
      expect(await submit(store, order, { clarity: 0.4, question: "Who will use it?" })).toBe("already");
      expect(await submit(store, order, { question: "Why?", clarity: 1 })).toBe("answered");
      const stored = await ask(store);
      expect(stored).toMatchObject({ status: "answered", result: { value: RESULT }, superseded: [] });
      const events = await eventsOf(store);
      expect(events.map(({ type }) => type)).toEqual(["llm.call.requested", "llm.call.returned"]);
      expect(events[1]?.payload).toMatchObject({ mind: "host", outcome: "answered", attempts: 1, usage: null });
      expect(JSON.stringify(events)).not.toContain("Who will use it");
    });

    test("nobody knows an order that was never made", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const order = await ask(store);
      expect(await readOrder(store, "work_0")).toBeUndefined();
      expect(await submit(store, { ...order, work_id: "work_0" }, RESULT)).toBe("unknown");
      expect(await claimOrder(store, "work_0", "me")).toEqual({ outcome: "unknown" });
      expect(await extendClaim(store, "work_0", 1)).toBe(false);
      expect(await eventsOf(store)).toHaveLength(1);
    });

    test("an order nobody asks for any more takes no answer until it is asked for again", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const order = await ask(store);
      await age(store, "open_until");
      expect((await readOrder(store, order.work_id))?.status).toBe("expired");
      expect(await submit(store, order, RESULT)).toBe("expired");
      expect(await claimOrder(store, order.work_id, "me")).toEqual({ outcome: "expired" });
      expect(await ask(store)).toMatchObject({ work_id: order.work_id, status: "open" });
      expect(await submit(store, order, RESULT)).toBe("accepted");
      await age(store, "open_until");
      expect(await submit(store, order, RESULT)).toBe("already");
    });

    test("those that wait for an answer are listed by session, the oldest first, with who holds them", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const of = (session_id: string, input: string) => ask(store, { ...BODY, session_id, input });
      const [first, second, other] = [await of("orch_1", "a"), await of("orch_1", "b"), await of("orch_2", "c")];
      const ids = async (kind = "interview.next") =>
        (await openOrders(store, kind, "orch_1")).map(({ work_id, claim }) => [work_id, claim?.by]);
      await claimOrder(store, second.work_id, "an agent");
      expect(await ids()).toEqual([
        [first.work_id, undefined],
        [second.work_id, "an agent"],
      ]);
      expect(await ids("run.step")).toEqual([]);
      expect(await isAnswered(store, [first.work_id, second.work_id])).toBe(false);
      await submit(store, second, RESULT, 1);
      expect(await ids()).toEqual([[first.work_id, undefined]]);
      expect(await isAnswered(store, [first.work_id, second.work_id])).toBe(true);
      expect(await isAnswered(store, [first.work_id, other.work_id])).toBe(false);
      expect(await isAnswered(store, [])).toBe(false);
      // Of sessions nobody has heard of, none is anybody's to take.
      expect(await openOrders(store, "interview.next")).toEqual([]);
      await age(store, "open_until");
      expect(await ids()).toEqual([]);
    });

    test("one claim at a time, by the store's clock, extended by whoever carries it", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const { work_id } = await ask(store);
      expect(await claimOrder(store, work_id, "first")).toMatchObject({
        outcome: "claimed",
        order: { work_id, claim_epoch: 1, claim: { by: "first", expires_at: expect.stringMatching(/^20.*\+00:00$/) } },
      });
      expect(await claimOrder(store, work_id, "second")).toEqual({ outcome: "claimed_by_another" });
      expect(await secondsLeft(store)).toBeGreaterThan(CLAIM_SECONDS - 60);
      await age(store, "expires_at");
      expect(await extendClaim(store, work_id, 1)).toBe(true);
      expect(await claimOrder(store, work_id, "second")).toEqual({ outcome: "claimed_by_another" });
      await age(store, "expires_at");
      expect(await claimOrder(store, work_id, "second")).toMatchObject({
        outcome: "claimed",
        order: { claim_epoch: 2 },
      });
      expect(await extendClaim(store, work_id, 1)).toBe(false);
      expect(await extendClaim(store, work_id, 3)).toBe(false);
    });

    test("a late answer counts when nobody has claimed since", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const order = await ask(store);
      await claimOrder(store, order.work_id, "first");
      await age(store, "expires_at");
      expect(await submit(store, order, RESULT, 1)).toBe("accepted");
      expect(await claimOrder(store, order.work_id, "second")).toEqual({ outcome: "answered" });
    });

    test("else it is kept, marked superseded, and the claimer's own counts", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const order = await ask(store);
      await claimOrder(store, order.work_id, "first");
      await age(store, "expires_at");
      await claimOrder(store, order.work_id, "second");
      expect(await submit(store, order, { question: "late", clarity: 0 }, 1)).toBe("superseded");
      expect(await submit(store, order, { question: "late", clarity: 0 }, 1)).toBe("superseded");
      expect(await submit(store, order, { question: "unclaimed", clarity: 0 })).toBe("superseded");
      expect(await submit(store, order, RESULT, 3)).toBe("not_claimed");
      expect(await submit(store, order, RESULT, 2)).toBe("accepted");
      expect(await submit(store, order, { question: "very late", clarity: 0 }, 1)).toBe("superseded");
      const stored = await readOrder(store, order.work_id);
      expect(stored?.result?.value).toEqual(RESULT);
      expect(stored?.superseded.map(({ claim_epoch }) => claim_epoch)).toEqual([1, 0, 1]);
      const kept = await query(
        store.database,
        "SELECT count(*) AS n FROM ouro_blob WHERE hash IN (SELECT value FROM json_each(?))",
        [JSON.stringify(stored?.superseded.map(({ result_hash }) => result_hash))],
      );
      expect(kept[0]?.n).toBe(3);
    });

    test("an answer that is taken back leaves its faults, and the order open for another", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const order = await ask(store);
      await submit(store, order, RESULT);
      const answered = await ask(store);
      expect(await rejectResult(store, answered, ["clarity: too low"])).toMatchObject({
        status: "open",
        faults: [["clarity: too low"]],
      });
      expect(await submit(store, order, { ...RESULT, clarity: 1 })).toBe("accepted");
      // Somebody who saw the first answer comes late: the second one stays.
      expect(await rejectResult(store, answered, ["clarity: too low"])).toMatchObject({ status: "answered" });
      await forgetFaults(store, order.work_id);
      expect((await readOrder(store, order.work_id))?.faults).toEqual([]);
    });

    test("a body that was damaged is asked for and answered again", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const order = await ask(store);
      await submit(store, order, RESULT);
      const damage = (column: string, body: string) =>
        store.database.write([
          {
            sql: `UPDATE ouro_blob SET body = ? WHERE hash IN (SELECT ${column} FROM ouro_work)`,
            args: [new TextEncoder().encode(body).buffer],
          },
        ]);
      await damage("result_hash", "{not JSON");
      const found = await ask(store);
      expect(found).toMatchObject({ status: "answered", result: { value: undefined } });
      expect(await rejectResult(store, found, ["unreadable"])).toMatchObject({ status: "open" });
      await damage("body_hash", '{"scope":7}');
      expect(await readOrder(store, order.work_id)).toBeUndefined();
      expect(await ask(store, { ...BODY, role: "deep" })).toMatchObject({
        work_id: order.work_id,
        status: "open",
        body: { role: "deep" },
      });
    });

    test("of submitters that race over two connections exactly one is accepted, and one answer is on record", async () => {
      await using place = await fresh();
      await using one = await place.open();
      await using two = await place.open();
      const racing = fc.asyncProperty(
        fc.array(fc.record({ who: fc.boolean(), clarity: fc.integer({ min: 0, max: 2 }) }), {
          minLength: 2,
          maxLength: 6,
        }),
        fc.uuid(),
        async (racers, round) => {
          const order = await ask(one, { ...BODY, input: round });
          const outcomes = await Promise.all(
            racers.map(({ who, clarity }) => submit(who ? one : two, order, { question: round, clarity })),
          );
          const stored = (await readOrder(two, order.work_id))?.result?.value;
          const winners = racers.filter((_, at) => outcomes[at] === "accepted");
          expect(winners).toHaveLength(1);
          expect(stored).toEqual({ question: round, clarity: winners[0]?.clarity });
          for (const [at, { clarity }] of racers.entries()) {
            const isSame = clarity === winners[0]?.clarity;
            if (outcomes[at] !== "accepted") expect(outcomes[at]).toBe(isSame ? "already" : "answered");
          }
          const returned = (await eventsOf(one)).filter(
            ({ type, payload }) => type === "llm.call.returned" && payload.work_id === order.work_id,
          );
          expect(returned).toHaveLength(1);
        },
      );
      await fc.assert(racing, { numRuns: RACES });
    });

    test("of claimers that race over two connections exactly one gets it", async () => {
      await using place = await fresh();
      await using one = await place.open();
      await using two = await place.open();
      const { work_id } = await ask(one);
      const claims = await Promise.all(
        [one, two, one, two].map((store, at) => claimOrder(store, work_id, `agent ${at}`)),
      );
      expect(claims.filter(({ outcome }) => outcome === "claimed")).toHaveLength(1);
      expect(claims.filter(({ outcome }) => outcome === "claimed_by_another")).toHaveLength(3);
    });

    test("a store that is open for reading only is not written to", async () => {
      await using place = await fresh();
      {
        await using store = await place.open();
        await ask(store);
        await submit(store, await ask(store, { ...BODY, input: "answered" }), RESULT);
      }
      await using store = await place.open({ readOnly: true });
      const code = (error: unknown) => (error instanceof Error && "code" in error ? error.code : error);
      expect(await ask(store).catch(code)).toBe("store_read_only");
      expect((await ask(store, { ...BODY, input: "answered" })).result?.value).toEqual(RESULT);
      expect(await claimOrder(store, "work_1", "me").catch(code)).toBe("store_read_only");
    });
  });
}

function ask(store: Store, body: OrderBody = BODY): Promise<Order> {
  return createOrder(store, "interview.next", body);
}

function submit(store: Store, order: Order, result: unknown, claimEpoch = 0): Promise<Submitted> {
  return submitResult(store, order, { workId: order.work_id, result, claimEpoch });
}

/** Lets a time in every order pass, by the store's own clock. */
async function age(store: Store, column: "open_until" | "expires_at"): Promise<void> {
  await store.database.write([{ sql: `UPDATE ouro_work SET ${column} = unixepoch('subsec') - 1` }]);
}

async function secondsLeft(store: Store): Promise<number> {
  const [row] = await query(store.database, "SELECT expires_at - unixepoch('subsec') AS left FROM ouro_work");
  return Number(row?.left);
}

async function eventsOf(store: Store) {
  const rows = await query(store.database, "SELECT event_type, aggregate_id, payload FROM events ORDER BY rowid");
  return rows.map((row) => ({
    type: String(row.event_type),
    aggregate: String(row.aggregate_id),
    payload: JSON.parse(String(row.payload)) as Record<string, unknown>,
  }));
}
