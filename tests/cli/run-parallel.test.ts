// How many agents work at once is said by the run's own flag, before the configuration, and for as long as the run lasts.
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kill, until } from "../support/agent-processes.ts";
import { openRunHome, type RunHome } from "./support/run-home.ts";

setDefaultTimeout(180_000);

/**
 * Notes when it begins and ends; its work takes long enough for others to begin beside it, if anybody lets them. Where there is a file
 * `hold-from`, those of that number and after it wait until it is gone.
 */
const AGENT = `#!/bin/sh
cat >/dev/null
here=$(dirname "$0")
echo "begin $OUROBOROS_STEP" >>"$here/journal"
while [ "$OUROBOROS_STEP" -ge "$(cat "$here/hold-from" 2>/dev/null || echo 99)" ]; do sleep 0.02; done
sleep 0.3
echo "part $OUROBOROS_STEP" >"part$OUROBOROS_STEP.txt"
echo "end $OUROBOROS_STEP" >>"$here/journal"
`;

test("--parallel 4 lets four agents work at once as soon as three have done well", async () => {
  await using given = await openLoom(7);
  const plan = await given.json(["run", given.seed, "--dry-run", "--parallel", "4"]);
  expect(plan.parallel).toBe(4);
  holdFrom(given, 4);
  const { job_id, worker_pid } = await given.json(["run", given.seed, "--parallel", "4"]);
  given.watch(worker_pid);
  await until(() => journal(given).length === 10, "three have ended, and the four others have begun");
  given.drop("hold-from");
  await completes(given, job_id);
});

test("--parallel 1 has one agent after the other at work, also once somebody else has resumed the run", async () => {
  await using given = await openLoom(3);
  holdFrom(given, 1);
  const { session_id, worker_pid } = await given.json(["run", given.seed, "--parallel", "1"]);
  given.watch(worker_pid);
  await until(() => journal(given).length === 1, "the first has begun");
  kill(Number(worker_pid));
  const resumed = await given.json(["resume", String(session_id)]);
  given.watch(resumed.worker_pid);
  expect(resumed.outcome).toBe("resumed");
  await until(() => journal(given).length === 2, "somebody has begun anew");
  given.drop("hold-from");
  await completes(given, resumed.job_id);
  const [abandoned = "", ...lines] = journal(given);
  const ordered = lines.flatMap((line) => (line.startsWith("begin") ? [line, line.replace("begin", "end")] : []));
  expect(lines).toEqual(ordered);
  expect([abandoned, lines.length]).toEqual([lines[0] ?? "", 6]);
});

test("no agents at all, more than eight and half of one are refused before anything is begun", async () => {
  await using given = await openLoom(1);
  for (const many of ["0", "9", "1.5"]) {
    const { code, stdout } = await given.run(["run", given.seed, "--parallel", many, "--json"]);
    expect([code, JSON.parse(stdout).error.code]).toEqual([2, "wrong_usage"]);
    expect(JSON.parse(stdout).error.message).toContain("it must be a whole number from 1 to 8");
  }
  expect(existsSync(join(given.home, "ouroboros.db"))).toBe(false);
});

test("a folder that is not there, or no git, is refused before anything is begun, by a dry run as well", async () => {
  await using given = await openLoom(1);
  const nowhere = join(given.project, "no where");
  for (const args of [["--dry-run"], []]) {
    const { code, stdout } = await given.run([
      "run",
      given.seed,
      "--cwd",
      nowhere,
      "--approve-checks",
      "--json",
      ...args,
    ]);
    expect([code, JSON.parse(stdout).error.code]).toEqual([2, "folder_missing"]);
  }
  const alone = await given.run(["run", given.seed, "--cwd", given.project, "--approve-checks"], { PATH: nowhere });
  expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining("Install git")]);
  expect(existsSync(join(given.home, "ouroboros.db"))).toBe(false);
});

/** A home whose seed has so many criteria that do not wait for each other. */
async function openLoom(criteria: number): Promise<RunHome> {
  const home = await openRunHome();
  const lines = Array.from({ length: criteria }, (_, index) => {
    return `  - { description: Part ${index + 1} is there, verify_command: "test -f part${index + 1}.txt" }\n`;
  });
  writeFileSync(home.seed, `goal: Parts\nacceptance_criteria:\n${lines.join("")}`);
  writeFileSync(join(home.home, "agent.sh"), AGENT);
  return home;
}

function holdFrom({ home }: RunHome, number: number): void {
  writeFileSync(join(home, "hold-from"), String(number));
}

function journal({ home }: RunHome): string[] {
  const path = join(home, "journal");
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
}

async function completes(given: RunHome, job: unknown): Promise<void> {
  const { code, stdout } = await given.run(["job", "wait", String(job), "--json"]);
  expect([code, JSON.parse(stdout).status]).toEqual([0, "completed"]);
}
