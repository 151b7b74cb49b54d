import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isRefusal } from "../../../src/base/refusal.ts";
import type { Payload, StoredEvent } from "../../../src/domain/event.ts";
import { WORKING_PHASES } from "../../../src/domain/evolution/generation.ts";
import { evolveLineage, type Lineage, spentByLineage } from "../../../src/domain/evolution/lineage.ts";
import * as events from "../../../src/domain/evolution/lineage-events.ts";
import { nextStep } from "../../../src/domain/evolution/next-step.ts";
import { toSeed } from "../../../src/domain/seed/seed.ts";
import { evaluated, generation, lineageOf, type Row, stored, told } from "./support/lineages.ts";

const TYPES: readonly string[] = [
  events.LINEAGE_CREATED,
  events.GENERATION_STARTED,
  events.PHASE_CHANGED,
  events.GENERATION_COMPLETED,
  events.GENERATION_FAILED,
  events.GENERATION_INTERRUPTED,
  events.WONDER_DEGRADED,
  events.LINEAGE_CONVERGED,
  events.LINEAGE_EXHAUSTED,
  events.LINEAGE_STAGNATED,
  events.LINEAGE_STOPPED,
  events.ONTOLOGY_STABLE,
  events.LINEAGE_ABORTED,
  events.LINEAGE_REWOUND,
  events.LINEAGE_REOPENED,
  events.LATERAL_TAKEN,
  events.LINEAGE_CONDUCTED,
];

const HALF = evaluated({ a: "P", b: "F" });

const junk = fc.jsonValue({ maxDepth: 1 });

/** Any rows at all, most of them nearly right. */
const anyRows = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(events.GENERATION_STARTED, events.GENERATION_COMPLETED) },
      { weight: 8, arbitrary: fc.constantFrom(...TYPES) },
      { weight: 1, arbitrary: fc.string() },
    ),
    fc.record(
      {
        generation_number: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -1, max: 5 }) }, junk),
        to_generation: fc.oneof(fc.integer({ min: 0, max: 4 }), junk),
        phase: fc.oneof(fc.constantFrom(...WORKING_PHASES, "cancelled", "rewound"), junk),
        last_completed_phase: fc.oneof(fc.constantFrom(...WORKING_PHASES), junk),
        evaluation_summary: fc.oneof(fc.constant(HALF), junk),
        ontology_snapshot: junk,
        seed_json: fc.oneof(fc.string(), fc.constant('{"goal":"g","acceptance_criteria":["it works"]}')),
        spent: junk,
        partial_state: junk,
        execute: fc.oneof(fc.boolean(), junk),
        code: fc.oneof(fc.constantFrom("plateau", "max_generations", "outcome_reached", "interrupted"), junk),
        reason: junk,
        persona: fc.oneof(fc.string(), junk),
        by: fc.oneof(fc.string(), junk),
      },
      { requiredKeys: ["generation_number"] },
    ),
  ),
  { maxLength: 12 },
);

