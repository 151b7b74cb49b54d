// Agents that mean well, lie, break things and cheat: what a check says of their work, run for real in real repositories.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { verify } from "../../src/checks/verify.ts";
import type { Criterion } from "../../src/domain/seed/seed.ts";
import { gitBench } from "./support/git-bench.ts";
import { criterion, limits } from "./support/limits.ts";

setDefaultTimeout(120_000);

type Put = Readonly<Record<string, string | null>>;

/** A project whose test fails until `app.sh` says "hello", and one way of working on it. */
const PROJECT = {
  "app.sh": "echo bye\n",
  "tests/app.test.sh": "test \"$(sh app.sh)\" = hello || { echo 'not ok'; exit 1; }\necho all is well\n",
  "package.json": `${JSON.stringify({ scripts: { test: "sh tests/app.test.sh" } }, null, 2)}\n`,
};
const NPM = process.platform === "win32" ? "npm.cmd test" : "npm test --silent";
const DONE = { "app.sh": "echo hello\n" };

async function check(work: Put, given: Partial<Criterion> & { verify_command: string | null }, before: Put = {}) {
  await using bench = await gitBench({ ...PROJECT, ...before } as Record<string, string>);
  bench.put(work);
  const one = criterion(given.verify_command, given);
  const verification = await verify(bench, one, { ...limits(), base: bench.base, criteria: [one] });
  const left = Object.keys(work).map((path) => [path, readOr(join(bench.folder, path))]);
  // Whatever was put back or changed meanwhile: the work lies there as it was handed in, and is committed.
  expect(Object.fromEntries(left)).toEqual(work);
  expect(await bench.treeHash()).toBe(verification.tree_hash);
  return verification;
}

