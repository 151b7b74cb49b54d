import { failpoint } from "../../base/failpoint.ts";
import { newId } from "../../base/ids.ts";
import { type Lease, readLease, release, renewal, takeOver } from "../../store/session/leases.ts";
import { ownerState, type SessionContext } from "../session-context.ts";

/** The elected sweeper's seat in the lease table; no session id looks like this. */
export const SWEEPER_SEAT = "@sweeper";
/** Two missed rounds of the recurring sweep, and a new one is elected. */
const TTL_SECONDS = 40;

/** This process's term as the one that sweeps. */
export interface SweeperTerm {
  /** Still elected? Extends the term by the store's clock; false once somebody else holds it. */
  renew(): Promise<boolean>;
  resign(): Promise<void>;
}

/**
 * Stands for election as the one sweeper of this store; undefined when another process that is not provably dead holds a
 * live term. A dead holder's seat is taken at once, without waiting for its term to run out.
 */
export async function standForElection(context: SessionContext): Promise<SweeperTerm | undefined> {
  const { store, identity } = context;
  const { lease, now } = await readLease(store, SWEEPER_SEAT);
  if (lease && isHeld(lease, now, context)) return undefined;
  const ownerId = newId();
  const seen = { sessionId: SWEEPER_SEAT, executionId: null, lease, epoch: 0, newestRowid: 0 };
  const taker = { ownerId, purpose: "run" as const, identity, ttlSeconds: TTL_SECONDS, overCancelRequest: true };
  failpoint("election:take:before");
  await store.database.write([takeOver(seen, taker)]);
  failpoint("election:take:after");
  const { lease: mine } = await readLease(store, SWEEPER_SEAT);
  if (mine?.ownerId !== ownerId) return undefined;
  const { epoch } = mine;
  return {
    async renew() {
      failpoint("election:renew:before");
      const [renewed] = await store.database.write([renewal(SWEEPER_SEAT, epoch, ownerId, TTL_SECONDS)]);
      failpoint("election:renew:after");
      return renewed?.rowsAffected === 1;
    },
    async resign() {
      failpoint("election:resign:before");
      await store.database.write([release(SWEEPER_SEAT, epoch, ownerId)]);
      failpoint("election:resign:after");
    },
  };
}

function isHeld(lease: Lease, now: number, { identity }: SessionContext): boolean {
  if (lease.expiresAt === null || lease.expiresAt <= now) return false;
  return ownerState(lease, identity).state !== "dead";
}
