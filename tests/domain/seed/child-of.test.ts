import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isRefusal } from "../../../src/base/refusal.ts";
import { childOf, type EvolvedSeed } from "../../../src/domain/seed/child-of.ts";
import type { RefinedCriterion, Reflection } from "../../../src/domain/seed/reflection.ts";
import { type Seed, toSeed } from "../../../src/domain/seed/seed.ts";
import type { SeedDocument } from "../../../src/domain/seed/seed-document.ts";
import { fromYaml, toYaml } from "../../../src/domain/seed/seed-yaml.ts";
import { refusalOf } from "./support/seed-of.ts";

const PARENT: SeedDocument = {
  goal: "A list of things to do",
  constraints: ["No dependencies", "Starts in under one second"],
  acceptance_criteria: [
    "Items can be listed",
    {
      criterion: "`todo add` stores an item",
      verify: "node test/add.js",
      output_assertion: "stored",
      expected_artifacts: ["bin/todo.js", "README.md"],
      note: "kept",
    },
    { description: "Help is good", verify_exemption_reason: "A person reads it", depends_on: ["ac_0000000000000001"] },
    { description: "Items can be removed", semantic_ac_key: "ac_0000000000000001", verify_command: "node test/rm.js" },
  ],
  ontology_schema: {
    name: "List",
    description: "What is to be done",
    fields: ["note", { name: "item", field_type: "object", description: "One thing to do", colour: "blue" }],
  },
  metadata: {
    seed_id: "seed_parent000001",
    created_at: "2025-01-01T00:00:00+00:00",
    ambiguity_score: 0.1,
    interview_id: "interview_1",
    decision_provenance: [
      { path: "goal", by: "person", sources: ["round 0"] },
      { path: "acceptance_criteria.0", by: "person", sources: ["round 1"] },
    ],
  },
};
const BEFORE = seedFrom(PARENT);
const KEYS = BEFORE.criteria.map(({ key }) => key);
const [LIST = "", ADD = "", HELP = "", REMOVE = ""] = KEYS;
const AT = "2026-01-02T03:04:05+00:00";

const same = (key: string, rest: Partial<RefinedCriterion> = {}): RefinedCriterion => {
  const description = BEFORE.criteria.find((one) => one.key === key)?.description ?? "";
  return { key, description, ...KEPT, why: "unchanged", ...rest };
};
const KEPT = { verify_command: null, output_assertion: null, expected_artifacts: null } as const;
const fresh = (description: string, rest: Partial<RefinedCriterion> = {}) => ({
  ...KEPT,
  key: null,
  description,
  why: "w",
  ...rest,
});
const SAME: Reflection = {
  refined_goal: BEFORE.goal,
  refined_constraints: BEFORE.constraints,
  criteria: KEYS.map((key) => same(key)),
  removed: [],
  ontology_mutations: [],
  reasoning: "because",
};
/** With one criterion said otherwise. */
const saying = (key: string, rest: Partial<RefinedCriterion>): Reflection => {
  return { ...SAME, criteria: KEYS.map((one) => same(one, one === key ? rest : {})) };
};
const evolve = (reflection: Reflection, passing: readonly string[] = [], parent = PARENT) =>
  childOf(parent, reflection, { parentId: "seed_parent000001", at: AT, passing: new Set(passing) });
const childFrom = (reflection: Reflection, passing: readonly string[] = []): EvolvedSeed => {
  const child = evolve(reflection, passing);
  if (isRefusal(child)) throw new Error(child.message);
  return child;
};
const faults = (reflection: Reflection, passing: readonly string[] = []) => {
  const { code, facts } = refusalOf(evolve(reflection, passing));
  expect(code).toBe("bad_reflection");
  return String(facts.faults);
};