describe("the fold of a lineage", () => {
  test("never throws, numbers only rise, and the next step is the last generation or the one after it", () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const lineage = lineageOf(rows as unknown as Row[]);
        const numbers = lineage.generations.map(({ number }) => number);
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
        for (const { phase, open_phase } of lineage.generations)
          expect(open_phase === null).toBe(phase === "completed");
        const step = nextStep(lineage);
        const last = lineage.generations.at(-1);
        if (lineage.status !== "active") expect(step.do).toBe("nothing");
        else if (last === undefined) expect(step).toMatchObject({ do: "begin", generation: 1 });
        else if (last.phase === "completed") expect(step).toMatchObject({ do: "begin", generation: last.number + 1 });
        else expect(step).toMatchObject({ do: "go_on", generation: last.number });
      }),
    );
  });

  test("is the same in one go, in two, and when rows come a second time", () => {
    fc.assert(
      fc.property(anyRows, fc.nat(), (rows, cut) => {
        const all = stored([[events.LINEAGE_CREATED, { goal: "g" }], ...(rows as unknown as Row[])]);
        const at = cut % (all.length + 1);
        const half = fold(all.slice(0, at));
        expect(fold(all.slice(at), half)).toEqual(fold(all));
        expect(fold(all.slice(0, at), fold(all))).toEqual(fold(all));
      }),
    );
  });

  test("begins with the row that creates it, and a second one is not read", () => {
    expect(fold(stored(generation(1, HALF)))).toBeUndefined();
    const lineage = lineageOf([[events.LINEAGE_CREATED, { goal: "another" }]]);
    expect(lineage).toMatchObject({ goal: "a goal", unread_rows: 1 });
  });

  test("counts what it cannot read and passes over what is not its own", () => {
    const lineage = lineageOf([
      [events.GENERATION_STARTED, { phase: "executing" }],
      [events.PHASE_CHANGED, { generation_number: 1, phase: "evaluating" }],
      [events.LINEAGE_STOPPED, { code: "plateau" }],
      ["lineage.generation.watchdog_decision", { generation_number: 1, action: "a", reason: "r" }],
      ["lineage.ontology.evolved", { generation_number: 1, delta: {} }],
    ]);
    expect(lineage).toMatchObject({ generations: [], status: "active", unread_rows: 3 });
  });
});

/** What can happen to a lineage next, as those who follow `nextStep` would write it; picked by luck. */
function happens(lineage: Lineage, luck: number): Row {
  const step = nextStep(lineage);
  const at = lineage.generations.at(-1)?.number ?? 0;
  const rewind: Row = [
    events.LINEAGE_REWOUND,
    { from_generation: at, to_generation: 1 + (luck % Math.max(1, at - 1)) },
  ];
  if (step.do === "nothing") return luck % 3 === 0 && at > 1 ? rewind : [events.LINEAGE_REOPENED, { by: "user" }];
  const generation_number = step.generation;
  const said = { generation_number, phase: step.phase };
  if (step.do === "begin") {
    if (at > 1 && luck % 7 === 0) return rewind;
    if (luck % 7 === 1) return [events.LATERAL_TAKEN, { persona: "hacker" }];
    if (luck % 7 === 2) return [events.LINEAGE_STAGNATED, { code: "plateau", reason: "r" }];
    return [events.GENERATION_STARTED, said];
  }
  const after = WORKING_PHASES[WORKING_PHASES.indexOf(step.phase) + 1];
  const choices: Row[] = [
    after
      ? [events.PHASE_CHANGED, { generation_number, phase: after }]
      : [events.GENERATION_COMPLETED, { ...said, evaluation_summary: HALF }],
    after
      ? [events.PHASE_CHANGED, { generation_number, phase: after }]
      : [events.GENERATION_COMPLETED, { ...said, evaluation_summary: HALF }],
    [events.GENERATION_STARTED, said],
    [events.GENERATION_FAILED, { ...said, error: "e" }],
    [events.GENERATION_INTERRUPTED, { generation_number }],
    [events.LINEAGE_EXHAUSTED, { code: "token_budget", reason: "r" }],
    at > 1 ? rewind : [events.GENERATION_STARTED, said],
  ];
  return choices[luck % choices.length] ?? [events.GENERATION_STARTED, said];
}

