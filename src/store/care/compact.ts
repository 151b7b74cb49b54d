import { messageOf } from "../../base/errors.ts";
import { newId, newShortId } from "../../base/ids.ts";
import type { Payload } from "../../domain/event.ts";
import { toTimestamp } from "../../domain/timestamp.ts";
import { append } from "../append.ts";
import type { Store } from "../store.ts";
import { compactSession } from "./compact-session.ts";
import { planSession, type RetentionPolicy, sessionsToCompact } from "./compaction-plan.ts";
import { blobUses, countOlder, dropBlobs } from "./unreferred-blobs.ts";

/** What a policy would free, or has freed. */
export interface Freed {
  sessions: number;
  rows: number;
  bytes: number;
  /** Bodies that nothing names. */
  blobs: number;
}

/** What a policy is about: how much may go, and which of the sessions somebody holds. */
export interface Forecast extends Freed {
  readonly held: readonly string[];
}

/** Adds up what a policy would free; nothing is changed. */
export async function forecast(
  store: Store,
  policy: RetentionPolicy,
  signal: AbortSignal,
  tell: (done: number, of: number) => void = () => undefined,
): Promise<Forecast> {
  const held: string[] = [];
  const sum = { sessions: 0, rows: 0, bytes: 0, blobs: 0 };
  const sessions = await sessionsToCompact(store, policy);
  for (const [n, session] of sessions.entries()) {
    if (signal.aborted) break;
    tell(n, sessions.length);
    const plan = await planSession(store, session);
    if (!plan) continue;
    if (plan.isHeld) held.push(session.session_id);
    sum.sessions++;
    sum.rows += plan.rows.length;
    sum.bytes += plan.bytes;
  }
  if (policy.project === undefined && !signal.aborted) {
    const { unreferred } = await blobUses(store, signal, "lasting rows");
    sum.blobs = await countOlder(store, unreferred, cutoff(store, policy));
  }
  return { ...sum, held };
}

/** What a compaction came to. */
export interface Compacted extends Freed {
  readonly complete: boolean;
  /** Sessions that were taken up again meanwhile. */
  readonly moved_on: readonly string[];
}

/** The stream of ours in which each compaction leaves its beginning and its end. */
const AGGREGATE = "store";
const BEGUN = "store.compaction.begun";
const COMPACTED = "store.compacted";

/**
 * Drops what a policy lets go, session by session. Its beginning is an event, with the sealed copy's place, so that also
 * of one that was killed it is known; its end says what it did, whatever ended it.
 */
export async function compact(
  store: Store,
  policy: RetentionPolicy,
  copy: string | null,
  signal: AbortSignal,
  tell: (rows: number) => void,
): Promise<Compacted> {
  const id = newShortId("compaction");
  const settings = { older_than_ms: policy.olderThanMs, project: policy.project ?? null, keep_last: policy.keepLast };
  await record(store, id, BEGUN, { ...settings, copy });
  const done = { sessions: 0, rows: 0, bytes: 0, blobs: 0, moved_on: [] as string[], complete: false };
  try {
    for (const session of await sessionsToCompact(store, policy)) {
      if (signal.aborted) break;
      const plan = await planSession(store, session);
      if (!plan || plan.isHeld) continue;
      const before = done.rows;
      const { outcome, rows, bytes } = await compactSession(store, plan, signal, (gone) => tell(before + gone));
      done.rows += rows;
      done.bytes += bytes;
      if (rows > 0) done.sessions++;
      if (outcome === "moved_on") done.moved_on.push(session.session_id);
      await store.database.checkpoint("PASSIVE");
    }
    if (policy.project === undefined && !signal.aborted) {
      const { unreferred } = await blobUses(store, signal, "every row");
      done.blobs = await dropBlobs(store, unreferred, cutoff(store, policy));
    }
    done.complete = !signal.aborted;
  } catch (error) {
    await record(store, id, COMPACTED, { ...settings, copy, ...done, error: messageOf(error) });
    throw error;
  }
  await record(store, id, COMPACTED, { ...settings, copy, ...done });
  return done;
}

/** Whoever puts a body there may take hours until the event that names it: a session's end says nothing of that. */
const BODIES_STAY_MS = 86_400_000;

/** Before which a body has to have been put there, as the store writes times. */
function cutoff(store: Store, { olderThanMs }: RetentionPolicy): string {
  return toTimestamp(store.stamp() - Math.max(olderThanMs, BODIES_STAY_MS) * 1000);
}

async function record(store: Store, id: string, event_type: string, payload: Payload): Promise<void> {
  const event = { id: newId(), aggregate_type: AGGREGATE, aggregate_id: id, event_type, payload, at: store.stamp() };
  await append(store, { kind: "any" }, [event]);
}
