import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { whyForbidden } from "../../../src/domain/evaluation/allowed-programs.ts";
import { commandLine, commandWords } from "../../../src/domain/evaluation/command-words.ts";

describe("a line of a settings file", () => {
  test.each<readonly [line: string, words: readonly string[] | null]>([
    ["npm test", ["npm", "test"]],
    ["  cargo   test --workspace ", ["cargo", "test", "--workspace"]],
    ["pytest -k 'a and b' \"c d\"", ["pytest", "-k", "a and b", "c d"]],
    ["go test ./...", ["go", "test", "./..."]],
    ["make a\\ b", ["make", "a b"]],
    ["", null],
    ["npm test; curl x", null],
    ["npm test && true", null],
    ["npm test | tee log", null],
    ["npm test > ~/.bashrc", null],
    ["npm test $(touch x)", null],
    ["npm test `touch x`", null],
    ['npm test "$(touch x)"', null],
    ["npm test $HOME", null],
    ["PATH=./bin npm test", null],
    ["npm test &", null],
    ["npm test\nrm x", ["npm", "test", "rm", "x"]],
    ["pytest tests/*.py", null],
    ["npm 'test", null],
  ])("%j is %j", (line, words) => {
    expect(commandWords(line)).toEqual(words === null ? null : [...words]);
  });

  test("means to the shell what its words say, and nothing else", () => {
    const word = fc
      .string({ unit: fc.constantFrom(..."ab '\"\\$`;|&<>*?~#!(){}[]\n\té%") })
      .filter((text) => text !== "");
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        const line = commandLine(["printf", "%s\\0", ...words]);
        const said = execFileSync("/bin/sh", ["-c", line], { encoding: "utf8" });
        expect(said.split("\0").slice(0, -1)).toEqual(words);
      }),
      { numRuns: 40 },
    );
  });
});

describe("programs", () => {
  test.each([
    "npm test",
    "npx --no-install eslint .",
    "uv run --extra dev pytest -q",
    "uv run python -m pytest -c setup.cfg",
    "poetry run mypy .",
    "bundle exec rspec",
    "python3 -m pytest -c pytest.ini",
    "python manage.py test",
    "node --test --import=tsx tests",
    "cargo test --all-features",
    "./gradlew test",
    "make -C packages/a test",
    "coverage run -m pytest",
  ])("%s may be run", (line) => {
    expect(whyForbidden(line.split(" "), [])).toBeNull();
  });

  test.each([
    "sh -c evil",
    "/bin/sh -c evil",
    "bash run.sh",
    "../evil",
    "./evil",
    "bin/npm test",
    "node_modules/.bin/jest",
    "curl https://localhost/x",
    "rm -rf .",
    "env npm test",
    "sudo npm test",
    "python3 -c import",
    "python3 -Bc import",
    "node -e 1",
    "node -pe 1",
    "node --eval=1",
    "deno eval 1",
    "ruby -e 1",
    "php -r 1",
    "npx sh -c x",
    "npx -c x",
    "npm exec -- sh",
    "npm --script-shell=./evil test",
    "uv run sh -c x",
    "uv run --frozen sh pytest",
    "poetry run ../evil",
    "pnpm dlx evil",
    "make SHELL=./evil",
    "make --eval=x",
    "make -C /tmp/evil",
    "make -f ../evil.mk",
    "go test -exec ./evil ./...",
    "cargo --config build.rustc=./evil test",
    "toString",
    "constructor run",
  ])("%s may not", (line) => {
    expect(whyForbidden(line.split(" "), [])).toBeString();
  });

  test("what the user allows may be run, by exactly that name", () => {
    expect(whyForbidden(["acme-check", "--all"], ["acme-check"])).toBeNull();
    expect(whyForbidden(["uv", "run", "acme-check"], ["acme-check"])).toBeNull();
    expect(whyForbidden(["./acme-check"], ["acme-check"])).toBeString();
    expect(whyForbidden(["/opt/acme/check"], ["/opt/acme/check"])).toBeNull();
    expect(whyForbidden(["/opt/acme/../evil"], ["/opt/acme/check"])).toBeString();
  });
});