describe("whoever follows the next step", () => {
  test("leaves no ghost: at every moment all generations before the one that is next are finished, without a gap", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 60 }), (luck) => {
        let lineage = lineageOf([]);
        for (const each of luck) {
          const before = nextStep(lineage);
          const row = happens(lineage, each);
          lineage = told(lineage, row);
          expect(lineage.unread_rows).toBe(0);
          const done = lineage.generations.filter(({ phase }) => phase === "completed").map(({ number }) => number);
          expect(done).toEqual(done.map((_, index) => index + 1));
          const step = nextStep(lineage);
          if (step.do !== "nothing") expect(step.generation).toBe(done.length + 1);
          // Only finishing, going back and being reopened move the number; a crash between two rows moves nothing.
          const [type] = row;
          const moves: readonly string[] = [events.GENERATION_COMPLETED, events.LINEAGE_REWOUND];
          if (before.do !== "nothing" && step.do !== "nothing" && !moves.includes(type)) {
            expect(step.generation).toBe(before.generation);
          }
        }
      }),
    );
  });

  test("numbers on from where it was rewound to, and what was discarded is kept", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), fc.nat(), (count, luck) => {
        const to = 1 + (luck % (count - 1));
        const rows = Array.from({ length: count }, (_, index) =>
          generation(index + 1, HALF, { spent: { tokens: 1 } }),
        ).flat();
        const whole = lineageOf(rows);
        const lineage = told(whole, [events.LINEAGE_REWOUND, { from_generation: count, to_generation: to }]);
        expect(nextStep(lineage)).toMatchObject({ do: "begin", generation: to + 1 });
        expect(lineage.generations).toEqual(whole.generations.slice(0, to));
        expect(lineage.rewinds).toMatchObject([{ from: count, to, discarded: whole.generations.slice(to) }]);
        expect(spentByLineage(lineage)).toEqual(spentByLineage(whole));
      }),
    );
  });
});

test("a rewind to where it is, to what is not there or to nothing changes nothing", () => {
  const lineage = lineageOf([...generation(1, HALF), ...generation(2, HALF)]);
  for (const to_generation of [2, 3, 0, -1, 1.5, "1", null]) {
    const after = told(lineage, [events.LINEAGE_REWOUND, { from_generation: 2, to_generation }]);
    expect(after.generations).toEqual(lineage.generations);
    expect(after.unread_rows).toBe(1);
  }
  const gap = lineageOf([...generation(1, HALF), ...generation(3, HALF)]);
  expect(told(gap, [events.LINEAGE_REWOUND, { from_generation: 3, to_generation: 2 }]).unread_rows).toBe(1);
});

test("what is finished is not begun again, and what is over takes no late row of a generation", () => {
  const lineage = lineageOf(generation(1, HALF));
  for (const row of generation(1, evaluated({ a: "P" }))) {
    const after = told(lineage, row);
    expect([after.generations, after.unread_rows]).toEqual([lineage.generations, 1]);
  }
  const ended = told(lineage, [events.LINEAGE_EXHAUSTED, { code: "token_budget", reason: "r" }]);
  for (const row of generation(2, HALF))
    expect(told(ended, row)).toMatchObject({ generations: ended.generations, unread_rows: 1 });
});

test("the ontology is the row's own, or else the one of the seed that stands in it", () => {
  const field = { name: "title", type: "string", description: "what", required: true };
  const seed = { goal: "g", acceptance_criteria: ["one"], ontology_schema: { name: "Task", fields: [field] } };
  const snapshot = { name: "Other", fields: [] };
  const said = { seed_json: JSON.stringify(seed) };
  const { generations } = lineageOf([
    ...generation(1, HALF, said),
    ...generation(2, HALF, { ...said, ontology_snapshot: snapshot }),
    ...generation(3, HALF, { seed_json: "no seed" }),
  ]);
  expect(generations.map(({ ontology }) => ontology)).toEqual([
    { name: "Task", description: "", fields: [field] } as never,
    snapshot,
    null,
  ]);
});

test("the session that was told last to have it go on is its conductor, also once it is over", () => {
  const conducted = (session_id: string): Row => [events.LINEAGE_CONDUCTED, { session_id }];
  expect(lineageOf(generation(1, HALF)).conductor).toBeNull();
  const rows = [...generation(1, HALF), conducted("orch_1"), conducted("orch_2")];
  expect(lineageOf([...rows, [events.LINEAGE_CONDUCTED, { session_id: "" }]])).toMatchObject({
    conductor: "orch_2",
    unread_rows: 1,
  });
});

