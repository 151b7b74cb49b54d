import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { baseline } from "../../src/checks/baseline.ts";
import type { Criterion } from "../../src/domain/seed/seed.ts";
import { until } from "../support/agent-processes.ts";
import { gitBench } from "./support/git-bench.ts";
import { criterion, limits } from "./support/limits.ts";

setDefaultTimeout(120_000);

function keyed(given: Readonly<Record<string, Partial<Criterion>>>): Criterion[] {
  return Object.entries(given).map(([key, more]) => criterion(null, { key, ...more }));
}

test.concurrent("tells what each check says before anybody has worked", async () => {
  await using bench = await gitBench({ "there.txt": "hello\n", ".gitignore": "count\n" });
  const criteria = keyed({
    red: { verify_command: "test -f feature.sh" },
    red_program: { verify_command: "./feature --version" },
    red_files: { expected_artifacts: ["feature.sh"] },
    red_words: { verify_command: "cat there.txt", output_assertion: "goodbye" },
    green: { verify_command: "cat there.txt" },
    green_words: { verify_command: "cat there.txt", output_assertion: "hello" },
    green_files: { expected_artifacts: ["there.txt"] },
    green_but_files: { verify_command: "cat there.txt", expected_artifacts: ["feature.sh"] },
    nothing: {},
    missing: { verify_command: "no-such-program-anywhere" },
    foreign: { verify_command: "powershell.exe -File check.ps1" },
    once: { verify_command: "! test -f count && touch count" },
    writes: { verify_command: "echo more >>there.txt" },
  });
  const classes: Record<string, string> = {};
  for await (const { criterion_key, class: found } of baseline([bench], criteria, limits()))
    classes[criterion_key] = found;
  expect(classes).toEqual({
    red: "red",
    red_program: "red",
    red_files: "red",
    red_words: "red",
    green: "already_green",
    green_words: "already_green",
    green_files: "already_green",
    green_but_files: "red",
    nothing: "unverifiable",
    missing: "unverifiable",
    foreign: "non_portable",
    once: "flaky",
    writes: "mutates",
  });
  expect(readFileSync(join(bench.folder, "there.txt"), "utf8")).toBe("hello\n");
});

test.concurrent("runs a command that several share once, twice when it is green", async () => {
  await using bench = await gitBench({ ".gitignore": "runs\n" });
  const [red, green] = ["echo red >>runs; false", "echo green >>runs"];
  const criteria = keyed({ a: { verify_command: red }, b: { verify_command: green }, c: { verify_command: red } });
  const results = await Array.fromAsync(baseline([bench], criteria, limits()));
  expect(results.map(({ criterion_key }) => criterion_key).sort()).toEqual(["a", "b", "c"]);
  expect(readFileSync(join(bench.folder, "runs"), "utf8")).toBe("red\ngreen\ngreen\n");
});

test.concurrent("runs as many at once as there are folders, and tells each result when it is known", async () => {
  await using one = await gitBench({ ".gitignore": "*\n" });
  await using other = await gitBench({ ".gitignore": "*\n" });
  const go = join(one.folder, "go");
  const criteria = keyed({
    slow: { verify_command: `until test -f ${go}; do sleep 0.05; done; false` },
    quick: { verify_command: "false" },
    third: { verify_command: "exit 2" },
  });
  const told: string[] = [];
  for await (const { criterion_key } of baseline([one, other], criteria, limits())) {
    told.push(criterion_key);
    if (told.length === 2) await Bun.write(go, "");
  }
  expect(told).toEqual(["quick", "third", "slow"]);
});

test("left early, it lets nobody go on in the folder", async () => {
  await using bench = await gitBench({ ".gitignore": "*\n" });
  await using other = await gitBench({ ".gitignore": "*\n" });
  const stopped = new AbortController();
  const criteria = keyed({
    quick: { verify_command: "false" },
    endless: { verify_command: "echo $$ >pid; sleep 1000" },
  });
  const pid = join(other.folder, "pid");
  for await (const _ of baseline([bench, other], criteria, limits({ signal: stopped.signal }))) {
    await until(() => Bun.file(pid).size > 0, "the other one runs");
    stopped.abort();
    break;
  }
  expect(() => process.kill(Number(readFileSync(pid, "utf8")), 0)).toThrow();
});
