import { expect, test } from "bun:test";
import fc from "fast-check";
import type { StoredEvent } from "../../src/domain/event.ts";
import { finishedSteps, STEP_COMPLETED, STEP_FAILED, stepsOf } from "../../src/domain/run/steps.ts";
import { seedOf } from "./seed/support/seed-of.ts";

const RUN = "exec_a";
let rowid = 0;

test("a seed's criteria are its steps, each with the stream upstream would give it", () => {
  expect(stepsOf(seedOf({ acceptance_criteria: ["one", { content: "two" }] }), RUN)).toEqual([
    { index: 0, scope: "exec_a_ac_0", criterion: "one" },
    { index: 1, scope: "exec_a_ac_1", criterion: "two" },
  ]);
});

test("the latest outcome of a step counts, and only a success is one", () => {
  const rows = [ended(0, true), ended(1, true), ended(1, false), ended(2, false), ended(2, true)];
  expect([...finishedSteps(RUN, rows, [])].sort()).toEqual([0, 2]);
  expect([...finishedSteps(RUN, [row("exec_a_ac_0", STEP_COMPLETED, { success: false })], [])]).toEqual([]);
});

test("parts of a step, coordinators and other runs' steps are no steps of this run", () => {
  const ids = [
    "exec_a_sub_ac_1_0",
    "exec_a:l0:coord",
    "exec_a_ac_1_attempt_1",
    "exec_a_b_ac_1",
    "exec_b_ac_1",
    "exec_a_ac_01",
  ];
  const rows = ids.map((id) => row(id, STEP_COMPLETED, {}));
  expect([...finishedSteps(RUN, rows, [])]).toEqual([]);
});

test("a list speaks for the steps that have no outcome of their own, and for no others", () => {
  const listed = [list("completed", "completed", "pending"), list("pending", "pending", "completed")];
  expect([...finishedSteps(RUN, [ended(1, false)], listed)].sort()).toEqual([0, 2]);
});

test("whatever a list holds, it is read or passed over", () => {
  const anything = fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.record({ status: fc.jsonValue() }), fc.jsonValue())));
  fc.assert(
    fc.property(anything, (acceptance_criteria) => {
      const done = finishedSteps(RUN, [], [row(RUN, "workflow.progress.updated", { acceptance_criteria })]);
      const length = Array.isArray(acceptance_criteria) ? acceptance_criteria.length : 0;
      expect([...done].every((index) => index < length)).toBe(true);
    }),
  );
});

test("any order of steps with retries is done exactly where the last try succeeded", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(12), fc.boolean())), (tries) => {
      const last = new Map(tries);
      const done = finishedSteps(
        RUN,
        tries.map(([index, isDone]) => ended(index, isDone)),
        [],
      );
      expect([...done].sort()).toEqual(
        [...last]
          .filter(([, isDone]) => isDone)
          .map(([index]) => index)
          .sort(),
      );
    }),
  );
});

function ended(index: number, isDone: boolean): StoredEvent {
  return row(`${RUN}_ac_${index}`, isDone ? STEP_COMPLETED : STEP_FAILED, { success: isDone });
}

function list(...statuses: string[]): StoredEvent {
  return row(RUN, "workflow.progress.updated", { acceptance_criteria: statuses.map((status) => ({ status })) });
}

function row(aggregate_id: string, event_type: string, payload: StoredEvent["payload"]): StoredEvent {
  rowid += 1;
  const timestamp = "2026-01-01 00:00:00.000000";
  return {
    rowid,
    id: `row-${rowid}`,
    aggregate_type: "execution",
    aggregate_id,
    event_type,
    payload,
    timestamp,
    at: 0,
  };
}
