import { describe, expect, test } from "bun:test";
import { newId } from "../../../src/base/ids.ts";
import { ownIdentity } from "../../../src/process/identity.ts";
import { append } from "../../../src/store/append.ts";
import { seenOf } from "../../../src/store/session/conclude-session.ts";
import {
  cancelRequest,
  readLease,
  release,
  renewal,
  type Seen,
  type Taker,
  takeOver,
} from "../../../src/store/session/leases.ts";
import { readFacts } from "../../../src/store/session/session-facts.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Place } from "./place.ts";
import { given, pythonInsert } from "./rows.ts";

const SESSION = "orch_1";

/** Who owns a session, and the one compare-and-set by which that changes. */
export function leaseContract(fresh: () => Promise<Place>): void {
  describe("leases", () => {
    test("a take-over of a session nobody holds makes its first lease", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const seen = await started(store);
      const taker = takerOf({ ttlSeconds: 30 });
      expect(await apply(store, takeOver(seen, taker))).toBe(true);
      const { lease, now } = await readLease(store, SESSION);
      expect(lease).toMatchObject({
        epoch: 1,
        purpose: "run",
        ownerId: taker.ownerId,
        owner: ownIdentity(),
        attempts: 1,
      });
      expect(lease?.cancelRequestedBy).toBeNull();
      expect(Math.abs((lease?.expiresAt ?? 0) - now - 30)).toBeLessThan(5);
    });

    test("of two that saw the same, only one wins", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const seen = await started(store);
      await using other = await place.open();
      const wins = await Promise.all([
        apply(store, takeOver(seen, takerOf())),
        apply(other, takeOver(seen, takerOf())),
        apply(store, takeOver(seen, takerOf({ purpose: "sweep", ttlSeconds: null }))),
      ]);
      expect(wins.filter(Boolean)).toHaveLength(1);
      expect((await readLease(store, SESSION)).lease?.epoch).toBe(1);
    });

    test("a take-over without keeping leaves a lease nobody holds, and counts no attempt", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await apply(store, takeOver(await started(store), takerOf({ purpose: "sweep", ttlSeconds: null })));
      expect((await readLease(store, SESSION)).lease).toMatchObject({ purpose: "sweep", expiresAt: null, attempts: 0 });
      expect(await apply(store, takeOver(await seen(store), takerOf()))).toBe(true);
      expect((await readLease(store, SESSION)).lease).toMatchObject({ purpose: "run", epoch: 2, attempts: 1 });
      expect(await apply(store, takeOver(await seen(store), takerOf()))).toBe(true);
      expect((await readLease(store, SESSION)).lease).toMatchObject({ epoch: 3, attempts: 2 });
    });

    const changes: Record<string, (store: Store, lease: Leased) => Promise<unknown>> = {
      "another take-over moved the epoch": async (store) => apply(store, takeOver(await seen(store), takerOf())),
      "the owner renewed": (store, { ownerId }) => apply(store, renewal(SESSION, 1, ownerId, 60)),
      "the owner let go": (store, { ownerId }) => apply(store, release(SESSION, 1, ownerId)),
      "somebody asked for its cancellation": (store) => apply(store, cancelRequest(SESSION, 1, "ann", "enough")),
      "the lease row was lost": (store) => store.database.write([{ sql: "DELETE FROM ouro_lease" }]),
      "a row came in its own stream": (store) => append(store, { kind: "any" }, [given({ event_type: "x" })]),
      ...Object.fromEntries(
        ["exec_1", "exec_1_ac_0", "exec_1_sub_ac_1_2", "exec_1:l0:coord", SESSION].map((aggregateId) => [
          `Python wrote a row for execution scope ${aggregateId}`,
          (store: Store) =>
            store.database.write([
              pythonInsert({ aggregateType: "execution", aggregateId, type: "execution.tool.started" }),
            ]),
        ]),
      ),
    };
    for (const [change, make] of Object.entries(changes)) {
      test(`a take-over changes nothing once ${change}`, async () => {
        await using place = await fresh();
        await using store = await place.open();
        const leased = await held(store);
        const before = await seen(store);
        await make(store, leased);
        const standing = await readLease(store, SESSION);
        expect(await apply(store, takeOver(before, takerOf()))).toBe(false);
        expect((await readLease(store, SESSION)).lease).toEqual(standing.lease);
      });
    }

    test("rows of another session, or of one whose id merely begins alike, hold up no take-over", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const before = await started(store);
      for (const aggregateId of ["exec_10", "exec_1a", "exec_2", "exec", "exec_", "exec-1_ac_0"]) {
        await store.database.write([
          pythonInsert({ aggregateType: "execution", aggregateId, type: "execution.tool.started" }),
        ]);
      }
      await store.database.write([
        pythonInsert({ aggregateId: "orch_10", type: "x" }),
        pythonInsert({ aggregateType: "job", aggregateId: "exec_1", type: "mcp.job.created" }),
      ]);
      expect(await apply(store, takeOver(before, takerOf()))).toBe(true);
    });

    test("a cancellation that was asked for is carried out only by one who says so", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await held(store);
      expect(await apply(store, cancelRequest(SESSION, 1, "ann", "enough"))).toBe(true);
      expect(await apply(store, cancelRequest(SESSION, 1, "bob", "me too"))).toBe(false);
      const asked = await seen(store);
      expect(asked.lease).toMatchObject({ cancelRequestedBy: "ann", cancelReason: "enough" });
      expect(await apply(store, takeOver(asked, takerOf()))).toBe(false);
      expect(await apply(store, takeOver(asked, takerOf({ overCancelRequest: true })))).toBe(true);
      expect((await readLease(store, SESSION)).lease).toMatchObject({ epoch: 2, cancelRequestedBy: "ann" });
    });

    test("a cancellation cannot be asked of an owner that let go, or of another epoch's", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const { ownerId } = await held(store);
      expect(await apply(store, cancelRequest(SESSION, 2, "ann", "enough"))).toBe(false);
      await apply(store, release(SESSION, 1, ownerId));
      expect(await apply(store, cancelRequest(SESSION, 1, "ann", "enough"))).toBe(false);
    });

    test("only the owner of the current epoch renews, and not after letting go", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const { ownerId, expiresAt } = await held(store);
      expect(await apply(store, renewal(SESSION, 1, ownerId, 90))).toBe(true);
      expect((await readLease(store, SESSION)).lease?.expiresAt ?? 0).toBeGreaterThan(expiresAt + 30);
      expect(await apply(store, renewal(SESSION, 2, ownerId, 90))).toBe(false);
      expect(await apply(store, renewal(SESSION, 1, "somebody", 90))).toBe(false);
      expect(await apply(store, release(SESSION, 2, ownerId))).toBe(false);
      expect(await apply(store, release(SESSION, 1, "somebody"))).toBe(false);
      expect(await apply(store, release(SESSION, 1, ownerId))).toBe(true);
      expect((await readLease(store, SESSION)).lease?.expiresAt).toBeNull();
      expect(await apply(store, renewal(SESSION, 1, ownerId, 90))).toBe(false);
    });

    test("a lease whose row was lost starts again above the highest epoch its session's status rows name", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await started(store);
      const claimed = given({ event_type: "orchestrator.session.claimed", payload: { epoch: 7 } });
      // The word in a progress row is not a claim.
      const training = given({ event_type: "orchestrator.progress.updated", payload: { epoch: 900 } });
      await append(store, { kind: "any" }, [claimed, training]);
      await apply(store, takeOver(await seen(store), takerOf()));
      expect((await readLease(store, SESSION)).lease?.epoch).toBe(8);
    });
  });
}

interface Leased {
  readonly ownerId: string;
  readonly expiresAt: number;
}

function takerOf(taker: Partial<Taker> = {}): Taker {
  const identity = ownIdentity();
  return { ownerId: newId(), purpose: "run", identity, ttlSeconds: 30, overCancelRequest: false, ...taker };
}

async function started(store: Store): Promise<Seen> {
  await append(store, { kind: "any" }, [given()]);
  return seen(store);
}

async function held(store: Store): Promise<Leased> {
  const taker = takerOf();
  await apply(store, takeOver(await started(store), taker));
  return { ownerId: taker.ownerId, expiresAt: (await readLease(store, SESSION)).lease?.expiresAt ?? Number.NaN };
}

async function seen(store: Store): Promise<Seen> {
  const facts = await readFacts(store, SESSION);
  if (!facts) throw new Error("The session of this test is gone");
  return seenOf(facts);
}

async function apply(store: Store, statement: ReturnType<typeof takeOver>): Promise<boolean> {
  const [done] = await store.database.write([statement]);
  return done?.rowsAffected === 1;
}
