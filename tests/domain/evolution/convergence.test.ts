import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Payload } from "../../../src/domain/event.ts";
import { judgeLineage, type LineageJudgement } from "../../../src/domain/evolution/convergence.ts";
import {
  DEFAULT_EVOLUTION_SETTINGS,
  type EvolutionSettings,
} from "../../../src/domain/evolution/evolution-settings.ts";
import type { Lineage } from "../../../src/domain/evolution/lineage.ts";
import { lineageEnding } from "../../../src/domain/evolution/lineage-ending.ts";
import {
  GENERATION_COMPLETED,
  GENERATION_FAILED,
  GENERATION_INTERRUPTED,
  GENERATION_STARTED,
  LATERAL_TAKEN,
  LINEAGE_ABORTED,
  LINEAGE_CONVERGED,
  LINEAGE_EXHAUSTED,
  LINEAGE_REOPENED,
  LINEAGE_REWOUND,
  LINEAGE_STAGNATED,
  WONDER_DEGRADED,
} from "../../../src/domain/evolution/lineage-events.ts";
import { nextStep } from "../../../src/domain/evolution/next-step.ts";
import { STOP_REASONS } from "../../../src/domain/evolution/stop-reasons.ts";
import { evaluated, generation, lineageOf, type Row, told } from "./support/lineages.ts";

const SETTINGS = DEFAULT_EVOLUTION_SETTINGS;
const GREEN = evaluated({ a: "P", b: "P" });
const HALF = evaluated({ a: "P", b: "F" });
const unbounded = { hours: null, tokens: null, cost_usd: null };

describe("the outcome", () => {
  test("ends a lineage at once when the first generation meets everything", () => {
    const lineage = lineageOf(generation(1, GREEN));
    expect(judgeLineage(lineage, SETTINGS)).toMatchObject({ action: "converged", reason: "outcome_reached" });
  });

  const lacking: Record<string, Payload | null> = {
    "nobody evaluated it": null,
    "a criterion fails that the approval passes over": evaluated(
      { a: "P", b: "F" },
      { approved: true, verdict: "approved" },
    ),
    "a criterion could not be verified": evaluated({ a: "P", b: "?" }, { approved: true, verdict: "approved" }),
    "everything passes and it is not approved": evaluated({ a: "P" }, { approved: false, verdict: "rejected" }),
    "everything passes and two words disagree": evaluated({ a: "P" }, { approved: false, verdict: "approved" }),
    "everything passes and the verdict is open": evaluated({ a: "P" }, { approved: true, verdict: "unverified" }),
    "the project's own checks fail": evaluated({ a: "P" }, { mechanical: "fail" }),
    "there is no criterion": evaluated({}, { approved: true, verdict: "approved", score: 1 }),
    "only the agent's own report says so": {
      final_approved: true,
      highest_stage_passed: 3,
      score: 1,
      ac_results: [{ ac_index: 0, ac_content: "it works", passed: true, final_verdict: "pass" }],
    },
  };
  for (const [what, evaluation] of Object.entries(lacking)) {
    test(`is not reached when ${what}`, () => {
      expect(judgeLineage(lineageOf(generation(1, evaluation)), SETTINGS).action).toBe("continue");
    });
  }

  test("says how many criteria were given up on the way to it", () => {
    const lineage = lineageOf([...generation(1, HALF), ...generation(2, evaluated({ a: "P" }))]);
    expect(judgeLineage(lineage, SETTINGS)).toMatchObject({
      reason: "outcome_reached",
      message: "Generation 2 meets its criterion; 1 of earlier generations are criteria no more",
    });
  });

  test("comes before every limit: what is reached with the last of the money is reached", () => {
    const spent = { spent: { hours: 99, tokens: 1e12, cost_usd: 1e6 } };
    const settings = { ...SETTINGS, max_generations: 1 };
    expect(judgeLineage(lineageOf(generation(1, GREEN, spent)), settings).reason).toBe("outcome_reached");
  });
});

