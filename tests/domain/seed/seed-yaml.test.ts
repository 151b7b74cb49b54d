import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import { isRefusal } from "../../../src/base/refusal.ts";
import { parseSeed } from "../../../src/domain/seed/seed.ts";
import { toDocument } from "../../../src/domain/seed/seed-document.ts";
import { seedHash } from "../../../src/domain/seed/seed-hash.ts";
import { fromYaml, toYaml } from "../../../src/domain/seed/seed-yaml.ts";
import { documentOf, refusalOf, seedOf } from "./support/seed-of.ts";

setDefaultTimeout(60_000);

const FIXTURES = join(import.meta.dir, "../../fixtures/seeds");
const BOTH = "goal: g\nacceptance_criteria: [a]\n";

test.each(readdirSync(FIXTURES))("%s comes back as it was, also what nobody here knows", (name) => {
  const text = readFileSync(join(FIXTURES, name), "utf8");
  const document = documentOf(text);
  const written = toYaml(document);
  expect(documentOf(written)).toEqual(document);
  expect(seedOf(written)).toEqual(seedOf(text));
  expect(toYaml(documentOf(written))).toBe(written);
  expect(seedHash(documentOf(written))).toBe(seedHash(document));
});

test("a seed of upstream's is written as upstream wrote it, but for folded lines", () => {
  const text = readFileSync(join(FIXTURES, "first-generation.seed"), "utf8");
  expect(toYaml(documentOf(text))).toBe(text.replaceAll("\n  when'", " when'").replaceAll("\n  —", " —"));
});

test("keys stand in upstream's order, and one we do not know stays behind its neighbour", () => {
  const written = toYaml({
    first: 1,
    metadata: { created_at: "2026-01-01T00:00:00+00:00", seed_id: "seed_a" },
    x: 2,
    acceptance_criteria: [{ verify_command: "no", mine: 1, description: "d" }],
    goal: "g",
    extra: 3,
  });
  expect(written).toBe(`first: 1
goal: g
extra: 3
acceptance_criteria:
- description: d
  verify_command: 'no'
  mine: 1
metadata:
  seed_id: seed_a
  created_at: '2026-01-01T00:00:00+00:00'
x: 2
`);
});

test("what upstream's reader would take for something else stands in quotes", () => {
  const words = ["no", "12:30", "1_000", "=", "a\tb", "2025-06-01", "017", "~", "", "a\u2028b"];
  const lines = toYaml({ words }).trimEnd().split("\n").slice(1);
  expect(lines).toHaveLength(words.length);
  for (const line of lines) expect(line).toMatch(/^- (?:'.*'|".*")$/);
  expect(toYaml({ "=": "x", "a\tb": 1 })).toBe('"=": x\n"a\\tb": 1\n');
});

test("whatever may stand in a document comes back from its YAML", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({
      unit: fc.constantFrom("a", " ", "\n", "\t", ":", "#", "'", '"', "-", "\\", "漢", "\r", "|", ">", "&"),
    }),
    fc.constantFrom(
      "yes",
      "2025-06-01",
      "12:30",
      "0x1f",
      "1e3",
      "~",
      "<<",
      "null",
      ".inf",
      "=",
      "1_000",
      "---",
      "...",
      "a\u2028b\n\u2029",
    ),
  );
  const leaf = fc.oneof(text, fc.boolean(), fc.constant(null), fc.integer(), fc.double({ noNaN: true }));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("value")), fc.dictionary(text, tie("value"))),
  }));
  const known = fc.dictionary(
    fc.constantFrom("goal", "metadata", "constraints", "acceptance_criteria", "extra"),
    value,
  );
  fc.assert(
    fc.property(known, (given) => {
      const document = toDocument(given);
      if (isRefusal(document)) return;
      expect(fromYaml(toYaml(document))).toEqual(JSON.parse(JSON.stringify(document)));
    }),
    { numRuns: 150 },
  );
});

test.each([
  ["a second document", `${BOTH}---\na: 1\n`, "one document"],
  ["a tag of Python's", `${BOTH}x: !!python/object/apply:os.system [ls]\n`, "tag"],
  ["a tag of another schema", `${BOTH}x: !!binary aGk=\n`, "tag"],
  ["a tag of nobody's", `${BOTH}x: !mine a\n`, "tag"],
  ["a key that comes twice", `${BOTH}goal: h\n`, "goal once"],
  ["a key that comes twice, deeper", `${BOTH}x: [{a: 1, "a": 2}]\n`, "a once"],
  ["a key that is a list", `${BOTH}? [a, b]\n: 1\n`, ""],
  ["a key that is an alias", `${BOTH}x: &a b\n*a : 1\n`, "keys must be strings"],
  ["a merged mapping", `${BOTH}x: &a {b: 1}\ny: {<<: *a}\n`, "<<"],
  ["nesting without end", `${BOTH}x: ${"[".repeat(100_000)}`, "levels deep"],
  ["items without number", `${BOTH}x: [${"1,".repeat(60_000)}]`, "fewer than 50000"],
  ["nesting by indentation", `${BOTH}x:\n ${"- ".repeat(2000)}a`, "levels deep"],
])("refuses %s", (_what, text, hint) => {
  expect(refusalOf(fromYaml(text)).message).toContain(hint);
});

test("words stay words, whatever version of YAML a text says it is", () => {
  expect(documentOf("%YAML 1.1\n---\na: yes\nb: 2025-06-01\nc: 12:30\n")).toEqual({
    a: "yes",
    b: "2025-06-01",
    c: "12:30",
  });
});

test("aliases that would unfold into millions of values are refused, a few of upstream's are read", () => {
  const levels = Array.from({ length: 9 }, (_, n) => `a${n}: &a${n} [${n === 0 ? "x" : Array(9).fill(`*a${n - 1}`)}]`);
  expect(refusalOf(parseSeed(`${levels.join("\n")}\n${BOTH}`)).code).toBe("bad_seed");
  const shared = documentOf("a: &id001\n- x\nb: *id001\n");
  expect(shared).toEqual({ a: ["x"], b: ["x"] });
  expect(toYaml(shared)).toBe("a:\n- x\nb:\n- x\n");
});

test("the hash is the demand's: not how it is written or came about, but everything it says, and in its order", () => {
  const hash = (parts: object) =>
    seedHash(documentOf(stringify({ goal: "g", acceptance_criteria: ["a", "b"], ...parts })));
  const same = [
    { metadata: { seed_id: "seed_x", created_at: "t", ambiguity_score: 0.1, parent_seed_id: "p", degraded: true } },
    {
      acceptance_criteria: [
        { content: " a ", verify: "NONE" },
        { depends_on: [], description: "b" },
      ],
    },
    { constraints: null, task_type: "code" },
    { metadata: null },
  ];
  const others = [
    { goal: "h" },
    { acceptance_criteria: ["b", "a"] },
    { acceptance_criteria: [{ description: "a", verify_command: "true" }, "b"] },
    { acceptance_criteria: [{ description: "a", note: 1 }, "b"] },
    { constraints: ["c"] },
    { x_unknown: 1 },
    { metadata: { decision_provenance: { a: 1 } } },
    { metadata: { unresolved_slots: ["s"] } },
    { metadata: { mine: 1 } },
  ];
  expect(new Set(same.map(hash))).toEqual(new Set([hash({})]));
  expect(new Set([hash({}), ...others.map(hash)]).size).toBe(others.length + 1);
});
