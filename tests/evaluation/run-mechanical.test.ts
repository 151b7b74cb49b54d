import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { checkEnvironment } from "../../src/checks/check-environment.ts";
import type { CommandLimits } from "../../src/checks/run-command.ts";
import type { MechanicalResult } from "../../src/domain/evaluation/mechanical.ts";
import { declaredChecks } from "../../src/evaluation/declared-checks.ts";
import { type MechanicalCache, runMechanical } from "../../src/evaluation/run-mechanical.ts";
import { findProgram } from "../../src/process/find-program.ts";
import { type GivenProject, givenProject } from "../brownfield/support/given-project.ts";
import { limits } from "../checks/support/limits.ts";
import { agentTest, until } from "../support/agent-processes.ts";

setDefaultTimeout(120_000);
const here = agentTest();
// Fails when anything that a test has started is left.
afterEach(() => expect(here.leftOver()).toEqual([]));

type Files = Readonly<Record<string, string>>;

async function check(project: GivenProject, more: Partial<CommandLimits> = {}): Promise<MechanicalResult[]> {
  return runMechanical(project.root, await declaredChecks(project.root), limits(more));
}

/** The results that say anything, as `kind verdict`. */
function told(results: readonly MechanicalResult[]): string[] {
  return results.filter(({ verdict }) => verdict !== "not_applicable").map(({ kind, verdict }) => `${kind} ${verdict}`);
}

function has(program: string): boolean {
  return findProgram(program, process.env.PATH ?? "", null) !== null;
}

/** A cargo that says its version has a toolchain: the one of rustup is on PATH without any. */
function cargoWorks(): boolean {
  return has("cargo") && spawnSync("cargo", ["--version"], { stdio: "ignore" }).status === 0;
}

/** Bun and Deno as they came with this project's own packages, in a folder that no project decides about. */
async function runtimesOn(project: GivenProject): Promise<Partial<CommandLimits>> {
  const bin = project.at("../bin");
  await mkdir(bin);
  for (const name of ["bun", "deno"]) {
    await writeFile(
      join(bin, name),
      `#!/bin/sh\nexec "${join(import.meta.dirname, "../../node_modules/.bin", name)}" "$@"\n`,
    );
    await chmod(join(bin, name), 0o755);
  }
  const env = checkEnvironment(process.env);
  return { env: { ...env, PATH: [bin, env.PATH].join(delimiter) } };
}

const MAKE = (recipes: Files) => ({
  Makefile: Object.entries(recipes)
    .map(([name, lines]) => `${name}:\n${lines.replace(/^/gm, "\t")}\n`)
    .join(""),
});
const SUM_TEST = (right: number) =>
  `import { test } from "node:test";\nimport { equal } from "node:assert";\ntest("sum", () => equal(1 + 1, ${right}));\n`;

describe.if(process.platform === "linux")("the checks of a project", () => {
  test("are run in order, each told as soon as it is known, those that nobody declares not applicable", async () => {
    await using project = await givenProject(
      MAKE({ build: "@echo build >> order", lint: "@echo lint >> order", test: "@echo tests fail; exit 3" }),
    );
    const seen: string[] = [];
    const results = await runMechanical(project.root, await declaredChecks(project.root), limits(), {
      onResult: ({ kind, verdict }, output) => {
        seen.push(`${kind} ${verdict} ${output === null ? "-" : Buffer.from(output).toString().split("\n")[0]}`);
      },
    });
    expect(seen).toEqual([
      "lint pass ",
      "static not_applicable -",
      "build pass ",
      "test fail tests fail",
      "coverage not_applicable -",
    ]);
    expect(await Bun.file(project.at("order")).text()).toBe("lint\nbuild\n");
    expect(results[3]).toMatchObject({
      command: "make test",
      source: "Makefile test",
      folder: ".",
      exit_code: 2,
      coverage: null,
    });
    expect(results[3]?.output_hash).toMatch(/^[\da-f]{64}$/);
    expect(results[3]?.tools).toHaveProperty("make");
  });

  test("run in the folder they were declared in", async () => {
    await using project = await givenProject({
      "packages/a/Makefile": "test:\n\tpwd > at\n",
      "packages/b/Makefile": "test:\n\texit 1\n",
    });
    const results = await check(project);
    expect(results.filter(({ kind }) => kind === "test").map(({ folder, verdict }) => [folder, verdict])).toEqual([
      ["packages/a", "pass"],
      ["packages/b", "fail"],
    ]);
    expect(await Bun.file(project.at("packages/a/at")).text()).toBe(`${project.at("packages/a")}\n`);
  });

  test("run once each, whatever the same command was declared for", async () => {
    await using project = await givenProject({
      ...MAKE({ all: "@echo once >> ran; cat said" }),
      said: "Coverage: 80%\n",
      ".ouroboros/mechanical.toml": 'lint = "make all"\ntest = "make all"\ncoverage = "make all"\n',
    });
    expect(told(await check(project))).toEqual(["lint pass", "test pass", "coverage pass"]);
    expect(await Bun.file(project.at("ran")).text()).toBe("once\n");
  });
});