test("each row adds what was spent and found since the one before", () => {
  const generation_number = 1;
  const lineage = lineageOf([
    [events.GENERATION_STARTED, { generation_number, phase: "wondering", spent: { hours: 1, agents: 1 } }],
    [
      events.PHASE_CHANGED,
      { generation_number, phase: "reflecting", spent: { hours: 1, tokens: 5 }, partial_state: { a: 1 } },
    ],
    [
      events.GENERATION_FAILED,
      { generation_number, phase: "reflecting", spent: { hours: 2, tokens: 7 }, partial_state: { b: 2 } },
    ],
  ]);
  expect(spentByLineage(lineage)).toMatchObject({ hours: 4, tokens: 12, cost_usd: null, agents: 1 });
  expect(lineage.generations).toMatchObject([{ partial: { a: 1, b: 2 } }]);
});

test("a phase that has begun is gone on with, whatever stopped it, and an interrupted one behind what it had finished", () => {
  const open = lineageOf([
    ...generation(1, HALF),
    [events.GENERATION_STARTED, { generation_number: 2, phase: "wondering" }],
    [
      events.PHASE_CHANGED,
      { generation_number: 2, phase: "reflecting", partial_state: { wonder_questions: ["Why?"] } },
    ],
  ]);
  const goOn = (phase: string) => ({ do: "go_on", generation: 2, phase });
  expect(nextStep(open) as object).toEqual(goOn("reflecting"));
  expect(open.generations.at(-1)).toMatchObject({
    wonder_questions: ["Why?"],
    partial: { wonder_questions: ["Why?"] },
  });
  const failed = told(open, [events.GENERATION_FAILED, { generation_number: 2, phase: "seeding", error: "e" }]);
  expect(nextStep(failed) as object).toEqual(goOn("seeding"));
  const done = { generation_number: 2, last_completed_phase: "reflecting" };
  expect(nextStep(told(open, [events.GENERATION_INTERRUPTED, done])) as object).toEqual(goOn("seeding"));
  const paper = lineageOf([[events.GENERATION_STARTED, { generation_number: 1, phase: "seeding", execute: false }]]);
  const written = { generation_number: 1, last_completed_phase: "seeding" };
  expect(nextStep(told(paper, [events.GENERATION_INTERRUPTED, written]))).toMatchObject({ phase: "seeding" });
  expect(nextStep(told(open, [events.GENERATION_INTERRUPTED, { generation_number: 2 }])) as object).toEqual(
    goOn("reflecting"),
  );
});

test("a seed whose work nobody has checked is carried out before anybody wonders about it", () => {
  const first = { do: "begin", generation: 1 };
  expect(nextStep(lineageOf([]))).toEqual({ ...first, phase: "executing" } as never);
  expect(nextStep(lineageOf([], { goal: "g", execute: false }))).toEqual({ ...first, phase: "seeding" } as never);
  const onPaper = lineageOf([...generation(1, null), [events.ONTOLOGY_STABLE, {}]], { goal: "g", execute: false });
  const reopened = told(onPaper, [events.LINEAGE_REOPENED, { by: "user", execute: true }]);
  expect(nextStep(reopened)).toEqual({ do: "begin", generation: 2, phase: "executing" });
});

