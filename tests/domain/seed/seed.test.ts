import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import { isRefusal } from "../../../src/base/refusal.ts";
import { parseSeed, type Seed, toSeed } from "../../../src/domain/seed/seed.ts";
import { toDocument } from "../../../src/domain/seed/seed-document.ts";
import { isSeedId } from "../../../src/domain/seed/seed-id.ts";
import { MAX_SEED_BYTES } from "../../../src/domain/seed/seed-yaml.ts";
import { refusalOf, seedOf } from "./support/seed-of.ts";

setDefaultTimeout(60_000);

const FIXTURES = join(import.meta.dir, "../../fixtures/seeds");
const LEAST = { goal: "g", acceptance_criteria: ["one"] };

test("a seed of the first generation is read whole", () => {
  const seed = fixture("first-generation.seed");
  expect(seed).toMatchObject({ seed_id: "seed_5f1c08a9d2e7", task_type: "code", principles: [{ weight: 0.6 }, {}] });
  expect(seed.criteria.map(({ description }) => description).slice(3)).toEqual(["yes", "12:30:00"]);
  expect(seed.ontology?.fields.map(({ name, required }) => [name, required])).toEqual([
    ["tool", true],
    ["loan", true],
    ["note", false],
  ]);
  expect(seed.metadata).toMatchObject({
    created_at: "2025-06-19T08:02:41.503112+00:00",
    ambiguity_score: 0.17,
    parent_seed_id: null,
    decision_provenance: null,
  });
});

test("a seed of the second generation is read whole: criteria as objects, texts lifted, aliases known", () => {
  const seed = fixture("second-generation.seed");
  expect(seed.criteria).toMatchObject([
    {
      key: "ac_3b9f6c1d0e2a4857",
      verify_command: "npm test -- seasons",
      expected_artifacts: ["services/timetable/seasons.ts", "services/timetable/seasons.test.ts"],
      output_assertion: "winter",
      investment: { difficulty: "medium", stakes: "high", provenance: "inferred", confidence: 0.7 },
    },
    { key: "ac_0d4c2f8871be9a36", depends_on: ["ac_3b9f6c1d0e2a4857"], investment: null },
    {
      description: "The operations handbook says how to swap the file",
      verify_command: null,
      verify_exemption_reason: "Prose; a person reads it",
    },
  ]);
  expect(seed.principles[0]).toEqual({ name: "Nothing that works today stops working", description: "", weight: 1 });
  expect(seed.exit_conditions[1]?.criteria).toBe("Link in the pull request");
  expect(seed.ontology?.fields[0]).toEqual({
    name: "season",
    type: "entity",
    description: "A range of dates with one file",
    required: true,
  });
  expect(seed.brownfield).toMatchObject({ project_type: "brownfield", existing_dependencies: ["fastify", "zod"] });
  expect(seed.metadata.unresolved_slots).toEqual(["who announces the season"]);
});

test("JSON is read as well, and a seed somebody wrote by hand", () => {
  const research = fixture("research.seed");
  expect(research.metadata.version).toBe("1");
  expect(research.criteria[0]).toMatchObject({
    expected_artifacts: ["report.md"],
    verify_command: "test -s report.md",
  });
  const byHand = fixture("by-hand.seed");
  expect(byHand.goal).toBe("Print the tide table of one harbour for the coming week");
  expect(byHand).toMatchObject({ seed_id: null, ontology: null, exit_conditions: [] });
  expect(byHand.criteria[1]?.verify_command).toBe("node --test");
});

test("a goal and one criterion are enough; everything else may be missing or null", () => {
  const least = parseSeed(stringify(LEAST));
  expect(least).toMatchObject({ goal: "g", seed_id: null, constraints: [], criteria: [{ description: "one" }] });
  const nulls = ["task_type", "brownfield_context", "constraints", "ontology_schema", "metadata"];
  const same = parseSeed(stringify({ ...LEAST, ...Object.fromEntries(nulls.map((key) => [key, null])) }));
  expect(same).toEqual(least);
});

