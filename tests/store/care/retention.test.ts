// The rule by which rows go, whatever the streams look like: only bulk, only from before the end, never what a reader asks for.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { STEP_STARTED } from "../../../src/domain/run/steps.ts";
import { PROGRESS_UPDATED, SESSION_COMPLETED, SESSION_STARTED } from "../../../src/domain/session/session.ts";
import { BULKY_TYPES, expendable, type RowFacts } from "../../../src/store/care/retention.ts";

const TOOL = "execution.tool.started";

const rows = fc
  .array(
    fc.record({
      stream: fc.constantFrom("session a", "execution b", "execution b_ac_0"),
      type: fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...BULKY_TYPES.slice(0, 4)) },
        { weight: 1, arbitrary: fc.constantFrom(SESSION_STARTED, STEP_STARTED, SESSION_COMPLETED, "of tomorrow") },
      ),
      timestamp: fc.constantFrom("1", "2", "3", "4", "yesterday"),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((list) => list.map((row, n): RowFacts => ({ ...row, rowid: n + 1, id: `id ${n}`, bytes: 1 })));

describe("whatever the rows", () => {
  const holds = (law: (all: readonly RowFacts[], left: readonly RowFacts[], gone: readonly RowFacts[]) => void) =>
    fc.assert(
      fc.property(rows, fc.nat(45), (all, end) => {
        const gone = expendable(all, end);
        const ids = new Set(gone.map(({ id }) => id));
        for (const row of gone) expect(row.rowid).toBeLessThan(end);
        law(
          all,
          all.filter(({ id }) => !ids.has(id)),
          gone,
        );
      }),
    );

  test("only bulk goes", () =>
    holds((_all, _left, gone) => {
      for (const { type } of gone) expect(BULKY_TYPES).toContain(type);
    }));

  test("of each stream the first row, the latest time, and the newest of each type are what they were", () =>
    holds((all, left) => {
      for (const stream of new Set(all.map((row) => row.stream))) {
        const [were, are] = [all, left].map((list) => list.filter((row) => row.stream === stream));
        expect(are?.[0]).toEqual(were?.[0] as RowFacts);
        expect(latestOf(are)).toBe(latestOf(were));
        for (const type of new Set(were?.map((row) => row.type))) {
          const newest = (list: readonly RowFacts[] = []) => list.findLast((row) => row.type === type)?.id;
          expect(newest(are)).toBe(newest(were));
        }
      }
    }));

  test("whatever stood just before another attempt still does", () =>
    holds((all, left) => {
      for (const attempt of all.filter(({ type }) => type === STEP_STARTED)) {
        const before = (list: readonly RowFacts[]) =>
          list.findLast((row) => row.stream === attempt.stream && row.rowid < attempt.rowid)?.id;
        expect(before(left)).toBe(before(all));
      }
    }));
});

test("of many, only those at the edges stay", () => {
  const facts = (type: string, n: number): RowFacts => ({
    rowid: n,
    id: `id ${n}`,
    stream: "session a",
    type,
    timestamp: String(n).padStart(3, "0"),
    bytes: 1,
  });
  const all = [
    facts(SESSION_STARTED, 1),
    ...Array.from({ length: 50 }, (_, n) => facts(n % 2 === 0 ? PROGRESS_UPDATED : TOOL, n + 2)),
    facts(SESSION_COMPLETED, 52),
    facts(PROGRESS_UPDATED, 53),
  ];
  const gone = new Set(expendable(all, 52).map(({ rowid }) => rowid));
  // The newest tool, and what came after the end; of progress that is the newest, too.
  expect(all.map(({ rowid }) => rowid).filter((rowid) => !gone.has(rowid))).toEqual([1, 51, 52, 53]);
});

function latestOf(list: readonly RowFacts[] = []): string | undefined {
  return list
    .map(({ timestamp }) => timestamp)
    .sort()
    .at(-1);
}
