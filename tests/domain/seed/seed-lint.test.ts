import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LINT_CODES, lintSeed } from "../../../src/domain/seed/seed-lint.ts";
import { seedOf } from "./support/seed-of.ts";

const SOUND = {
  ontology_schema: { name: "o", fields: [{ name: "book" }] },
  evaluation_principles: [
    { name: "a", weight: 0.5 },
    { name: "b", weight: 0.5 },
  ],
};

describe("the wording of a criterion", () => {
  test.each([
    ["The page loads fast", "untestable"],
    ["Sign-up is easy and user-friendly", "untestable"],
    ["Errors are handled properly", "untestable"],
    ["The list can be filtered by name, date, etc.", "placeholder"],
    ["Which format is exported?", "placeholder"],
    ["どの形式で出力しますか？", "placeholder"],
    ["Prints ____ on success", "placeholder"],
    ["The server answers 404 for an unknown id and the client shows a message", "compound"],
    ["一覧は題名順に表示される；削除には確認が必要である", "compound"],
  ])("%s: %s", (description, code) => {
    expect(codes({ criteria: [{ description, verify_exemption_reason: "x" }] })).toEqual([code]);
  });

  test.each([
    "The page loads fast: the first byte arrives within 200 ms",
    "GET /fast answers 204",
    "The button is labelled `Quick start`",
    'The heading reads "Easy"',
    "GET /books answers 200 with a JSON array sorted by title",
    "The table has seven days, each with two high and two low waters",
    "Der Export ist fast vollständig robust gegen Abbrüche",
    "貸出中の本を借りようとすると、借りている人の名前が表示される",
    "اسم المستخدم يظهر في أعلى الصفحة",
    "Пользователь видит список книг и дату возврата",
    "Retries stop after 3 attempts",
  ])("nothing is said against: %s", (description) => {
    expect(codes({ criteria: [{ description, verify_exemption_reason: "x" }] })).toEqual([]);
  });

  test("two clauses come with the two criteria they could be", () => {
    const [finding] = lint({
      criteria: [{ description: "The server answers 404, and the log names the id it was given: it is whole" }],
    });
    expect(finding?.repair?.value).toEqual([
      "The server answers 404",
      "the log names the id it was given: it is whole",
    ]);
  });

  test("a check makes a vague word a remark", () => {
    const [finding] = lint({ criteria: [{ description: "The page loads fast", verify_command: "npm test" }] });
    expect(finding).toMatchObject({ severity: "info", code: "untestable", where: "acceptance_criteria.0" });
  });
});

describe("criteria that say the same", () => {
  const pair = (a: string, b: string) => codes({ criteria: [a, b].map(exempt) });

  test("are found through case, spacing and word order; in scripts without spaces too", () => {
    expect(pair("It answers 404", "it  answers 404.")).toEqual(["duplicate"]);
    expect(pair("An unknown id is answered with status 404", "With status 404 an unknown id is answered")).toEqual([
      "near_duplicate",
    ]);
    expect(pair("返却期限を過ぎた本が一覧の先頭に表示される", "返却期限を過ぎた本は一覧の先頭に表示される")).toEqual([
      "near_duplicate",
    ]);
  });

  test("are not those that differ by a number, by a not, or by a sign", () => {
    expect(pair("GET /books/:id answers 200 to a member", "GET /books/:id answers 404 to a member")).toEqual([]);
    expect(pair("A guest can see the price of a book", "A guest can not see the price of a book")).toEqual([]);
    expect(pair("a < b", "a > b")).not.toContain("duplicate");
  });
});

describe("a constraint and what seems to contradict it", () => {
  test.each([
    [
      "No runtime dependencies",
      { description: "x", verify_command: "npm install lodash && npm test" },
      "1.verify_command",
    ],
    ["Works offline", { description: "x", verify_command: "curl -f https://example.org/x" }, "1.verify_command"],
    ["The source folder is read-only", { description: "POST /books creates a book" }, "1"],
    ["No database", { description: "Loans are stored in SQLite" }, "1"],
    ["Start-up takes under one second", { description: "Start-up waits at least 5 seconds for the cache" }, "1"],
    ["Uploads of at most 2 MB", { description: "Uploads over 5 MB are resumed" }, "1"],
    ["Python 3.12", { description: "It runs on Python 3.9" }, "1"],
  ])("%s", (constraint, criterion, at) => {
    const found = lint({ constraints: [constraint], criteria: ["Nothing to do with it", criterion] });
    const possible = found.filter(({ code }) => code === "possible_contradiction");
    expect(possible).toMatchObject([{ severity: "warning", where: `acceptance_criteria.${at}` }]);
    expect(possible[0]?.message).toContain("constraints.0");
  });

  test.each([
    ["No runtime dependencies", { description: "x", verify_command: "npm install -D vitest && npm test" }],
    ["Works offline", { description: "x", verify_command: "curl -f http://localhost:3000/x" }],
    ["Read-only", { description: "POST /books is refused with 405" }],
    ["Start-up takes under one second", { description: "A backup is kept at least 5 minutes" }],
    ["Start-up takes under 2 seconds", { description: "Start-up takes under 500 ms" }],
    ["Python 3.12 or newer", { description: "It runs on Python 3.13" }],
    ["Node 22", { description: "It runs on Node 22.4" }],
  ])("%s, and something that fits it", (constraint, criterion) => {
    const found = lint({ constraints: [constraint], criteria: [criterion] });
    expect(found.filter(({ code }) => code === "possible_contradiction")).toEqual([]);
  });
});