describe("rows as Python writes them", () => {
  const seed = {
    goal: "a list of tasks",
    acceptance_criteria: [{ description: "tasks can be added", verify_command: "make check" }, "tasks can be removed"],
    ontology_schema: { name: "Task", description: "d", fields: [] },
    metadata: { seed_id: "seed_abc" },
  };
  const completed = (number: number, order: readonly string[], passed: boolean): Payload => ({
    generation_number: number,
    seed_id: "seed_abc",
    ontology_snapshot: {
      name: "Task",
      description: "d",
      fields: [{ name: "title", field_type: "string", description: "what", required: true }],
    },
    evaluation_summary: {
      final_approved: false,
      highest_stage_passed: 2,
      score: 0.5,
      drift_score: 0.5,
      failure_reason: null,
      ac_results: order.map((ac_content, ac_index) => ({
        ac_index,
        ac_content,
        passed: passed || ac_content.includes("added"),
        score: null,
        evidence: "",
        verification_method: "spec",
      })),
    },
    wonder_questions: ["What is a task?"],
    seed_json: JSON.stringify(seed),
    execution_output: "done",
    parent_seed_id: "seed_parent",
  });

  test("tell the same generation, with criteria keyed by their words and not by their place", () => {
    const order = ["tasks can be added", "tasks can be removed"];
    const lineage = lineageOf([
      [events.GENERATION_STARTED, { generation_number: 1, phase: "executing", seed_id: "seed_abc" }],
      [events.GENERATION_COMPLETED, completed(1, order, true)],
      [events.GENERATION_COMPLETED, completed(2, order.toReversed(), false)],
    ]);
    expect(lineage).toMatchObject({ unread_rows: 0, status: "active" });
    const [first, second] = lineage.generations;
    expect(first).toMatchObject({
      phase: "completed",
      seed_id: "seed_abc",
      parent_seed_id: "seed_parent",
      wonder_questions: ["What is a task?"],
      ontology: { name: "Task", fields: [{ name: "title", type: "string", description: "what", required: true }] },
      evaluation: { approved: false, verdict: "rejected", score: 0.5, checked: false },
    });
    const keysOf = (of: typeof first) => new Map(of?.evaluation?.criteria.map(({ key, verdict }) => [key, verdict]));
    expect([...keysOf(first).keys()].sort()).toEqual([...keysOf(second).keys()].sort());
    expect([...keysOf(second).values()]).toEqual(["fail", "pass"]);
    const known = toSeed(seed);
    if (isRefusal(known)) throw new Error(known.message);
    expect([...keysOf(first).keys()]).toEqual(known.criteria.map(({ key }) => key));
  });

  test("are no check of ours: what Python approved is carried out and evaluated before anybody wonders about it", () => {
    const approved = { final_approved: true, highest_stage_passed: 3, score: 1 };
    const lookedAt = { ac_index: 0, ac_content: "it works", passed: true };
    for (const ac_results of [[], [lookedAt]]) {
      const lineage = lineageOf(generation(1, { ...approved, ac_results }));
      expect(lineage.generations).toMatchObject([{ evaluation: { verdict: "approved", checked: false } }]);
      expect(nextStep(lineage)).toEqual({ do: "begin", generation: 2, phase: "executing" });
    }
    const nobody = lineageOf(
      generation(1, { ...approved, ac_results: [{ ...lookedAt, ac_verdict_state: "not_evaluated" }] }),
    );
    expect(nobody.generations).toMatchObject([{ evaluation: { criteria: [{ verdict: "unverifiable" }] } }]);
  });

  test("that leave a generation behind are gone on with where Python is, not where it was", () => {
    const lineage = lineageOf([
      [events.GENERATION_STARTED, { generation_number: 1, phase: "executing", seed_id: null }],
      [events.GENERATION_STARTED, { generation_number: 2, phase: "wondering", seed_id: null }],
    ]);
    expect(lineage.generations).toMatchObject([
      { number: 1, phase: "interrupted" },
      { number: 2, phase: "wondering" },
    ]);
    expect(nextStep(lineage)).toEqual({ do: "go_on", generation: 2, phase: "wondering" });
  });

  test("name no code for an end: it is theirs, with their words", () => {
    const words = "Stagnation detected: ontology unchanged";
    const lineage = lineageOf([
      ...generation(1, HALF),
      [events.LINEAGE_STAGNATED, { reason: words, stagnation_window: 3 }],
    ]);
    expect(lineage).toMatchObject({ status: "stagnated", ending: { code: "upstream_stagnated", message: words } });
  });
});

function fold(list: readonly StoredEvent[], from?: Lineage): Lineage | undefined {
  return list.reduce<Lineage | undefined>(evolveLineage, from);
}