/** What has to happen for each reason, and for no other: `[rows, settings, what creates it]`. */
const scenarios: Record<keyof typeof STOP_REASONS, readonly [Row[], Partial<EvolutionSettings>?, Payload?]> = {
  outcome_reached: [[...generation(1, HALF), ...generation(2, GREEN)]],
  max_generations: [[...generation(1, HALF), ...generation(2, HALF)], { max_generations: 2 }],
  token_budget: [generation(1, HALF, { spent: { tokens: 100 } }), { ceiling: { ...unbounded, tokens: 100 } }],
  money_budget: [generation(1, HALF, { spent: { cost_usd: 2 } }), { ceiling: { ...unbounded, cost_usd: 2 } }],
  wall_clock_exhausted: [generation(1, HALF, { spent: { hours: 3 } }), { ceiling: { ...unbounded, hours: 3 } }],
  ontology_stable: [
    [...generation(1, null, ontology("name", "age")), ...generation(2, null, ontology("name", "age"))],
    {},
    { goal: "g", execute: false },
  ],
  grade_regressing: [scored(0.9, 0.7, 0.5)],
  plateau: [scored(0.5, 0.505, 0.5)],
  oscillation: [
    [
      ...generation(1, evaluated({ a: "P", b: "F", c: "F" }), { findings_hash: "x" }),
      ...generation(2, evaluated({ a: "F", b: "P", c: "P" }), { findings_hash: "y" }),
      ...generation(3, evaluated({ a: "P", b: "F", c: "F" }), { findings_hash: "x" }),
      ...generation(4, evaluated({ a: "F", b: "P", c: "P" }), { findings_hash: "y" }),
    ],
  ],
  repetition: [
    [0.1, 0.2, 0.3].flatMap((score, index) =>
      generation(index + 1, evaluated({ a: "F" }, { score }), {
        wonder_questions: ["Who owns a task?", "what is  a TASK", `a new one in ${index}`, "When is it done?"],
      }),
    ),
  ],
  generations_failing: [
    [
      ...generation(1, HALF),
      [GENERATION_STARTED, { generation_number: 2, phase: "wondering" }],
      [GENERATION_FAILED, { generation_number: 2, phase: "seeding", error: "no answer" }],
      [GENERATION_STARTED, { generation_number: 2, phase: "seeding" }],
      [GENERATION_FAILED, { generation_number: 2, phase: "seeding", error: "no answer" }],
    ],
  ],
  interrupted: [
    [
      [GENERATION_STARTED, { generation_number: 1, phase: "executing" }],
      [GENERATION_INTERRUPTED, { generation_number: 1 }],
    ],
  ],
  cancelled: [
    [
      [GENERATION_STARTED, { generation_number: 1, phase: "executing" }],
      [GENERATION_FAILED, { generation_number: 1, phase: "cancelled", error: "by the user" }],
    ],
  ],
  aborted: [[...generation(1, HALF), [LINEAGE_ABORTED, { by: "user" }]]],
  upstream_converged: [
    [...generation(1, HALF), [LINEAGE_CONVERGED, { generation_number: 1, reason: "Max generations", similarity: 1 }]],
  ],
  upstream_exhausted: [[...generation(1, HALF), [LINEAGE_EXHAUSTED, { generation_number: 1, max_generations: 30 }]]],
  upstream_stagnated: [
    [...generation(1, HALF), [LINEAGE_STAGNATED, { generation_number: 1, reason: "same", stagnation_window: 3 }]],
  ],
};