describe.if(process.platform === "linux")("real projects, good and broken:", () => {
  const kinds: readonly (readonly [what: string, needs: string, good: Files, broken: Files, source: string])[] = [
    [
      "npm with node --test",
      "npm",
      { "package.json": '{"type":"module","scripts":{"test":"node --test"}}', "sum.test.js": SUM_TEST(2) },
      { "sum.test.js": SUM_TEST(3) },
      "package.json scripts.test",
    ],
    [
      "bun test",
      "node",
      {
        "package.json": '{"type":"module","scripts":{"test":"bun test"}}',
        "bun.lock": "",
        "sum.test.js": 'import { expect, test } from "bun:test";\ntest("sum", () => expect(1 + 1).toBe(2));\n',
      },
      { "sum.test.js": 'import { expect, test } from "bun:test";\ntest("sum", () => expect(1 + 1).toBe(3));\n' },
      "package.json scripts.test",
    ],
    [
      "deno test",
      "node",
      { "deno.json": "{}", "sum_test.js": 'Deno.test("sum", () => { if (1 + 1 !== 2) throw new Error("sum"); });\n' },
      { "sum_test.js": 'Deno.test("sum", () => { throw new Error("sum"); });\n' },
      "deno.json",
    ],
    [
      "unittest",
      "python3",
      {
        "test_sum.py":
          "import unittest\nclass T(unittest.TestCase):\n  def test_sum(self):\n    self.assertEqual(1 + 1, 2)\n",
      },
      {
        "test_sum.py":
          "import unittest\nclass T(unittest.TestCase):\n  def test_sum(self):\n    self.assertEqual(1 + 1, 3)\n",
      },
      "test_sum.py",
    ],
  ];
  test.each(kinds)("%s", async (_, needs, good, broken, source) => {
    expect(has(needs)).toBe(true);
    await using project = await givenProject(good);
    const more = await runtimesOn(project);
    const results = await check(project, more);
    expect(results.filter(({ verdict }) => verdict !== "not_applicable")).toMatchObject([
      { kind: "test", verdict: "pass", source, exit_code: 0 },
    ]);
    await project.write(broken);
    expect(told(await check(project, more))).toEqual(["test fail"]);
  });

  test.if(cargoWorks())("cargo", async () => {
    await using project = await givenProject({
      "Cargo.toml": '[package]\nname = "toy"\nversion = "0.1.0"\nedition = "2021"\n',
      "src/lib.rs": "#[test]\nfn sum() { assert_eq!(1 + 1, 2); }\n",
    });
    expect(told(await check(project))).toEqual(["build pass", "test pass"]);
    await project.write({ "src/lib.rs": "fn sum( {" });
    expect(told(await check(project))).toEqual(["build fail", "test fail"]);
  });
});