test.each([
  ["no YAML", "goal: [", "line 1, column 8"],
  ["a text", "just words", "goal and acceptance_criteria"],
  ["nothing", "", "goal and acceptance_criteria"],
  ["no goal", stringify({ ...LEAST, goal: " " }), "goal: write a text"],
  ["a goal left out", stringify({ acceptance_criteria: ["a"] }), "goal: is missing"],
  ["no criteria", stringify({ ...LEAST, acceptance_criteria: [] }), "acceptance_criteria: write at least one"],
  ["an empty criterion", criteria("one", ""), "acceptance_criteria.1.description"],
  ["a criterion of another shape", criteria({ text: "one" }), "acceptance_criteria.0.description: is missing"],
  ["a criterion that YAML takes apart", "goal: g\nacceptance_criteria:\n- description:\n    Note: x", "needs quotes"],
  ["a constraint that YAML takes apart", stringify({ ...LEAST, constraints: [{ Note: "x" }] }), "needs quotes"],
  ["an artifact outside", artifact("../x"), "acceptance_criteria.0.expected_artifacts.0: write it without"],
  ["an absolute artifact", artifact("/etc/passwd"), "relative to the project"],
  ["an artifact on a drive", artifact("C:\\x"), "relative to the project"],
  ["an artifact with backslashes", artifact("a\\b"), "a/b"],
  ["an artifact with empty parts", artifact("a//b"), "write a/b"],
  ["an artifact named for a device", artifact("src/NUL.txt"), "Windows"],
  ["an artifact too long", artifact("ä".repeat(128)), "255 bytes"],
  ["too many artifacts", criteria({ description: "x", expected_artifacts: Array(254).fill("a") }), "at most 253"],
  ["an assertion about no output", criteria({ description: "x", output_assertion: "ok" }), "0.output_assertion"],
  ["criteria beyond the budget", criteria("a".repeat(32_000), "b".repeat(32_001)), "64000"],
  ["an unknown level", criteria({ description: "x", investment: { stakes: "huge" } }), "investment.stakes"],
  ["a weight above 1", stringify({ ...LEAST, evaluation_principles: [{ name: "n", weight: 2 }] }), "from 0 to 1"],
  ["a score below 0", stringify({ ...LEAST, metadata: { ambiguity_score: -0.1 } }), "metadata.ambiguity_score"],
  ["a number without end", "goal: g\nacceptance_criteria: [a]\nx: {y: .inf}", "x.y: write a finite number"],
  ["a number beyond exactness", "goal: g\nacceptance_criteria: [a]\nx: 9007199254740993", "x: put so large"],
  ["control characters", stringify({ ...LEAST, goal: "a\u001b[31mb" }), "goal: take out the character U+001B"],
  ["a key of JavaScript's own", "goal: g\nacceptance_criteria: [a]\n__proto__: {a: 1}", "__proto__"],
  ["what looks like a refusal", stringify({ ...LEAST, refused: true }), "refused"],
])("refuses %s, and says where and what to write", (_what, text, where) => {
  const refusal = refusalOf(parseSeed(text));
  expect(refusal.code).toBe("bad_seed");
  expect(refusal.message).toContain(where);
});

test("a refusal names every fault for programs, and not hundreds of them for people", () => {
  const refusal = refusalOf(parseSeed(stringify({ goal: "g", acceptance_criteria: Array(50).fill(1) })));
  expect(refusal.facts.faults).toHaveLength(50);
  expect(refusal.message).toContain("and 42 more");
});

test("refuses what is larger than upstream reads, counted in bytes", () => {
  const fits = (goal: string) => !isRefusal(parseSeed(stringify({ ...LEAST, goal })));
  expect(fits("a".repeat(MAX_SEED_BYTES - 100))).toBe(true);
  expect(fits("ä".repeat(MAX_SEED_BYTES / 2))).toBe(false);
});

test("any text is a seed or a refusal, never an exception", () => {
  const anything = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.object().map((value) => stringify(value)),
  );
  fc.assert(
    fc.property(anything, (text) => {
      const seed = parseSeed(text);
      expect(isRefusal(seed) ? seed.code : seed.criteria.length > 0).toBe(isRefusal(seed) ? "bad_seed" : true);
    }),
  );
});