describe("each reason to stop", () => {
  for (const [reason, [rows, settings, created]] of Object.entries(scenarios)) {
    test(`${reason} has a lineage that ends for it, and says so for ever once that is on record`, () => {
      const all = { ...SETTINGS, ...settings };
      const lineage = lineageOf(rows, created);
      const judgement = judgeLineage(lineage, all);
      expect(judgement).toMatchObject({ reason, action: STOP_REASONS[reason as keyof typeof STOP_REASONS] });
      const recorded = record(lineage, judgement, all);
      expect(judgeLineage(recorded, all)).toEqual(judgement);
      // The last two end a loop, and the next step goes on with what they left.
      expect(recorded.status === "active").toBe(reason === "interrupted" || reason === "cancelled");
      expect(lineageEnding(recorded, judgement, all) === null).toBe(true);
      // Neither a higher limit nor another row makes another end of it.
      if (recorded.status !== "active")
        expect(judgeLineage(told(recorded, [LINEAGE_CONVERGED, {}]), SETTINGS)).toEqual(judgement);
    });

    test(`${reason} is not given before its time: without its last generation or row the lineage goes on`, () => {
      const isGeneration = rows.at(-1)?.[0] === GENERATION_COMPLETED;
      const before = lineageOf(rows.slice(0, isGeneration ? -2 : -1), created);
      expect(judgeLineage(before, { ...SETTINGS, ...settings }).action).toBe("continue");
    });
  }
});

