// What keeps a run from going on for now pauses it, and fails no step: a usage limit, a login, a host that is waited for.
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CliHome, openHome, type Ran } from "../cli/support/ouroboros.ts";
import { until } from "../support/agent-processes.ts";

setDefaultTimeout(60_000);

/** It notes each start; says what stands in the file `trouble`, if there is one, else that it is done. */
const AGENT = `cat >/dev/null
echo "$OUROBOROS_STEP" >>started
if [ -e trouble ]; then cat trouble; exit 1; fi
echo '{"type":"result","text":"done"}'`;

test.each([
  [
    "usage limit of half a day",
    { kind: "limited", message: "come back later", retry_after_ms: 43_200_000 },
    "usage_limit",
    "its agent's usage limit is reached",
  ],
  ["login", { kind: "unauthorized", message: "who are you?" }, "not_logged_in", "its agent is not logged in"],
])(
  "a %s pauses the run at its first step; resumed, it goes on with the same agent",
  async (_, trouble, reason, words) => {
    await using given = await halting();
    given.trouble({ type: "error", ...trouble });
    const { code, json } = await given.json([
      "run",
      given.seed,
      "--cwd",
      given.work,
      "--in-place",
      "--runtime",
      "mine",
      "--wait",
    ]);
    expect([code, json]).toMatchObject([1, { status: "paused", reason, steps_done: 0, steps_total: 3 }]);
    expect(given.started()).toEqual(["1"]);
    const id = String(json.session_id);
    const { json: why } = await given.json(["why", id]);
    expect(why.decided).toMatchObject({ reason, why: expect.stringContaining(trouble.message) });
    expect((why.decided as Record<string, unknown>).resume_after === null).toBe(trouble.kind === "unauthorized");
    expect((await given.cli(["status", id])).stdout).toContain(words);
    expect((await given.cli(["resume"])).stdout).toContain(`it is paused: ${words}`);
    expect((await given.cli(["card", "--cwd", given.work])).stdout).toContain(`paused: ${words}`);
    expect((await given.cli(["job", "status", String(json.job_id)])).stdout).toContain(trouble.message);

    given.trouble(undefined);
    const again = await given.json(["resume", id, "--wait"]);
    expect([again.code, again.json]).toMatchObject([0, { status: "completed", steps_done: 3 }]);
    expect(given.started()).toEqual(["1", "1", "2", "3"]);
  },
);

test("a limit that names an absurd time is a pause like any other", async () => {
  await using given = await halting();
  given.trouble({ type: "error", kind: "limited", message: "never", retry_after_ms: 1e300 });
  const { json } = await given.json([
    "run",
    given.seed,
    "--cwd",
    given.work,
    "--in-place",
    "--runtime",
    "mine",
    "--wait",
  ]);
  expect(json).toMatchObject({ status: "paused", reason: "usage_limit" });
});

test("a run for the host says what it waits for, from a terminal too, and another agent may do it instead", async () => {
  await using given = await halting();
  const begun = await given.cli(["run", given.seed, "--cwd", given.work, "--in-place", "--runtime", "host"]);
  expect(begun.code).toBe(0);
  expect(begun.stdout).toMatch(
    /^Started orch_\w+: 3 steps with host\.\n[\s\S]*\nIt waits for the agents of an MCP host/,
  );
  expect(begun.stdout).toMatch(/ouroboros_claim_work \{"session_id":"orch_\w+"\}/);
  await given.pauses(/orch_\w+/.exec(begun.stdout)?.[0] ?? "");
  const waited = await given.cli(["run", given.seed, "--cwd", given.work, "--in-place", "--runtime", "host", "--wait"]);
  expect(waited.code).toBe(1);
  expect(waited.stdout).toMatch(/^orch_\w+ is paused, 0 of 3 steps done\.\nIt waits for the agents of an MCP host/);
  const id = /orch_\w+/.exec(waited.stdout)?.[0] ?? "";
  const again = await given.cli(["resume", id]);
  expect(again.stdout).toMatch(/^Resumed orch_\w+ .*\nIt waits for the agents of an MCP host/);
  await given.pauses(id);
  const other = await given.json(["resume", id, "--runtime", "mine", "--wait"]);
  expect([other.code, other.json]).toMatchObject([0, { status: "completed" }]);
  expect(given.started()).toEqual(["1", "2", "3"]);
});

test("a step takes no longer than the configuration says", async () => {
  await using given = await halting("execution: { step_timeout_minutes: 0.01, ac_retry_attempts: 0 }\n");
  const { code, json } = await given.json([
    "run",
    given.seed,
    "--cwd",
    given.work,
    "--in-place",
    "--runtime",
    "slow",
    "--wait",
  ]);
  expect([code, json]).toMatchObject([1, { status: "failed", reason: "3 of 3 steps failed: 1, 2, 3" }]);
});

interface Halting extends AsyncDisposable {
  readonly seed: string;
  readonly work: string;
  trouble(record: Record<string, unknown> | undefined): void;
  started(): string[];
  cli(args: readonly string[]): Promise<Ran>;
  /** Resolves once the run's worker has let go of it. */
  pauses(id: string): Promise<void>;
  json(args: readonly string[]): Promise<{ code: number | null; json: Record<string, unknown> }>;
}

/** A home with two agents, of which the other one would be chosen. */
async function halting(more = ""): Promise<Halting> {
  const home: CliHome = await openHome();
  const [work, seed] = [join(home.home, "work"), join(home.home, "seed.yaml")];
  mkdirSync(work);
  const path = (name: string) => join(work, name);
  const runtimes = {
    mine: { command: ["sh", "-c", AGENT], output: "jsonl" },
    other: { command: ["false"] },
    slow: { command: ["tail", "-f", "/dev/null"] },
  };
  // JSON on one line is YAML, too.
  writeFileSync(
    join(home.home, "config.yaml"),
    `orchestrator: { runtime_backend: other }\nruntimes: ${JSON.stringify(runtimes)}\n${more}`,
  );
  writeFileSync(seed, JSON.stringify({ goal: "Three", acceptance_criteria: ["one", "two", "three"] }));
  const json: Halting["json"] = async (args) => {
    const { code, stdout } = await home.run([...args, "--json"]);
    return { code, json: JSON.parse(stdout) };
  };
  return {
    seed,
    work,
    trouble(record) {
      if (record) writeFileSync(path("trouble"), `${JSON.stringify(record)}\n`);
      else rmSync(path("trouble"));
    },
    started: () => (existsSync(path("started")) ? readFileSync(path("started"), "utf8").trim().split("\n") : []),
    cli: (args) => home.run(args),
    json,
    pauses: (id) => until(async () => (await json(["status", id])).json.status === "paused", `${id} is paused`),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}
