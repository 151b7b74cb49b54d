import { newShortId } from "../../../src/base/ids.ts";
import { SESSION_PAUSED, SESSION_STARTED } from "../../../src/domain/session/session.ts";
import { createSessionContext } from "../../../src/sessions/session-context.ts";
import { sweepSession } from "../../../src/sessions/sweep/sweep-session.ts";
import { append } from "../../../src/store/append.ts";
import { seenOf } from "../../../src/store/session/conclude-session.ts";
import { cancelRequest, takeOver } from "../../../src/store/session/leases.ts";
import { readFacts } from "../../../src/store/session/session-facts.ts";
import type { Store } from "../../../src/store/store.ts";
import { DEFAULT_POLICY, deadProcess, HOUR_MICROS } from "../../support/given-store.ts";
import { given } from "../../support/store-contract/rows.ts";
import type { Part } from "./race-parts.ts";

/** How a session stands when its race begins. */
const STATES = ["silent", "paused", "owner died", "owner died when asked to stop", "cleaned up"] as const;

export interface Race {
  readonly sessionId: string;
  readonly state: (typeof STATES)[number];
  /** What each racer does, by its number. */
  readonly parts: readonly Part[];
}

/** The person who had asked for the end of a run before its race. */
export const EARLIER_PERSON = "mika";

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Writes the sessions of so many races into an empty store, each in a state of its own, and says who does what to them. */
export async function planRaces(
  store: Store,
  options: { readonly races: number; readonly racers: number; readonly random: () => number },
): Promise<Race[]> {
  const { random } = options;
  const races: Race[] = [];
  const past = Date.now() * 1000 - 2 * HOUR_MICROS;
  for (let n = 0; n < options.races; n++) {
    const [sessionId, executionId] = [`orch_race_${n}`, `exec_race_${n}`];
    const state = oneOf(STATES, random);
    const start = given({
      aggregate_id: sessionId,
      event_type: SESSION_STARTED,
      payload: { execution_id: executionId, seed_id: "seed_1", seed_goal: "Race", workspace_path: "/" },
      at: past,
    });
    const pause = given({ aggregate_id: sessionId, event_type: SESSION_PAUSED, payload: {}, at: past + 1 });
    await append(store, { kind: "any" }, state === "paused" ? [start, pause] : [start]);
    const batchId = newShortId("batch");
    if (state === "cleaned up") {
      const context = createSessionContext(store, "/", DEFAULT_POLICY);
      const { outcome } = await sweepSession(context, sessionId, { batchId, jobs: [] });
      if (outcome !== "cancelled") throw new Error(`The clean-up of ${sessionId} was to cancel it: ${outcome}`);
    } else if (state.startsWith("owner died")) {
      await leaveToDeadOwner(store, sessionId, state !== "owner died");
    }
    races.push({ sessionId, state, parts: partsOf({ sessionId, executionId, batchId, state }, options) });
  }
  return races;
}

async function leaveToDeadOwner(store: Store, sessionId: string, isAsked: boolean): Promise<void> {
  const facts = await readFacts(store, sessionId);
  if (!facts) throw new Error(`There is no session ${sessionId}`);
  const owner = { ownerId: "dead", purpose: "run" as const, identity: deadProcess(), ttlSeconds: 3_600 };
  await store.database.write([takeOver(seenOf(facts), { ...owner, overCancelRequest: false })]);
  if (isAsked) await store.database.write([cancelRequest(sessionId, 1, EARLIER_PERSON, "enough")]);
}

function partsOf(
  { state, ...session }: { sessionId: string; executionId: string; batchId: string; state: Race["state"] },
  { racers, random }: { racers: number; random: () => number },
): Part[] {
  const others = state === "cleaned up" ? (["claim", "undo", "undo", "cancel"] as const) : OTHERS;
  const roles = Array.from({ length: racers }, (_, n) => (n === 0 ? "claim" : oneOf(others, random)));
  // Whoever cancels would wait for an owner that has kept its lease and is not listening, and then end its process.
  const ends = roles.includes("cancel") ? (["complete", "pause"] as const) : (["complete", "pause", "keep"] as const);
  return shuffled(
    roles.map((role) => ({ role, ...session, ending: oneOf(ends, random) })),
    random,
  );
}

const OTHERS = ["claim", "claim", "sweep", "sweep", "sweep", "cancel", "write"] as const;

function oneOf<T>(values: readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error("Nothing to choose from");
  return value;
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ value }) => value);
}