test("the cap is never called converged, and what was not approved never is", () => {
  const histories = fc.array(fc.array(fc.constantFrom("P", "F", "?"), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(histories, fc.integer({ min: 1, max: 6 }), (generations, max_generations) => {
      const lineage = lineageOf(
        generations.flatMap((letters, index) =>
          generation(index + 1, evaluated(Object.fromEntries(letters.entries()))),
        ),
      );
      const { action, reason } = judgeLineage(lineage, { ...SETTINGS, max_generations });
      const isGreen = generations.at(-1)?.every((letter) => letter === "P");
      expect(action === "converged").toBe(isGreen === true);
      if (!isGreen && generations.length >= max_generations)
        expect([action, reason]).toEqual(["exhausted", "max_generations"]);
    }),
  );
});

test("one bad generation stops nothing: a score that falls once may rise again", () => {
  expect(judgeLineage(lineageOf(scored(0.5, 0.8, 0.6)), SETTINGS).reason).toBe("not_yet");
  expect(judgeLineage(lineageOf(scored(0.9, 0.7, null, 0.5)), SETTINGS).reason).toBe("not_yet");
});

test("what is wrong three times over, whatever its score, is an oscillation", () => {
  const rows = [0.1, 0.3, 0.5].flatMap((score, index) =>
    generation(index + 1, evaluated({ a: "F", b: "P" }, { score }), { tree_hash: "t" }),
  );
  expect(judgeLineage(lineageOf(rows), SETTINGS)).toMatchObject({ reason: "oscillation", pattern: "spinning" });
});

describe("an oscillation is not", () => {
  const [a, b] = [evaluated({ x: "F", y: "P" }), evaluated({ x: "P", y: "F" })];
  const mixed = evaluated({ x: "F", y: "F" }, { score: 0.5 });
  const cases: Record<string, readonly (readonly [Payload, string])[]> = {
    "the same thing only twice": [
      [a, "1"],
      [a, "1"],
    ],
    "a third state between two": [
      [a, "1"],
      [b, "2"],
      [mixed, "3"],
      [b, "2"],
    ],
    "a new state after two that took turns": [
      [a, "1"],
      [b, "2"],
      [a, "1"],
      [mixed, "3"],
    ],
    "the same findings about other criteria": [
      [a, "1"],
      [b, "1"],
      [a, "1"],
    ],
    "other findings about the same criteria": [
      [a, "1"],
      [a, "2"],
      [a, "3"],
    ],
  };
  for (const [what, states] of Object.entries(cases)) {
    test(what, () => {
      const scores = [0.2, 0.6, 0.3, 0.7];
      const rows = states.flatMap(([summary, findings_hash], index) =>
        generation(index + 1, { ...summary, score: scores[index] }, { findings_hash, tree_hash: "t" }),
      );
      expect(judgeLineage(lineageOf(rows), SETTINGS).reason).toBe("not_yet");
    });
  }
});

test("questions that were repeated once, or long ago, are no repetition", () => {
  const asked = (...questions: string[][]) =>
    lineageOf(
      questions.flatMap((wonder_questions, index) =>
        generation(index + 1, evaluated({ a: "F" }, { score: index / 10 }), { wonder_questions }),
      ),
    );
  expect(judgeLineage(asked(["a"], ["a"], ["b"]), SETTINGS).reason).toBe("not_yet");
  expect(judgeLineage(asked(["a"], ["a"], ["a"], ["b"], ["c"]), SETTINGS).reason).toBe("not_yet");
  expect(judgeLineage(asked(["a"], ["a"], ["b"], ["A?"]), SETTINGS).reason).toBe("repetition");
});

test("questions that repeat themselves end a lineage on paper as well", () => {
  const rows = [1, 2, 3].flatMap((number) => generation(number, null, { wonder_questions: ["Who owns a task?"] }));
  expect(judgeLineage(lineageOf(rows, { goal: "g", execute: false }), SETTINGS).reason).toBe("repetition");
});

describe("an ontology that no longer changes", () => {
  const same = (count: number) =>
    Array.from({ length: count }, (_, index) => {
      return generation(index + 1, evaluated({ a: "F" }, { score: index / 10 }), ontology("name", "age"));
    }).flat();
  const onPaper = { goal: "g", execute: false };

  test("ends nothing that is carried out: its outcome decides", () => {
    expect(judgeLineage(lineageOf(same(5)), SETTINGS).reason).toBe("not_yet");
  });

  test("ends what is only written, once there are enough generations, and never as converged", () => {
    const settings = { ...SETTINGS, min_generations: 3 };
    expect(judgeLineage(lineageOf(same(2), onPaper), settings).action).toBe("continue");
    expect(judgeLineage(lineageOf(same(3), onPaper), settings).action).toBe("ontology_stable");
  });

  test("counts from 0.95 on, and only where both have recorded one", () => {
    const four = ontology("a", "b", "c", "d");
    const [first, second] = [structured(four, 0), structured(four, 1)];
    const judged = (...both: Payload[]) => {
      const rows = both.flatMap((one, index) => generation(index + 1, null, one));
      return judgeLineage(lineageOf(rows, onPaper), SETTINGS).action;
    };
    expect(judged(first, second)).toBe("ontology_stable");
    expect(judged(first, structured(four, 2))).toBe("continue");
    expect(judged({}, {})).toBe("continue");
    expect(judged({ seed_hash: "1" }, { seed_hash: "2" })).toBe("continue");
    // Reflection that changes nothing hands the same seed on, with an ontology or without.
    expect(judged({ seed_hash: "1" }, { seed_hash: "1" })).toBe("ontology_stable");
  });
});

test("a lineage that failed too often tries again when somebody has reopened it", () => {
  const [rows] = scenarios.generations_failing;
  const failing = lineageOf(rows);
  const ended = record(failing, judgeLineage(failing, SETTINGS), SETTINGS);
  const reopened = told(ended, [LINEAGE_REOPENED, { by: "user" }]);
  expect(judgeLineage(reopened, SETTINGS).action).toBe("continue");
  expect(nextStep(reopened)).toEqual({ do: "go_on", generation: 2, phase: "seeding" });
});

test("after a rewind only what comes after it is judged", () => {
  const rows: Row[] = [...scored(0.5, 0.5, 0.5), [LINEAGE_REWOUND, { from_generation: 3, to_generation: 2 }]];
  const again = generation(3, evaluated({ a: "F" }, { score: 0.5 }));
  expect(judgeLineage(lineageOf(rows), SETTINGS).reason).toBe("not_yet");
  expect(judgeLineage(lineageOf([...rows, ...again]), SETTINGS).reason).toBe("not_yet");
});

test("generations that leave no trace of what was wrong are not like one another", () => {
  const rows = [0.1, 0.3, 0.5, 0.7].flatMap((score, index) => generation(index + 1, evaluated({ a: "F" }, { score })));
  expect(judgeLineage(lineageOf(rows), SETTINGS).reason).toBe("not_yet");
});

test("questions from the list that stands in for a mind do not count as repeated", () => {
  const rows = [0.1, 0.2, 0.3].flatMap((score, index): Row[] => {
    const said = { generation_number: index + 1 };
    const summary = evaluated({ a: "F" }, { score });
    return [
      [GENERATION_STARTED, { ...said, phase: "wondering" }],
      [WONDER_DEGRADED, { ...said, error: "no answer" }],
      [GENERATION_COMPLETED, { ...said, evaluation_summary: summary, wonder_questions: ["Why?"] }],
    ];
  });
  expect(judgeLineage(lineageOf(rows), SETTINGS).reason).toBe("not_yet");
});

test("a stagnated lineage goes on after a lateral step, and only what comes after it is judged", () => {
  const stagnated = lineageOf(scored(0.5, 0.5, 0.5));
  const ended = record(stagnated, judgeLineage(stagnated, SETTINGS), SETTINGS);
  expect(ended.status).toBe("stagnated");
  expect(nextStep(ended)).toEqual({ do: "nothing", status: "stagnated" });
  let lineage = told(ended, [LATERAL_TAKEN, { persona: "researcher", pattern: "no_drift" }]);
  expect(nextStep(lineage)).toEqual({ do: "begin", generation: 4, phase: "wondering" });
  for (const number of [4, 5]) {
    for (const row of generation(number, evaluated({ a: "F" }, { score: 0.5 }))) lineage = told(lineage, row);
    expect(judgeLineage(lineage, SETTINGS).reason).toBe("not_yet");
  }
  for (const row of generation(6, evaluated({ a: "F" }, { score: 0.5 }))) lineage = told(lineage, row);
  expect(judgeLineage(lineage, SETTINGS).reason).toBe("plateau");
});

test("a lateral step does not lead out of a limit or a success, a person does, and a success is not judged twice", () => {
  const green = lineageOf(generation(1, GREEN));
  const ended = record(green, judgeLineage(green, SETTINGS), SETTINGS);
  expect(told(ended, [LATERAL_TAKEN, { persona: "hacker" }]).status).toBe("converged");
  const reopened = told(ended, [LINEAGE_REOPENED, { by: "user" }]);
  expect(judgeLineage(reopened, SETTINGS).reason).toBe("not_yet");
  expect(nextStep(reopened)).toEqual({ do: "begin", generation: 2, phase: "wondering" });
});

test("what was spent stays spent when its generations are discarded", () => {
  const rows = [1, 2, 3].flatMap((number) =>
    generation(number, evaluated({ a: "F" }, { score: number / 10 }), { spent: { tokens: 40 } }),
  );
  const lineage = lineageOf([...rows, [LINEAGE_REWOUND, { from_generation: 3, to_generation: 1 }]]);
  const settings = { ...SETTINGS, ceiling: { ...unbounded, tokens: 120 } };
  expect(judgeLineage(lineage, settings)).toMatchObject({ action: "exhausted", reason: "token_budget" });
});

function record(lineage: Lineage, judgement: LineageJudgement, settings: EvolutionSettings): Lineage {
  const row = lineageEnding(lineage, judgement, settings);
  return row ? told(lineage, [row.event_type, row.payload]) : lineage;
}

function scored(...scores: (number | null)[]): Row[] {
  return scores.flatMap((score, index) => generation(index + 1, evaluated({ a: "F", b: "P" }, { score })));
}

function ontology(...names: string[]): Payload {
  const fields = names.map((name) => ({ name, field_type: "string", description: "d", required: true }));
  return { ontology_snapshot: { name: "o", description: "", fields } };
}

/** The same ontology, with so many of its fields described otherwise. */
function structured({ ontology_snapshot }: Payload, changed: number): Payload {
  const { fields } = ontology_snapshot as { fields: Payload[] };
  const others = fields.map((field, index) => (index < changed ? { ...field, description: "another" } : field));
  return { ontology_snapshot: { name: "o", description: "", fields: others } };
}
