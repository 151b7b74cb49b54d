import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { StoredEvent } from "../../src/domain/event.ts";
import { foldProgress, NO_PROGRESS, workflowProgress } from "../../src/domain/session/progress.ts";
import {
  AUTO_CLEANUP,
  evolve,
  isReopenable,
  isTerminal,
  LIFECYCLE_TYPES,
  PROGRESS_UPDATED,
  SESSION_CANCELLED,
  SESSION_CLAIMED,
  SESSION_COMPLETED,
  SESSION_FAILED,
  SESSION_PAUSED,
  SESSION_REOPENED,
  SESSION_STARTED,
  SESSION_STATUSES,
  type Session,
} from "../../src/domain/session/session.ts";
import { NOON } from "../support/store-contract/rows.ts";

/** Any row at all: any type, any payload under the keys that are looked at, any time. */
const rows: fc.Arbitrary<StoredEvent[]> = fc
  .array(
    fc.record({
      event_type: fc.oneof(fc.constantFrom(...LIFECYCLE_TYPES, PROGRESS_UPDATED), fc.string()),
      payload: fc.oneof(
        fc.record(
          {
            epoch: fc.anything(),
            reopens: fc.oneof(fc.constantFrom("e0", "e1", "e2", "e3"), fc.anything()),
            cancelled_by: fc.oneof(fc.constant(AUTO_CLEANUP), fc.anything()),
            progress: fc.oneof(fc.record({ runtime_status: fc.anything() }), fc.anything()),
            runtime_status: fc.anything(),
            messages_processed: fc.anything(),
            execution_id: fc.anything(),
          },
          { requiredKeys: [] },
        ),
        fc.dictionary(fc.string(), fc.anything()),
      ),
      timestamp: fc.string(),
    }),
    { maxLength: 30 },
  )
  .map((list) => list.map((row, at) => stored(at, row)));

describe("the fold of a session", () => {
  test("never throws, whatever a row holds, and always tells one of the five statuses", () => {
    fc.assert(
      fc.property(rows, (list) => {
        const session = fold(list);
        if (session) expect(SESSION_STATUSES).toContain(session.status);
        const progress = list.reduce(foldProgress, NO_PROGRESS);
        expect(progress.messages).toBeGreaterThanOrEqual(0);
        for (const { payload } of list) workflowProgress(payload);
      }),
    );
  });

  test("is not changed by rows it has folded already", () => {
    fc.assert(
      fc.property(rows, (list) => {
        const session = fold(list);
        fc.pre(session !== undefined);
        expect(list.reduce<Session | undefined>(evolve, session)).toEqual(session as Session);
      }),
    );
  });

  test("stays in a terminal until a row reopens exactly that one", () => {
    fc.assert(
      fc.property(rows, (list) => {
        let session: Session | undefined;
        for (const row of list) {
          const before = session;
          session = evolve(session, row);
          if (!before || !isTerminal(before.status) || session.status_event_id === before.status_event_id) continue;
          expect(row.event_type).toBe(SESSION_REOPENED);
          expect(row.payload.reopens).toBe(before.status_event_id);
          expect(isReopenable(before)).toBe(true);
          expect(session.status).toBe("paused");
        }
      }),
    );
  });

  test("names epochs that only ever rise, and only from status rows", () => {
    fc.assert(
      fc.property(rows, (list) => {
        let epoch = 0;
        let session: Session | undefined;
        for (const row of list) {
          session = evolve(session, row);
          expect(session.epoch).toBeGreaterThanOrEqual(epoch);
          expect(Number.isSafeInteger(session.epoch)).toBe(true);
          if (!LIFECYCLE_TYPES.includes(row.event_type)) expect(session.epoch).toBe(epoch);
          epoch = session.epoch;
        }
      }),
    );
  });

  const cases: Record<string, readonly [string[], string]> = {
    "a start": [[SESSION_STARTED], "running"],
    "a stream without a start": [["orchestrator.tool.called"], "running"],
    "a pause": [[SESSION_STARTED, SESSION_PAUSED], "paused"],
    "a pause and a progress row that runs": [[SESSION_STARTED, SESSION_PAUSED, PROGRESS_UPDATED], "running"],
    "a pause, a wake-up and a second start": [
      [SESSION_STARTED, SESSION_PAUSED, PROGRESS_UPDATED, SESSION_STARTED],
      "running",
    ],
    "a pause and a claim": [[SESSION_STARTED, SESSION_PAUSED, SESSION_CLAIMED], "running"],
    "an end and a late progress row": [[SESSION_STARTED, SESSION_COMPLETED, PROGRESS_UPDATED], "completed"],
    "a cancellation and a completion after it": [[SESSION_STARTED, SESSION_CANCELLED, SESSION_COMPLETED], "cancelled"],
    "a failure and a claim after it": [[SESSION_STARTED, SESSION_FAILED, SESSION_CLAIMED], "failed"],
    "a failure that is reopened": [[SESSION_STARTED, SESSION_FAILED, SESSION_REOPENED], "paused"],
    "a success that is reopened": [[SESSION_STARTED, SESSION_COMPLETED, SESSION_REOPENED], "completed"],
    "a failure that is reopened and claimed": [
      [SESSION_STARTED, SESSION_FAILED, SESSION_REOPENED, SESSION_CLAIMED],
      "running",
    ],
    "an end before a late start": [[SESSION_COMPLETED, SESSION_STARTED], "completed"],
  };
  for (const [what, [types, status]] of Object.entries(cases)) {
    test(`${what}: ${status}`, () => {
      const payload = { reopens: "e1", progress: { runtime_status: " Running " } };
      const session = fold(types.map((event_type, at) => stored(at, { event_type, payload, timestamp: "t" })));
      expect(session?.status as string).toBe(status);
    });
  }

  test("a person's cancellation is final, a clean-up's is not", () => {
    for (const [by, status] of [
      ["user", "cancelled"],
      [AUTO_CLEANUP, "paused"],
      [undefined, "cancelled"],
    ] as const) {
      const list = [SESSION_STARTED, SESSION_CANCELLED, SESSION_REOPENED].map((event_type, at) =>
        stored(at, { event_type, payload: { cancelled_by: by, reopens: "e1" }, timestamp: "t" }),
      );
      expect(fold(list)?.status).toBe(status);
    }
  });
});

function stored(at: number, row: Pick<StoredEvent, "event_type" | "payload" | "timestamp">): StoredEvent {
  return { rowid: at + 1, id: `e${at}`, aggregate_type: "session", aggregate_id: "orch_1", at: NOON, ...row };
}

function fold(list: readonly StoredEvent[]): Session | undefined {
  return list.reduce<Session | undefined>(evolve, undefined);
}
