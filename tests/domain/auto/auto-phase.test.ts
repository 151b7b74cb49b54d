// Where an auto stands, derived from its own rows, its interview and its lineage; never written down.
import { expect, test } from "bun:test";
import { foldAuto } from "../../../src/domain/auto/auto.ts";
import * as events from "../../../src/domain/auto/auto-events.ts";
import { standingOf } from "../../../src/domain/auto/auto-phase.ts";
import type { StoredEvent } from "../../../src/domain/event.ts";
import { evolveLineage, type Lineage } from "../../../src/domain/evolution/lineage.ts";
import * as lineage from "../../../src/domain/evolution/lineage-events.ts";

type Row = readonly [type: string, payload: Record<string, unknown>];

const STARTED: Row = [
  events.AUTO_STARTED,
  {
    goal: "A timer",
    cwd: "/project",
    interview_id: "interview_1",
    lineage_id: "lin_1",
    context: "A timer",
    skip_run: false,
    runtime: null,
    bounds: { max_interview_rounds: 3, generations: 2, hours: 1, tokens: null, cost_usd: null },
  },
];
const SEEDED: Row = [events.AUTO_SEEDED, { seed_id: "seed_1", repaired: [] }];
const BLOCK = { phase: "interview", code: "not_clear_yet", message: "m", next: "n", round: null, suggestions: [] };

function stored(id: string, rows: readonly Row[]): StoredEvent[] {
  return rows.map(([event_type, payload], index) => ({
    rowid: index + 1,
    id: `${id}-${index}`,
    aggregate_type: "auto",
    aggregate_id: id,
    event_type,
    payload,
    timestamp: `2026-01-01 00:00:0${index}.000000`,
    at: index,
  }));
}

function autoOf(...rows: Row[]) {
  const auto = foldAuto("auto_1", stored("auto_1", rows));
  if (!auto) throw new Error("Nothing began it");
  return auto;
}

function lineageOf(...rows: Row[]): Lineage {
  const begun: Row[] = [
    [lineage.LINEAGE_CREATED, { goal: "A timer", execute: true }],
    [lineage.GENERATION_STARTED, { generation_number: 1, phase: "executing" }],
  ];
  const folded = stored("lin_1", [...begun, ...rows]).reduce<Lineage | undefined>(evolveLineage, undefined);
  if (!folded) throw new Error("Nothing created it");
  return folded;
}

const standing = (of: Lineage | undefined, ...rows: Row[]) => {
  const { phase, block } = standingOf({ auto: autoOf(STARTED, ...rows), interview: undefined, lineage: of });
  return block ? `${phase}: ${block.code}` : phase;
};

test("it goes from phase to phase with what was begun", () => {
  expect(standing(undefined)).toBe("interview");
  expect(standing(undefined, SEEDED)).toBe("run");
  expect(standing(lineageOf(), SEEDED)).toBe("run");
  const judged: Row = [lineage.PHASE_CHANGED, { generation_number: 1, phase: "evaluating" }];
  expect(standing(lineageOf(judged), SEEDED)).toBe("evaluate");
});

test.each([
  [lineage.LINEAGE_CONVERGED, "outcome_reached", "complete"],
  [lineage.LINEAGE_EXHAUSTED, "token_budget", "blocked: token_budget"],
  [lineage.LINEAGE_STOPPED, "grade_regressing", "failed: grade_regressing"],
  [lineage.LINEAGE_ABORTED, "aborted", "failed: aborted"],
])("%s with %s is %s", (type, code, expected) => {
  expect(standing(lineageOf([type, { generation_number: 1, code, reason: "why" }]), SEEDED)).toBe(expected);
});

test("standing still is its end only after a step aside", () => {
  const still: Row = [lineage.LINEAGE_STAGNATED, { generation_number: 1, code: "plateau", reason: "why" }];
  const aside: Row = [lineage.LATERAL_TAKEN, { persona: "hacker", pattern: null }];
  expect(standing(lineageOf(still), SEEDED)).toBe("run");
  expect(standing(lineageOf(still, aside), SEEDED)).toBe("run");
  expect(standing(lineageOf(still, aside, still), SEEDED)).toBe("failed: plateau");
});

test("what was in the way is not any more once that phase is over", () => {
  expect(standing(undefined, [events.AUTO_BLOCKED, BLOCK])).toBe("blocked: not_clear_yet");
  expect(standing(undefined, [events.AUTO_BLOCKED, BLOCK], SEEDED)).toBe("run");
  expect(standing(lineageOf(), SEEDED, [events.AUTO_BLOCKED, BLOCK])).toBe("run");
});

test("a row that says something else than it should changes nothing", () => {
  const odd: Row[] = [
    [events.AUTO_SEEDED, { seed_id: 7 }],
    [events.AUTO_ASSUMED, { round: 1, answer: "" }],
    [events.AUTO_BLOCKED, { ...BLOCK, phase: "lunch" }],
    ["auto.renamed", {}],
  ];
  expect(autoOf(STARTED, ...odd)).toEqual(autoOf(STARTED));
  expect(foldAuto("auto_1", stored("auto_1", odd))).toBeUndefined();
});