test("any value of a model's, in any place of a seed, makes a seed or a refusal, never an exception", () => {
  const value = fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.constant(Number.NaN));
  const places = fc.dictionary(
    fc.constantFrom("goal", "constraints", "acceptance_criteria", "ontology_schema", "exit_conditions", "metadata"),
    fc.oneof(value, fc.array(value), fc.array(fc.dictionary(fc.constantFrom("name", "description", "content"), value))),
  );
  fc.assert(
    fc.property(places, (parts) => {
      const document = toDocument({ ...LEAST, ...parts });
      const seed = isRefusal(document) ? document : toSeed(document);
      expect(isRefusal(seed) ? seed.code : typeof seed.goal).toBe(isRefusal(seed) ? "bad_seed" : "string");
    }),
  );
});

test("a criterion keeps its key whatever happens to the others, and in any order", () => {
  const text = fc.string({ minLength: 1, maxLength: 12 }).filter((one) => one.trim() !== "");
  fc.assert(
    fc.property(fc.uniqueArray(text, { minLength: 2, maxLength: 6, selector: plain }), text, (texts, other) => {
      const [first = "", ...rest] = texts;
      if (plain(other) === plain(first)) return;
      const [key] = keys([first, ...rest]);
      expect(keys([first, other])[0]).toBe(key);
      expect(keys([...rest, first]).at(-1)).toBe(key);
      expect(key).toMatch(/^ac_[0-9a-f]{16}$/);
    }),
  );
});

test("keys are never doubled, and are the same each time: copies, and keys somebody named twice", () => {
  const named = { description: "n", semantic_ac_key: "ac_0123456789abcdef" };
  const one = fc.oneof(fc.constantFrom("a", "b", "a "), fc.constant(named));
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 12 }), (list) => {
      const found = keys(list);
      expect(new Set(found).size).toBe(list.length);
      expect(keys(list)).toEqual(found);
    }),
  );
  // Whoever writes a computed key down keeps it, and a copy before it does not take it away.
  const [computed = ""] = keys(["a"]);
  expect(keys(["a", { description: "a", semantic_ac_key: computed }])[1]).toBe(computed);
});

test("the key is the contract's: spacing does not change it, a check or a file does, a dependency does not", () => {
  const [key] = keys(["It answers"]);
  expect(keys([" It \n answers "])[0]).toBe(key);
  expect(keys([{ description: "It answers", depends_on: ["ac_x"], semantic_ac_key: "mine" }])[0]).toBe(key);
  expect(keys([{ criterion: null, content: "It answers", verify_command: "NONE" }])[0]).toBe(key);
  expect(keys(["Caf\u00e9"])).toEqual(keys(["Cafe\u0301"]));
  expect(keys([{ description: "It answers", verify_command: "npm test" }])[0]).not.toBe(key);
  expect(keys([{ description: "It answers", expected_artifacts: ["a"] }])[0]).not.toBe(key);
});

test("no path and no option passes for a seed's id", () => {
  const hostile = ["", "../x", "a/b", "a\\b", ".", "..", "-rf", "a.yaml", "a b", "a\n", "é", "nul", "a".repeat(129)];
  expect(hostile.filter(isSeedId)).toEqual([]);
  expect(["seed_0a1b2c3d4e5f", "seed_x-1", "S"].every(isSeedId)).toBe(true);
});

function fixture(name: string): Seed {
  expect(readdirSync(FIXTURES)).toContain(name);
  return seedOf(readFileSync(join(FIXTURES, name), "utf8"));
}

function criteria(...acceptance_criteria: unknown[]): string {
  return stringify({ goal: "g", acceptance_criteria });
}

function artifact(path: string): string {
  return criteria({ description: "x", expected_artifacts: [path] });
}

function keys(acceptance_criteria: readonly unknown[]): string[] {
  return seedOf({ acceptance_criteria }).criteria.map(({ key }) => key);
}

function plain(text: string): string {
  return text.normalize("NFC").trim().replace(/\s+/gu, " ");
}