describe("a child seed", () => {
  test("keeps the key of a criterion whatever becomes of its words and its check, and all that was written beside it", () => {
    const { seed, document, changes } = childFrom(
      saying(ADD, {
        description: "`todo add X` stores X",
        verify_command: "node test/add-2.js",
        output_assertion: "X",
        why: "the name was unclear",
      }),
    );
    expect(seed.criteria.map(({ key }) => key)).toEqual(KEYS);
    expect(seed.criteria[1]).toMatchObject({
      description: "`todo add X` stores X",
      verify_command: "node test/add-2.js",
      output_assertion: "X",
      expected_artifacts: ["bin/todo.js", "README.md"],
    });
    expect((document.acceptance_criteria as object[])[1]).toMatchObject({ note: "kept", semantic_ac_key: ADD });
    expect(changes).toEqual([
      { change: "reworded", key: ADD, why: "the name was unclear" },
      { change: "check_changed", key: ADD, why: "the name was unclear" },
    ]);
  });

  test("names its parent, how it came about and what was changed and why; who decided the rest still stands", () => {
    const { seed, document, delta, decided } = childFrom({ ...SAME, refined_goal: "A list of chores" });
    expect(seed.metadata).toMatchObject({
      parent_seed_id: "seed_parent000001",
      generation_mode: "evolved",
      created_at: AT,
      ambiguity_score: 0.1,
      interview_id: "interview_1",
    });
    expect(seed.seed_id).toMatch(/^seed_[0-9a-f]{12}$/);
    expect(document.metadata).toMatchObject({
      evolution: { changes: [{ change: "goal_changed", key: null, why: "because" }] },
    });
    expect(delta.changed.map(({ where }) => where)).toEqual(["goal"]);
    expect(decided.find(({ path }) => path === "acceptance_criteria.0")).toMatchObject({
      by: "person",
      sources: ["round 1"],
    });
    expect(decided.find(({ path }) => path === "goal")).toEqual({
      path: "goal",
      by: "reflection",
      sources: ["evolved, from seed_parent000001"],
    });
  });

  test("is the same child when the same reflection is carried out again, at whatever time", () => {
    const again = childOf(PARENT, saying(LIST, { description: "All items can be listed" }), {
      parentId: "seed_parent000001",
      at: "2030-01-01T00:00:00+00:00",
      passing: new Set(),
    });
    expect(again).toMatchObject({
      seed: { seed_id: childFrom(saying(LIST, { description: "All items can be listed" })).seed.seed_id },
    });
  });

  test("takes new criteria behind the old ones, each with a key of its own that is written down", () => {
    const { seed, document, changes } = childFrom({
      ...SAME,
      criteria: [
        fresh("Items can be marked", { verify_command: "node test/mark.js" }),
        ...SAME.criteria,
        fresh("The help is in German"),
      ],
    });
    expect(seed.criteria.map(({ description }) => description).slice(4)).toEqual([
      "Items can be marked",
      "The help is in German",
    ]);
    expect(new Set(seed.criteria.map(({ key }) => key)).size).toBe(6);
    expect((document.acceptance_criteria as { semantic_ac_key: string }[]).map((one) => one.semantic_ac_key)).toEqual(
      seed.criteria.map(({ key }) => key),
    );
    expect(seed.criteria[5]?.verify_exemption_reason).toBe("w");
    expect(changes.map(({ change }) => change)).toEqual(["added", "added"]);
  });

  test("loses a criterion that does not hold, with the reason on record, and nothing waits for it any more", () => {
    const removed = [{ key: REMOVE, why: "contradicts the goal" }];
    const { seed, changes } = childFrom({ ...SAME, criteria: [LIST, ADD, HELP].map((key) => same(key)), removed }, [
      LIST,
    ]);
    expect(seed.criteria.map(({ key, depends_on }) => [key, depends_on])).toEqual([
      [LIST, []],
      [ADD, []],
      [HELP, []],
    ]);
    expect(changes).toEqual([{ change: "removed", key: REMOVE, why: "contradicts the goal" }]);
  });

  test("gets a check where there was none, and needs no excuse for that any more", () => {
    const { seed, changes } = childFrom(saying(HELP, { verify_command: "node bin/todo.js --help" }));
    expect(seed.criteria[2]).toMatchObject({
      verify_command: "node bin/todo.js --help",
      verify_exemption_reason: null,
    });
    expect(changes.map(({ change }) => change)).toEqual(["check_added"]);
    expect(childFrom(saying(LIST, { description: "Listed" })).seed.criteria[2]?.verify_exemption_reason).toBe(
      "A person reads it",
    );
    expect(childFrom(saying(HELP, { description: "Good help" })).seed.criteria[0]?.verify_exemption_reason).toBeNull();
  });

  test("has its ontology's fields added, modified and removed, the others as they were written", () => {
    const change = (
      action: "add" | "modify" | "remove",
      field_name: string,
      field_type: string | null = null,
      description: string | null = null,
    ) => {
      return { action, field_name, field_type, description, reason: "r" };
    };
    const ontology_mutations = [
      change("add", "due", "date", "When"),
      change("modify", "item", "record"),
      change("remove", "note"),
    ];
    const { seed, document } = childFrom({ ...SAME, ontology_mutations });
    expect(seed.ontology?.fields).toEqual([
      { name: "item", type: "record", description: "One thing to do", required: true },
      { name: "due", type: "date", description: "When", required: true },
    ]);
    expect((document.ontology_schema as { fields: object[] }).fields[0]).toMatchObject({ colour: "blue" });
    expect(faults({ ...SAME, ontology_mutations: [change("add", "item")] })).toContain("cannot add item");
    expect(faults({ ...SAME, ontology_mutations: [change("remove", "none")] })).toContain("cannot remove none");
    expect(
      childFrom({ ...SAME, ontology_mutations: [change("remove", "note"), change("add", "note")] }).seed.ontology
        ?.fields,
    ).toHaveLength(2);
  });

  test("goes through YAML and back without loss", () => {
    const { document, seed } = childFrom(saying(LIST, { description: "All items are listed" }));
    const read = fromYaml(toYaml(document));
    expect(isRefusal(read) ? read : toSeed(read)).toEqual(seed);
  });

  test("does not come of a reflection that changes nothing", () => {
    expect(refusalOf(evolve(SAME))).toMatchObject({ code: "no_change" });
  });
});