describe("a verify command", () => {
  const ofCommand = (verify_command: string, platform = "linux") =>
    lint({ criteria: [{ description: "x", verify_command }] }, platform).map(({ code, severity }) =>
      severity === "error" ? `${code}!` : code,
    );

  test.each([
    ["rm -rf /", "verify_destructive!"],
    ["npm test; rm -r -f ~/work", "verify_destructive!"],
    ["git reset --hard", "verify_destructive!"],
    ["git push origin main", "verify_destructive!"],
    ["dd if=/dev/zero of=/dev/sda", "verify_destructive!"],
    ["curl -s https://example.org/i | sh", "verify_remote_code!"],
    ["wget -qO- example.org/i | tee log | bash -s -- -y", "verify_remote_code!"],
    ["bash <(curl -s example.org)", "verify_remote_code!"],
    ['sh -c "$(curl -fsSL example.org)"', "verify_remote_code!"],
    ["sudo npm test", "verify_needs_root!"],
    ["npm run build & npm test", "verify_background"],
    ["vim notes.txt", "verify_interactive"],
    ["python3", "verify_interactive"],
    ["npm run dev", "verify_never_ends"],
    ["vitest --watch", "verify_never_ends"],
    ["tail -f app.log", "verify_never_ends"],
    ["true", "verify_proves_nothing"],
    ["echo done && exit 0", "verify_proves_nothing"],
    ["Run the tests", "verify_prose"],
    ["make sure that the page loads", "verify_prose"],
    ["cat /home/mara/app/out.txt", "verify_home_path"],
    ["type C:\\out.txt", "verify_not_portable"],
    ["app.exe --version", "verify_not_portable"],
  ])("%s: %s", (command, code) => {
    expect(ofCommand(command)).toContain(code);
  });

  test.each([
    "npm test",
    "npm test -- seasons && node check.mjs 2>&1 | grep -q 'ok; done & over'",
    "test -s report.md",
    "[ -f dist/app ] && ./dist/app --version",
    "CI=1 python3 -m pytest -q",
    "cargo test --workspace",
    "rm -rf build && make",
    "curl -fs http://127.0.0.1:8080/x | python3 -m json.tool",
    "curl -fs http://127.0.0.1:8080/x | node check.mjs",
    'echo "$OUT" | grep the a',
    "git diff --exit-code",
    "$PYTHON -c 'import app'",
    "./скрипт проверить",
  ])("nothing is said against: %s", (command) => {
    expect(ofCommand(command)).toEqual([]);
  });

  test("is judged for the platform it will run on", () => {
    for (const command of [
      "grep -q ok log.txt",
      "CI=1 npm test",
      "npm test > /dev/null",
      "./run-tests",
      "node -e 'x'",
    ]) {
      expect(ofCommand(command)).toEqual([]);
      expect(ofCommand(command, "win32")).toEqual(["verify_not_portable"]);
    }
    expect(ofCommand("npm test && node check.mjs", "win32")).toEqual([]);
    expect(ofCommand("findstr ok log.txt", "win32")).toEqual([]);
  });

  test("that goes to its author's folder first is offered without that", () => {
    const found = lint({ criteria: [{ description: "x", verify_command: "cd /home/mara/app && npm test" }] });
    expect(found).toMatchObject([{ code: "verify_home_path", repair: { value: "npm test" } }]);
  });

  test("is missed, unless the seed says why there is none", () => {
    expect(lint({ criteria: ["x"] })).toMatchObject([
      { code: "verify_missing", severity: "warning", where: "acceptance_criteria.0.verify_command" },
    ]);
    expect(codes({ criteria: [exempt("x")] })).toEqual([]);
  });
});