describe.if(process.platform === "linux")("what could not be told is neither pass nor fail:", () => {
  test.each<readonly [what: string, files: Files, reason: RegExp]>([
    [
      "a runner that found nothing to run",
      { "package.json": '{"scripts":{"test":"node --test"}}' },
      /^It ran no tests/,
    ],
    ["unittest without tests", { "test_sum.py": "" }, /^It ran no tests/],
    [
      "tests that are all skipped",
      {
        "test_sum.py":
          "import unittest\n@unittest.skip('later')\nclass T(unittest.TestCase):\n  def test_sum(self): pass\n",
      },
      /^It ran no tests/,
    ],
    [
      "pytest that is not installed",
      { ".ouroboros/mechanical.toml": 'test = "python3 -S -I -m pytest"\n' },
      /missing on this machine/,
    ],
    ["a tool that make does not find", MAKE({ test: "acme-test-runner --all" }), /^acme-test-runner is not there/],
    [
      "a tool that a script does not find",
      { "package.json": '{"scripts":{"test":"acme-test-runner"}}' },
      /missing on this machine|is not there/,
    ],
    [
      "packages that nobody installed",
      {
        "package.json": '{"type":"module","dependencies":{"left-pad":"1"}}',
        "a.js": 'import "left-pad";\n',
        ...MAKE({ test: "node a.js" }),
      },
      /^The package left-pad is not installed/,
    ],
    [
      "modules that nobody installed",
      { "requirements.txt": "acme-sums>=1\n", "test_sum.py": "import acme_sums\n" },
      /^acme_sums is not installed/,
    ],
    [
      "a program that is not on this machine",
      { "build.zig": "", ".ouroboros/mechanical.toml": 'build = ""\ntest = "gleam test"\n' },
      /^gleam is missing on this machine/,
    ],
    [
      "a program that may not be run",
      { ".ouroboros/mechanical.toml": 'test = "sh -c true"\n' },
      /no build tool that is known/,
    ],
    [
      "a time that was not enough",
      { ...MAKE({ test: "sleep 600" }), ".ouroboros/mechanical.toml": "timeout = 0.5\n" },
      /not done in its time.*raise "timeout"/,
    ],
  ])("%s", async (_, files, reason) => {
    await using project = await givenProject(files);
    const [result] = (await check(project)).filter(({ kind }) => kind === "test");
    expect(result).toMatchObject({ verdict: "unverifiable" });
    expect(result?.reason).toMatch(reason);
  });

  test("being called off, at once and for all that is left", async () => {
    await using project = await givenProject(MAKE({ lint: "touch begun; sleep 600", test: "touch tested" }));
    const called = new AbortController();
    const running = check(project, { signal: called.signal, record: async () => true });
    await until(() => existsSync(project.at("begun")), "the first check is at work");
    called.abort();
    expect(told(await running)).toEqual(["lint unverifiable", "test unverifiable"]);
    expect(existsSync(project.at("tested"))).toBe(false);
  });

  test("but a missing module of the project's own is its fault", async () => {
    await using project = await givenProject({
      "a.js": 'require("./b.js");\nrequire("left-pad");\n',
      ...MAKE({ test: "node a.js", lint: "echo 'sh: 1: make: not found'; exit 1" }),
    });
    expect(told(await check(project))).toEqual(["lint fail", "test fail"]);
  });
});

describe.if(process.platform === "linux")("coverage", () => {
  const shows = (said: string, more = "") => ({ ...MAKE({ test: `@cat said${more}` }), said: `${said}\n` });

  test.each<readonly [what: string, files: Files, verdicts: readonly string[], share: number | null]>([
    ["is read from what the tests print", shows("TOTAL 10 2 80%"), ["test pass", "coverage pass"], 0.8],
    ["is too little", shows("TOTAL 10 5 50%"), ["test pass", "coverage fail"], 0.5],
    [
      "is as much as the project asks for",
      { ...shows("TOTAL 10 5 50%"), ".ouroboros/mechanical.toml": "coverage_threshold = 0.5\n" },
      ["test pass", "coverage pass"],
      0.5,
    ],
    [
      "cannot be told of totals on both sides",
      shows("TOTAL 10 5 50%\nTOTAL 10 1 90%\n"),
      ["test pass", "coverage unverifiable"],
      0.5,
    ],
    [
      "that was asked for and is not shown is not told",
      { ...MAKE({ coverage: "@cat said" }), said: "done" },
      ["test pass", "coverage unverifiable"],
      null,
    ],
    [
      "of tests that fail is not told",
      shows("TOTAL 10 1 90%", "; exit 1"),
      ["test fail", "coverage unverifiable"],
      0.9,
    ],
    [
      "has a command of its own where the settings say so",
      {
        ...MAKE({ test: "test -f said", cov: "@cat said" }),
        said: "Coverage: 71%",
        ".ouroboros/mechanical.toml": 'test = "make test"\ncoverage = "make cov"\n',
      },
      ["test pass", "coverage pass"],
      0.71,
    ],
  ])("%s", async (_, files, verdicts, share) => {
    await using project = await givenProject(files);
    const results = await check(project);
    expect(told(results)).toEqual([...verdicts]);
    expect(results.find(({ kind }) => kind === "coverage")?.coverage ?? null).toBe(share);
  });

  test("of node's own tests is read as it is", async () => {
    await using project = await givenProject({
      "package.json": '{"type":"module","scripts":{"test":"node --test --experimental-test-coverage"}}',
      "sum.test.js": SUM_TEST(2),
    });
    const results = await check(project);
    expect(told(results)).toEqual(["test pass", "coverage pass"]);
    expect(results.at(-1)?.coverage).toBe(1);
  });
});