describe("a reflection that would ask for less is refused, with each reason", () => {
  test("a criterion that holds cannot be removed", () => {
    const removed = [{ key: ADD, why: "too hard" }];
    const criteria = [LIST, HELP, REMOVE].map((key) => same(key));
    expect(faults({ ...SAME, criteria, removed }, [ADD])).toBe(`removed: ${ADD} holds, so it stays`);
    expect(isRefusal(evolve({ ...SAME, criteria, removed }, [LIST]))).toBe(false);
  });

  test("nor lose a file or what its output must show", () => {
    expect(faults(saying(ADD, { expected_artifacts: ["./bin/todo.js"] }), [ADD])).toContain("it holds with README.md");
    expect(faults(saying(ADD, { verify_command: "node test/other.js" }), [ADD])).toContain(
      "give the new one an output_assertion too",
    );
    expect(
      childFrom(saying(ADD, { verify_command: "node test/other.js" })).seed.criteria[1]?.output_assertion,
    ).toBeNull();
  });

  test.each([
    ["true", /succeeds whatever was done/],
    ["echo ok", /succeeds whatever was done/],
    ["rm -rf /", /destroys/],
    ["Look at the page and see that it is fine", /no command/],
  ])("no check comes in that proves nothing or does harm: %s", (verify_command, why) => {
    expect(faults(saying(REMOVE, { verify_command }))).toMatch(why);
    expect(faults({ ...SAME, criteria: [...SAME.criteria, fresh("New", { verify_command })] })).toMatch(why);
  });

  test("no criterion gets lost, doubled or made up", () => {
    expect(faults({ ...SAME, criteria: SAME.criteria.slice(1) })).toContain(`${LIST} has to stand once`);
    expect(faults({ ...SAME, criteria: [...SAME.criteria, same(LIST)] })).toContain("it stands 2 times");
    expect(faults({ ...SAME, removed: [{ key: LIST, why: "w" }] })).toContain("it stands 2 times");
    expect(faults({ ...SAME, criteria: [...SAME.criteria, { ...same(LIST), key: "ac_made_up" }] })).toContain(
      "there is no ac_made_up",
    );
    const removed = KEYS.map((key) => ({ key, why: "w" }));
    expect(faults({ ...SAME, criteria: [], removed })).toContain("nothing is left to be true");
  });

  test("no constraint is dropped; one may be put more exactly", () => {
    expect(faults({ ...SAME, refined_constraints: ["No dependencies"] })).toContain(
      '"Starts in under one second" is dropped',
    );
    const refined_constraints = [
      "No dependencies at run time",
      "Starts in under one second on a cold disk",
      "Runs offline",
    ];
    expect(childFrom({ ...SAME, refined_constraints }).seed.constraints).toEqual(refined_constraints);
  });

  test("an assertion needs a command, and a file a path inside the project", () => {
    expect(faults(saying(LIST, { output_assertion: "x" }))).toContain("there is no command");
    expect(faults(saying(LIST, { expected_artifacts: ["../secret"] }))).toContain("..");
  });
});

test("law: whatever is reflected, a criterion that holds is in the child under its key with no less of a check", () => {
  const text = fc.constantFrom("Listed", "node test/x.js", "true", "stored", "bin/todo.js", "README.md", "");
  const maybe = fc.option(
    text.filter((one) => one !== ""),
    { nil: null },
  );
  const refined = (key: string) =>
    fc.record({
      key: fc.constant(key),
      description: fc.oneof(fc.constant(same(key).description), text),
      verify_command: maybe,
      output_assertion: maybe,
      expected_artifacts: fc.option(fc.subarray(["bin/todo.js", "README.md", "new.js"]), { nil: null }),
      why: fc.constant("w"),
    });
  const reflection = fc
    .tuple(fc.tuple(...KEYS.map(refined)), fc.subarray(KEYS), fc.subarray([...BEFORE.constraints, "More"]))
    .map(([criteria, gone, refined_constraints]) => ({
      ...SAME,
      refined_constraints,
      criteria: criteria.filter(({ key }) => !gone.includes(key)),
      removed: gone.map((key) => ({ key, why: "w" })),
    }));
  let made = 0;
  fc.assert(
    fc.property(reflection, fc.subarray(KEYS), (one, passing) => {
      const child = evolve(one, passing);
      if (isRefusal(child)) return;
      made++;
      for (const key of passing) {
        const was = BEFORE.criteria.find((other) => other.key === key);
        const is = child.seed.criteria.find((other) => other.key === key);
        expect(is).toBeDefined();
        if (was?.verify_command) expect(is?.verify_command).toBeTruthy();
        if (was?.output_assertion) expect(is?.output_assertion).toBeTruthy();
        expect(is?.expected_artifacts).toEqual(expect.arrayContaining([...(was?.expected_artifacts ?? [])]));
      }
      expect(child.seed.constraints).toEqual(expect.arrayContaining([...BEFORE.constraints]));
      for (const { verify_command } of child.seed.criteria) expect(verify_command).not.toBe("true");
    }),
    { numRuns: 1_000 },
  );
  expect(made).toBeGreaterThan(20);
});

function seedFrom(document: SeedDocument): Seed {
  const seed = toSeed(document);
  if (isRefusal(seed)) throw new Error(seed.message);
  return seed;
}