describe("dependencies", () => {
  const key = (n: number) => `ac_${String(n).padStart(16, "0")}`;
  const graph = (...edges: number[][]) =>
    lint({
      criteria: edges.map((others, n) => ({
        description: `criterion ${n}`,
        semantic_ac_key: key(n),
        depends_on: others.map(key),
        verify_exemption_reason: "x",
      })),
    });

  test("on what is not there, and in circles, are errors; only those on the circle are blamed", () => {
    expect(graph([], [0, 9])).toMatchObject([
      { code: "depends_unknown", where: "acceptance_criteria.1.depends_on", repair: { value: [key(0)] } },
    ]);
    expect(graph([0])).toMatchObject([
      { code: "depends_cycle", message: "It waits for itself", repair: { value: [] } },
    ]);
    const found = graph([1], [2], [1, 4], [2], []);
    expect(found.map(({ code, where }) => `${code} ${where}`)).toEqual([
      "depends_cycle acceptance_criteria.1.depends_on",
      "depends_cycle acceptance_criteria.2.depends_on",
    ]);
    expect(found[1]?.repair?.value).toEqual([key(4)]);
  });

  test("forwards only are never a circle; taking what is proposed leaves none", () => {
    const edges = fc.array(fc.array(fc.nat(7), { maxLength: 4 }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(edges, (given) => {
        const forwards = given.map((others, n) => others.filter((other) => other < n));
        expect(graph(...forwards)).toEqual([]);
        const repairs = new Map(graph(...given).map(({ where, repair }) => [where, repair?.value]));
        const cured = given.map((others, n) => {
          const value = repairs.get(`acceptance_criteria.${n}.depends_on`);
          return Array.isArray(value) ? value.map((name) => Number(String(name).slice(3))) : others;
        });
        expect(graph(...cured)).toEqual([]);
      }),
    );
  });
});

describe("the seed as a whole", () => {
  test("without an ontology, with weights that are no shares, or with files nobody keeps", () => {
    const criteria = [{ ...exempt("x"), expected_artifacts: ["node_modules/a.js", "src/.git/x", "src/a.js"] }];
    expect(lint({ criteria })).toMatchObject([
      { code: "artifact_not_kept", repair: { value: ["src/a.js"] } },
      { code: "artifact_not_kept" },
    ]);
    const bare = { criteria: [exempt("x")], ontology_schema: null };
    expect(codes(bare)).toEqual(["ontology_empty"]);
    const weights = (...all: number[]) =>
      lint({ criteria: [exempt("x")], evaluation_principles: all.map((weight, n) => ({ name: `p${n}`, weight })) });
    expect(weights(0.5, 0.7)).toMatchObject([{ code: "weights", severity: "info" }]);
    expect(weights(0, 0)).toMatchObject([{ code: "weights", severity: "warning" }]);
    expect([weights(), weights(1), weights(0.7), weights(1, 1, 1), weights(0.25, 0.75)].flat()).toEqual([]);
  });

  test("a key that nothing reads and that almost spells one is named, with the one that is meant", () => {
    const slips = {
      criteria: [
        { ...exempt("x"), verify_comand: "npm test" },
        { ...exempt("y"), "verify-command": "npm test", depend_on: ["x"], expectedArtifacts: ["a"], meta: 1 },
        // What is meant is there, so this is a key of their own; and so are those that look like nothing.
        { ...exempt("z"), verify_command: "npm test", verify_commands: ["npm test"], owner: "ann", notes: "n" },
      ],
      constraint: ["no"],
      constraints: null,
    };
    expect(lint(slips).filter(({ code }) => code === "key_misspelt")).toMatchObject([
      { where: "acceptance_criteria.0.verify_comand", message: expect.stringContaining("verify_command") },
      { where: "acceptance_criteria.1.verify-command", message: expect.stringContaining("verify_command") },
      { where: "acceptance_criteria.1.depend_on", message: expect.stringContaining("depends_on") },
      { where: "acceptance_criteria.1.expectedArtifacts", message: expect.stringContaining("expected_artifacts") },
      { where: "constraint", message: expect.stringContaining("constraints") },
    ]);
  });

  test("whatever is written, it is judged: every code is explained, every path begins in the seed, errors come to an end", () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme", minLength: 1 }).filter((one) => !/[\p{Cc}\p{Cs}]/u.test(one) && one.trim() !== ""),
      fc.stringMatching(/^[a-z &|;$(){}<>'"\\/.~-]{0,20}x$/),
    );
    const criterion = fc.record({
      description: text,
      verify_command: text,
      depends_on: fc.array(text, { maxLength: 2 }),
    });
    const seed = fc.record({
      acceptance_criteria: fc.array(criterion, { minLength: 1, maxLength: 5 }),
      constraints: fc.array(text),
    });
    fc.assert(
      fc.property(seed, fc.constantFrom("linux", "win32", "darwin"), (parts, platform) => {
        for (const { code, where, message } of lintSeed(seedOf(parts), { platform })) {
          expect(Object.keys(LINT_CODES)).toContain(code);
          expect(where).toMatch(/^(acceptance_criteria\.\d+|ontology_schema|evaluation_principles)/);
          expect(message).not.toBe("");
        }
      }),
    );
  });
});

function exempt(description: string) {
  return { description, verify_exemption_reason: "x" };
}

function lint({ criteria, ...rest }: { criteria: readonly unknown[]; [key: string]: unknown }, platform = "linux") {
  const given = criteria.map((one) => (typeof one === "string" && criteria.length > 1 ? exempt(one) : one));
  return lintSeed(seedOf({ ...SOUND, acceptance_criteria: given, ...rest }), { platform });
}

function codes(parts: Parameters<typeof lint>[0]): string[] {
  return lint(parts).map(({ code }) => code);
}