describe.if(process.platform === "linux")("results are kept by tree and declaration", () => {
  test("what was told is not run again for the same tree, and is for another", async () => {
    await using project = await givenProject(
      MAKE({ lint: "@echo lint >> ran", test: "@echo test >> ran; exit 1", build: "@echo build >> ran; acme-build" }),
    );
    const declared = await declaredChecks(project.root);
    const cache = memory();
    const seen: (Uint8Array | null)[] = [];
    const again = (treeHash: string | null) =>
      runMechanical(project.root, declared, limits(), {
        treeHash,
        cache,
        onResult: (_, output) => void seen.push(output),
      });
    const first = await again("tree1");
    expect(told(first)).toEqual(["lint pass", "build unverifiable", "test fail"]);
    expect([...cache.kept.values()].flat().map(({ kind }) => kind)).toEqual(["lint", "test"]);
    expect(told(await again("tree1"))).toEqual(told(first));
    expect(seen.slice(5).map((output) => output !== null)).toEqual([false, false, true, false, false]);
    const ran = async () => (await Bun.file(project.at("ran")).text()).split("\n").filter(Boolean).join(" ");
    expect(await ran()).toBe("lint build test build");
    await again("tree2");
    await again(null);
    expect(await ran()).toBe("lint build test build lint build test lint build test");
    expect(cache.kept.size).toBe(2);
  });

  test("another declaration is run, whatever is known of the tree", async () => {
    await using project = await givenProject(MAKE({ test: "@echo one >> ran" }));
    const cache = memory();
    await runMechanical(project.root, await declaredChecks(project.root), limits(), { treeHash: "tree", cache });
    await project.write(MAKE({ test: "@echo two >> ran" }));
    await runMechanical(project.root, await declaredChecks(project.root), limits(), { treeHash: "tree", cache });
    expect(await Bun.file(project.at("ran")).text()).toBe("one\ntwo\n");
  });

  test("coverage that could not be told lets the tests be run again, and what was told is kept with them", async () => {
    await using project = await givenProject({
      ...MAKE({ test: "@echo t >> ran; cat said" }),
      said: "TOTAL 1 1 50%\nTOTAL 1 1 90%\n",
    });
    const cache = memory();
    const again = async () =>
      runMechanical(project.root, await declaredChecks(project.root), limits(), { treeHash: "tree", cache });
    await again();
    await again();
    expect(await Bun.file(project.at("ran")).text()).toBe("t\nt\n");
    await project.write({ said: "TOTAL 1 1 90%\n" });
    expect(told(await again())).toEqual(["test pass", "coverage pass"]);
    expect(told(await again())).toEqual(["test pass", "coverage pass"]);
    expect(await Bun.file(project.at("ran")).text()).toBe("t\nt\nt\n");
  });

  function memory(): MechanicalCache & { kept: Map<string, readonly MechanicalResult[]> } {
    const kept = new Map<string, readonly MechanicalResult[]>();
    return {
      kept,
      get: async (tree, declared) => kept.get(`${tree} ${declared}`) ?? null,
      put: async (tree, declared, results) => void kept.set(`${tree} ${declared}`, results),
    };
  }
});

describe.if(process.platform === "linux")("a hostile project", () => {
  test("does not put its own program in the place of one of ours", async () => {
    await using project = await givenProject({
      ...MAKE({ test: "test -f bin/make" }),
      "bin/make": '#!/bin/sh\ntouch "$(dirname "$0")/../ran"\n',
    });
    await chmod(project.at("bin/make"), 0o755);
    const env = checkEnvironment(process.env);
    const path = [project.at("bin"), "bin", ".", env.PATH].join(delimiter);
    expect(told(await check(project, { env: { ...env, PATH: path } }))).toEqual(["test pass"]);
    expect(existsSync(project.at("ran"))).toBe(false);
  });

  test("does not name the shell that runs its scripts", async () => {
    await using project = await givenProject({
      "package.json": '{"scripts":{"test":"node --version"}}',
      ".npmrc": "script-shell=./evil\n",
      evil: "#!/bin/sh\ntouch ran\n",
    });
    await chmod(project.at("evil"), 0o755);
    expect(told(await check(project))).toEqual(["test pass"]);
    expect(existsSync(project.at("ran"))).toBe(false);
  });

  test("is not run by being looked at", async () => {
    await using project = await givenProject({
      ...MAKE({ test: "touch ran" }),
      "setup.py": 'open("ran", "w")\n',
      "package.json": '{"scripts":{"preinstall":"touch ran","test":"touch ran"}}',
      "conftest.py": 'open("ran", "w")\n',
    });
    await declaredChecks(project.root);
    expect(existsSync(project.at("ran"))).toBe(false);
  });
});