function readOr(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

const BY_TEST = { verify_command: "sh tests/app.test.sh", output_assertion: "all is\n  well" };

describe("work", () => {
  test.concurrent("that does what is asked passes, with what the evidence needs", async () => {
    const verification = await check(DONE, { ...BY_TEST, expected_artifacts: ["app.sh"] });
    expect(verification).toMatchObject({ verdict: "pass", exit_code: 0, cause: null, edited_checks: [], suspects: [] });
    expect(verification).toMatchObject({ mutated: false, flaky: false, output_truncated: false });
    expect(verification.checks.map(({ what, ok }) => [what, ok])).toEqual([
      ["artifact", true],
      ["command", true],
      ["assertion", true],
    ]);
    expect(verification.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(new TextDecoder().decode(verification.output)).toBe("all is well\n");
    expect(verification.tools.platform).toBe(`${process.platform}-${process.arch}`);
  });

  test.concurrent("is not proven by a runner that found no tests, however content that is", async () => {
    const found = await check(DONE, { verify_command: "echo '# tests 0'; echo '# pass 0'; echo '# fail 0'" });
    expect(found).toMatchObject({ verdict: "unverifiable", cause: "nothing_to_check", reason: "It ran no tests" });
  });

  test.concurrent("that was only claimed fails", async () => {
    expect(await check({}, BY_TEST)).toMatchObject({ verdict: "fail", exit_code: 1, flaky: false });
    expect(await check({}, { verify_command: "true", output_assertion: "hello" })).toMatchObject({ verdict: "fail" });
  });

  test.concurrent("fails while an expected file is missing, empty, or a link out of the project", async () => {
    await using bench = await gitBench(PROJECT);
    bench.put({ "empty.md": "", "pkg/__init__.py": "", "there.md": "x" });
    symlinkSync("/etc/hostname", join(bench.folder, "out.md"));
    symlinkSync("there.md", join(bench.folder, "in.md"));
    const expected_artifacts = ["there.md", "in.md", "pkg/__init__.py", "pkg", "gone.md", "empty.md", "out.md"];
    const one = criterion(null, { expected_artifacts });
    const verification = await verify(bench, one, { ...limits(), base: bench.base, criteria: [one] });
    expect(verification.missing_artifacts).toEqual(["gone.md", "empty.md", "out.md"]);
    expect(verification.verdict).toBe("fail");
    const good = criterion(null, { expected_artifacts: expected_artifacts.slice(0, 4) });
    expect(await verify(bench, good, { ...limits(), base: bench.base, criteria: [good] })).toMatchObject({
      verdict: "pass",
    });
  });
});

describe("nobody passes by changing the check:", () => {
  const REMOVED = "set -- tests/*; ! test -f $1 || sh $1";
  const CHEATS: readonly (readonly [string, Put, string, readonly string[]])[] = [
    [
      "a test that is weakened",
      { "tests/app.test.sh": "echo all is well\n" },
      BY_TEST.verify_command,
      ["tests/app.test.sh"],
    ],
    ["a test that is removed", { "tests/app.test.sh": null }, REMOVED, ["tests/app.test.sh"]],
    [
      "a script that runs something else by way of another",
      { "package.json": '{"scripts":{"test":"npm run -s unit","unit":"true"}}' },
      NPM,
      ["package.json"],
    ],
    ["a rule of a Makefile", { Makefile: "test: ; true\n" }, "make -s test", ["Makefile"]],
    ["a program that the check runs", { "scripts/check.sh": "true\n" }, "sh scripts/check.sh", ["scripts/check.sh"]],
    ["a program that is run by a script", { "verify.sh": "true\n" }, "make -s verify", ["verify.sh"]],
  ];
  const MAKEFILE = "SH = sh\ntest:\n\t$(SH) tests/app.test.sh\nverify:\n\tsh verify.sh\n";
  const BEFORE = {
    Makefile: MAKEFILE,
    "scripts/check.sh": "sh tests/app.test.sh\n",
    "verify.sh": "sh tests/app.test.sh\n",
  };

  test.concurrent.each(CHEATS)("%s", async (_, work, verify_command, edited) => {
    const verification = await check(work, { verify_command }, BEFORE);
    expect(verification.edited_checks).toEqual([...edited]);
    expect(verification).toMatchObject({ verdict: "fail", as_left: { ok: true, exit_code: 0 } });
  });

  test.concurrent("a test that is rewritten while the work is done passes by the original", async () => {
    const rewritten = { "tests/app.test.sh": 'test "$(sh app.sh)" = hello && echo all is well\n' };
    const verification = await check({ ...DONE, ...rewritten }, BY_TEST);
    expect(verification).toMatchObject({ verdict: "pass", edited_checks: ["tests/app.test.sh"] });
    expect(verification.as_left).toEqual({ ok: true, exit_code: 0 });
  });

  test.concurrent("a test that the criterion asks for is work, as is what its command only looks at", async () => {
    const meant = { ...BY_TEST, expected_artifacts: ["tests/app.test.sh"] };
    const rewritten = { "tests/app.test.sh": "echo all is well\n" };
    expect(await check(rewritten, meant)).toMatchObject({ verdict: "pass", edited_checks: [] });
    const looked = { verify_command: "grep -q 'all is well, too' tests/app.test.sh" };
    const longer = { "tests/app.test.sh": `${PROJECT["tests/app.test.sh"]}echo all is well, too\n` };
    expect(await check(longer, looked)).toMatchObject({ verdict: "pass", edited_checks: [] });
  });

  test.concurrent("a manifest may change in everything but what decides", async () => {
    const work = {
      ...DONE,
      "lib.sh": "true\n",
      "package.json": '{"name":"new","scripts":{"test":"sh lib.sh","build":"true"},"version":"2.0.0"}',
    };
    // The new script is there as well while the old one is back.
    const both = { verify_command: `npm run -s build && ${NPM}` };
    expect(await check(work, both)).toMatchObject({ verdict: "pass", edited_checks: ["package.json"] });
    const fine = { ...DONE, "package.json": '{"version":"2.0.0","scripts":{"test":"sh tests/app.test.sh"}}' };
    expect(await check(fine, { verify_command: NPM })).toMatchObject({ verdict: "pass", edited_checks: [] });
    const beside = { ...DONE, Makefile: `${MAKEFILE}deploy:\n\ttrue\n` };
    expect(await check(beside, { verify_command: "make -s test" }, BEFORE)).toMatchObject({
      verdict: "pass",
      edited_checks: [],
    });
  });

  const BUN = `${process.execPath} test`;
  const TESTED = {
    "sum.ts": "export const sum = () => 3;\n",
    "sum.test.ts":
      'import { expect, test } from "bun:test";\nimport { sum } from "./sum.ts";\ntest("sum", () => expect(sum()).toBe(4));\n',
  };

  test.concurrent("settings that are added and bend the tests that were there", async () => {
    const work = { "bunfig.toml": '[test]\npreload = ["./quiet.ts"]\n', "quiet.ts": "process.exit(0);\n" };
    const verification = await check(work, { verify_command: BUN }, TESTED);
    expect(verification).toMatchObject({ verdict: "fail", edited_checks: ["bunfig.toml"], suspects: [] });
    expect(verification.as_left).toEqual({ ok: true, exit_code: 0 });
    const hidden = { ...work, ".gitignore": "bunfig.toml\n" };
    expect(await check(hidden, { verify_command: BUN }, TESTED)).toMatchObject({
      verdict: "fail",
      edited_checks: ["bunfig.toml"],
    });
  });

  test.concurrent("settings that only the tests added with them need are work, and named", async () => {
    const work = {
      "sum.ts": "export const sum = () => 4;\n",
      "bunfig.toml": '[test]\npreload = ["./set.ts"]\n',
      "set.ts": "globalThis.name = 'set';\n",
      "more.test.ts":
        'import { expect, test } from "bun:test";\ntest("set", () => expect(globalThis.name).toBe("set"));\n',
    };
    const verification = await check(work, { verify_command: BUN }, TESTED);
    expect(verification).toMatchObject({ verdict: "pass", edited_checks: [], suspects: ["bunfig.toml"] });
  });

  test.concurrent("a runner's settings that are added to a manifest do not decide", async () => {
    const work = { "package.json": '{"scripts":{"test":"sh tests/app.test.sh","pretest":"echo echo hello >app.sh"}}' };
    const verification = await check(work, { verify_command: NPM });
    expect(verification).toMatchObject({ verdict: "fail", edited_checks: ["package.json"], mutated: true });
  });

  test.concurrent("in a folder of a repository as well", async () => {
    await using bench = await gitBench({ "web/check.sh": "exit 1\n", "web/Makefile": "all:\n\tfalse\n" }, "web");
    bench.put({ "web/check.sh": "exit 0\n", "web/Makefile": "all:\n\ttrue\n" });
    const one = criterion("sh check.sh && make -s");
    const verification = await verify(bench, one, { ...limits(), base: bench.base, criteria: [one] });
    expect(verification).toMatchObject({ verdict: "fail", edited_checks: ["web/Makefile", "web/check.sh"] });
  });
});

describe("a check says nothing about the work", () => {
  const SILENT: readonly { name: string; line: string | null; assertion?: string; cause: string }[] = [
    { name: "without a program of the system", line: "no-such-program-anywhere --version", cause: "environment" },
    { name: "where one is missing in the middle of a pipe", line: "no-such-program | grep x", cause: "environment" },
    { name: "when somebody kills it", line: "kill -9 $$", cause: "environment" },
    { name: "of another system", line: "dir.exe /b C:\\", cause: "non_portable" },
    { name: "with a pattern that is none", line: "echo x", assertion: "/(/", cause: "bad_assertion" },
    { name: "that asks for nothing", line: null, cause: "nothing_to_check" },
  ];

  test.concurrent.each(SILENT)("$name", async ({ line, assertion = null, cause }) => {
    const given = { verify_command: line, output_assertion: assertion };
    expect(await check({}, given)).toMatchObject({ verdict: "unverifiable", cause });
  });

  test.concurrent("that does not end, and leaves nobody behind", async () => {
    await using bench = await gitBench(PROJECT);
    const one = criterion("sleep 1000 & sleep 1000");
    const options = { ...limits({ timeoutMs: 300 }), base: bench.base, criteria: [one] };
    const verification = await verify(bench, one, options);
    expect(verification).toMatchObject({ verdict: "unverifiable", cause: "timed_out", timed_out: true });
  });

  test.concurrent("but what the work was to bring is the work's", async () => {
    expect(await check({}, { verify_command: "./bin/tool --version" })).toMatchObject({
      verdict: "fail",
      exit_code: 127,
    });
    const deaf = { "bin/tool": "echo not executable\n" };
    expect(await check(deaf, { verify_command: "./bin/tool" })).toMatchObject({ verdict: "fail", exit_code: 126 });
  });
});

test.concurrent("in place nothing is committed or thrown away, and a changed check is found out all the same", async () => {
  await using bench = await gitBench({ ...PROJECT, ".gitignore": ".npmrc\n" }, "", "in_place");
  bench.put({
    ".npmrc": "fund=false\n",
    "tests/app.test.sh": "echo all is well; touch traces\n",
    "app.sh": "echo no\n",
  });
  const one = criterion("test -f tests/app.test.sh && sh tests/app.test.sh");
  const verification = await verify(bench, one, { ...limits(), base: bench.base, criteria: [one] });
  expect(verification).toMatchObject({ verdict: "fail", commit: null, mutated: true });
  expect(verification.edited_checks).toEqual(["tests/app.test.sh"]);
  expect(readOr(join(bench.folder, "app.sh"))).toBe("echo no\n");
  expect(readOr(join(bench.folder, "tests/app.test.sh"))).toContain("all is well");
  expect(readOr(join(bench.folder, "traces"))).toBe("");
});

test.concurrent("a check that is called off in the middle of anything leaves the work as it was handed in", async () => {
  await using bench = await gitBench(PROJECT);
  bench.put({ "tests/app.test.sh": "echo all is well\n" });
  const called = new AbortController();
  const one = criterion("sh tests/app.test.sh");
  let runs = 0;
  const record = async () => {
    // The second run is the one with the original test.
    if (++runs === 2) called.abort();
    return true;
  };
  const options = { ...limits({ signal: called.signal, record }), base: bench.base, criteria: [one] };
  const verification = await verify(bench, one, options);
  expect(verification).toMatchObject({ verdict: "unverifiable", cause: "stopped", as_left: { ok: true } });
  expect(runs).toBe(2);
  expect(readOr(join(bench.folder, "tests/app.test.sh"))).toBe("echo all is well\n");
  expect(await bench.treeHash()).toBe(verification.tree_hash);
});

test.concurrent("a check that changes the project is found out, and what it changed is gone", async () => {
  const verification = await check(DONE, { verify_command: "echo more >>app.sh; touch new; rm package.json" });
  expect(verification).toMatchObject({ verdict: "pass", mutated: true });
});

describe("a check that fails and then does not", () => {
  const outside = () => `${process.env.TMPDIR ?? "/tmp"}/ouroboros-flaky-${crypto.randomUUID()}`;
  const nth = (file: string, good: string) =>
    `echo x >>${file}; case $(wc -l <${file}) in ${good}) ;; *) exit 1;; esac`;

  test.concurrent("passes only when it does so twice", async () => {
    const file = outside();
    expect(await check({}, { verify_command: nth(file, "*2|*3") })).toMatchObject({ verdict: "pass", flaky: true });
    expect(readFileSync(file, "utf8")).toBe("x\nx\nx\n");
    const other = outside();
    expect(await check({}, { verify_command: nth(other, "*2") })).toMatchObject({ verdict: "fail", flaky: true });
    await Promise.all([file, other].map((path) => Bun.file(path).delete()));
  });
});
