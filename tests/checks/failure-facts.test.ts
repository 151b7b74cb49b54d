import { expect, test } from "bun:test";
import fc from "fast-check";
import { evidenceOf, failureFacts, type Verification } from "../../src/domain/run/verdict.ts";

function failed(more: Partial<Verification> & { said?: string }): Verification {
  return {
    criterion_key: "ac_0123456789abcdef",
    verdict: "fail",
    reason: "It ended with exit code 1",
    cause: null,
    checks: [{ what: "command", ok: false, detail: "It ended with exit code 1" }],
    command: "pytest tests/test_app.py -k adds_two_numbers",
    assertion: null,
    missing_artifacts: [],
    exit_code: 1,
    timed_out: false,
    output: new TextEncoder().encode(more.said ?? ""),
    output_truncated: false,
    ms: 12,
    tree_hash: "t",
    commit: "c",
    edited_checks: [],
    as_left: null,
    suspects: [],
    mutated: false,
    flaky: false,
    tools: { python3: "Python 3.12.1" },
    ...more,
  };
}

test("tell what went wrong, without what the check is", () => {
  const said =
    "\u001b[31m$ pytest  tests/test_app.py \\\n  -k 'adds_two_numbers'\u001b[0m\nAssertionError: 3 is not 4\n";
  const facts = failureFacts(
    failed({ said, missing_artifacts: ["src/app.py"], assertion: "/all \\d+ tests passed/i" }),
  );
  expect(facts).toContain("exit code 1");
  expect(facts).toContain('"src/app.py"');
  expect(facts).toContain("AssertionError: 3 is not 4");
  expect(facts).not.toContain("adds_two_numbers");
  expect(facts).not.toContain("tests passed");
});

test("name the checks that are to be left alone", () => {
  const facts = failureFacts(failed({ edited_checks: ["tests/a.test.ts"], as_left: { ok: true, exit_code: 0 } }));
  expect(facts).toMatch(/Leave these files as they were.*"tests\/a\.test\.ts"/);
  expect(facts).toContain("With them as they were before, the check fails");
});

const Secret = fc
  .array(fc.constantFrom("npm", "test", "--grep", "src/main.ts", "&&", "'two words'", "ÄÖ", "x=1", "\\d+", "🐍"), {
    minLength: 2,
    maxLength: 12,
  })
  .map((words) => words.join(" "));

test("never hold the command or the assertion, nor a long part of either, and are never long", () => {
  const Noise = fc.string({ maxLength: 200 });
  const Part = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(Secret, Secret, fc.array(fc.tuple(Noise, Part, fc.boolean())), (command, assertion, pieces) => {
      const said = pieces
        .map(([noise, [from, to], which]) => {
          const secret = which ? command : assertion;
          return `${noise}${secret}${noise}${secret.slice(Math.floor(from * secret.length), Math.ceil(to * secret.length))}`;
        })
        .join("\n");
      const facts = failureFacts(failed({ said, command, assertion }));
      expect(facts.length).toBeLessThanOrEqual(4_000);
      for (const secret of [command, assertion]) {
        expect(facts).not.toContain(secret);
        for (let at = 0; at + 40 <= secret.length; at++) expect(facts).not.toContain(secret.slice(at, at + 40));
      }
    }),
    { numRuns: 200 },
  );
});

test("are bounded whatever there is to tell", () => {
  const many = Array.from({ length: 500 }, (_, index) => `src/a-file-with-a-long-name-${index}.ts`);
  const facts = failureFacts(failed({ said: "x\n".repeat(50_000), missing_artifacts: many, edited_checks: many }));
  expect(facts.length).toBeLessThanOrEqual(4_000);
});

test("evidence says what was checked, by what, and what came of it", () => {
  expect(evidenceOf(failed({}), { seed_hash: "s", output_hash: "o" })).toEqual({
    seed_hash: "s",
    criterion_key: "ac_0123456789abcdef",
    verdict: "fail",
    tree_hash: "t",
    commit: "c",
    command: "pytest tests/test_app.py -k adds_two_numbers",
    exit_code: 1,
    output_hash: "o",
    tools: { python3: "Python 3.12.1" },
  });
});
