import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeStore } from "../../scripts/make-store.ts";
import { isRunning, until } from "../support/agent-processes.ts";
import { type Interrupted, interrupted, thenRow, writeRows } from "../support/interrupted-session.ts";
import { openResumableHome, type ResumableHome } from "../support/resumable-home.ts";
import { environment, finished, type Ran } from "./support/ouroboros.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

describe("run", () => {
  test("starts a worker, says how to follow it, and does each step in the folder; makes the store it needs", async () => {
    await using given = await openCli();
    given.put("hold");
    const { code, stdout, stderr } = await given.cli(["run", given.seed, "--cwd", given.project, "--in-place"]);
    expect([code, stderr]).toEqual([0, ""]);
    const id = /^Started (orch_\w+): 5 steps with little\.$/m.exec(stdout)?.[1] ?? "";
    expect(stdout).toContain(`watch: ouroboros watch ${id}`);
    expect(stdout).toContain(`stop:  ouroboros cancel ${id}`);
    given.watch(await given.worker(id));
    given.drop("hold");
    await until(async () => (await given.status(id)) === "completed", "the run has ended");
    expect(given.journal()).toEqual(["1", "2", "3", "4", "5"]);
    expect(await Bun.file(join(given.project, "prompt-2")).text()).toContain("criterion 2 of 5:\nFile 2 is there");
  });

  test("--wait shows each step on stderr and ends with the run: 0 when it completed, 1 when a step failed", async () => {
    await using given = await openCli();
    const good = await given.cli(["run", given.seed, "--cwd", given.project, "--in-place", "--wait", "--json"]);
    expect(good.code).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({
      status: "completed",
      steps_done: 5,
      steps_total: 5,
      runtime: "little",
    });
    expect(good.stderr).toMatch(/^Started orch_\w+: 5 steps with little\.\n/);
    expect(good.stderr).toContain("5 of 5 steps done");
    given.put("fail-2");
    const bad = await given.cli(["run", given.seed, "--cwd", given.project, "--in-place", "--wait"]);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toMatch(
      /^orch_\w+ is failed \(1 of 5 steps failed: 2\), 4 of 5 steps done\.\n[\s\S]*\nGo on: ouroboros resume orch_\w+\n$/,
    );
    expect(bad.stdout).toMatch(/^✖ 2 File 2 is there: failed: 3 attempts failed \(CRASHED\)\..*cannot do it/m);
    // Nobody has proved what was only said to be done.
    expect(bad.stdout).toContain("● 3 File 3 is there: unverifiable: ");
    expect(bad.stdout).toContain("\n4 unverifiable, 1 failed\n");
  });

  test("Ctrl-C ends the waiting and not the run; cancel then ends the run and its agent", async () => {
    await using given = await openCli();
    given.put("hold");
    const child = given.start(["run", given.seed, "--cwd", given.project, "--in-place", "--wait"]);
    const ran = finished(child);
    const id = await said(child, /^Started (orch_\w+)/m);
    const worker = await given.worker(id);
    given.watch(worker);
    await until(() => existsSync(join(given.project, "prompt-1")), "the agent has its prompt");
    child.kill("SIGINT");
    const { code, stdout } = await ran;
    expect(code).toBe(130);
    expect(stdout).toContain("It goes on in the background");
    expect(isRunning(worker)).toBe(true);
    const cancelled = await given.cli(["cancel", id, "--reason", "enough"]);
    expect(cancelled.code).toBe(0);
    expect(cancelled.stdout).toBe(`Cancelled ${id} (it was running).\n`);
    await until(() => !isRunning(worker), "the worker has ended");
    expect(given.journal()).toEqual([]);
    const again = await given.cli(["resume", id, "--json"]);
    expect([again.code, JSON.parse(again.stdout).error.code]).toEqual([2, "ended"]);
    expect(again.stderr).toBe(
      `Cannot resume ${id}: it is cancelled. Start a new run instead; \`ouroboros why\` tells how it ended\n`,
    );
  });

  test("refuses with 2, a sentence and the next step", async () => {
    await using given = await openCli();
    const none = await given.cli(["run", "missing.yaml"]);
    expect([none.code, none.stdout, none.stderr]).toEqual([
      2,
      "",
      `There is no file "missing.yaml". Name a file with a seed, or a seed's id; \`ouroboros seed list\` shows them\n`,
    ]);
    writeFileSync(given.seed, "goal: only this\n");
    const bad = await given.cli(["run", given.seed, "--json"]);
    expect(bad.code).toBe(2);
    expect(JSON.parse(bad.stdout).error).toMatchObject({
      code: "bad_seed",
      message: expect.stringContaining("acceptance_criteria"),
    });
    const other = await given.cli(["run", given.seed, "--runtime", "nobody"]);
    expect(other.code).toBe(2);
    const noSeed = await given.cli(["run"]);
    expect([noSeed.code, noSeed.stdout]).toEqual([2, ""]);
  });
});

describe("resume", () => {
  test("without an id lists what can be resumed and what that would do, as a table and as JSON", async () => {
    await using given = await openCli();
    const [stale, paused, done] = [given.interrupted([0]), given.interrupted([0, 1]), given.interrupted([])];
    given.write([
      stale.rows,
      [...paused.rows, thenRow(paused, "orchestrator.session.paused", { reason: "The agent asked" })],
      [...done.rows, thenRow(done, "orchestrator.session.completed", {})],
    ]);
    given.keepSeed(stale.seed_id, stale.seed);
    const json = await given.cli(["resume", "--json"]);
    expect(json.code).toBe(0);
    const { sessions } = JSON.parse(json.stdout);
    expect(sessions).toHaveLength(2);
    const of = (one: Interrupted) =>
      sessions.find((view: { session_id: string }) => view.session_id === one.session_id);
    expect(of(stale)).toMatchObject({ status: "running", liveness: "stale", would: "claim", cwd: given.project });
    expect(of(paused)).toMatchObject({ status: "paused", would: "needs_seed", why: "it is paused" });
    const lines = await given.cli(["resume"]);
    expect(lines.stdout).toContain(
      `${paused.session_id}\tpaused\t\tneeds_seed\tGröße: five small things\tit is paused`,
    );
    const table = await given.cli(["resume"], { FORCE_COLOR: "1" });
    expect(Bun.stripANSI(table.stdout)).toMatch(/^SESSION +STATUS +DONE +WOULD +GOAL +WHY/);
    expect(JSON.parse((await given.cli(["resume", "--json", "--limit", "1"])).stdout).sessions).toHaveLength(1);
  });

  test("ID --wait asks for the seed where nobody knows it, then does what is unfinished and ends with it", async () => {
    await using given = await openCli();
    const session = given.interrupted([0, 2]);
    given.write([session.rows]);
    const asked = await given.cli(["resume", session.session_id]);
    expect([asked.code, asked.stdout]).toEqual([2, ""]);
    expect(asked.stderr).toContain(`its seed ${session.seed_id} is neither in the store nor in ${given.home}/seeds`);
    expect(asked.stderr).toContain("--seed FILE");
    writeFileSync(given.seed, session.seed);
    const { code, stdout, stderr } = await given.cli(["resume", session.session_id, "--seed", given.seed, "--wait"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Resumed orch_\w+ \(no owner, .*\)\. 2 of 5 steps were done before\.\n/);
    expect(stdout).toStartWith(`${session.session_id} is completed, 5 of 5 steps done.\n`);
    expect(stdout).toContain("\n2 completed, 3 unverifiable\n");
    expect(given.journal()).toEqual(["2", "4", "5"]);
    const again = await given.cli(["resume", session.session_id]);
    expect([again.code, again.stdout]).toEqual([2, ""]);
    expect(again.stderr).toContain("it is completed");
    expect((await given.cli(["resume", "orch_none"])).stderr).toStartWith("Session not found: orch_none.");
    const nothing = await given.cli(["resume"], { FORCE_COLOR: "1" });
    expect([nothing.code, nothing.stdout]).toEqual([0, "Nothing to resume.\n"]);
  });

  test("of a live run attaches, and with --wait shows its end as if it were its own", async () => {
    await using given = await openCli();
    const session = given.interrupted([0, 1, 2]);
    given.write([session.rows]);
    given.keepSeed(session.seed_id, session.seed);
    given.put("hold");
    const first = JSON.parse((await given.cli(["resume", session.session_id, "--json"])).stdout);
    expect(first).toMatchObject({ outcome: "resumed", steps_done: 3, steps_total: 5 });
    given.watch(first.worker_pid);
    const child = given.start(["resume", session.session_id, "--wait", "--json"]);
    const ran = finished(child);
    await said(child, /(is being worked on already: its owner holds a live lease)\./);
    given.drop("hold");
    const { code, stdout } = await ran;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: "attached",
      job_id: first.job_id,
      status: "completed",
      steps_done: 5,
    });
    expect(given.journal()).toEqual(["4", "5"]);
  });

  test("without a store: says so, and makes none", async () => {
    await using given = await openCli();
    expect((await given.cli(["resume"])).code).toBe(1);
    expect((await given.cli(["resume", "orch_a"])).code).toBe(1);
    expect(existsSync(given.store)).toBe(false);
  });
});

describe("card", () => {
  test("prints the card of --cwd, of the host's project or of the folder it is in, and the same as JSON", async () => {
    await using given = await openCli();
    const session = given.interrupted([]);
    given.write([session.rows]);
    const elsewhere = await given.cli(["card", "--cwd", "/usr/share"]);
    expect([elsewhere.code, elsewhere.stdout, elsewhere.stderr]).toEqual([0, "", ""]);
    const card = await given.cli(["card", "--cwd", given.project]);
    expect(card.code).toBe(0);
    expect(card.stdout).toContain(`- ${session.session_id} "Größe: five small things" interrupted: no owner, `);
    expect(card.stdout).toEndWith("or in a shell: ouroboros resume ID\n");
    expect((await given.cli(["card"], { CLAUDE_PROJECT_DIR: given.project })).stdout).toBe(card.stdout);
    expect((await given.cli(["card"])).stdout).toBe(card.stdout);
    const json = await given.cli(["card", "--json", "--cwd", given.project]);
    expect(JSON.parse(json.stdout)).toEqual({ card: card.stdout.trimEnd() });
  });

  test("says nothing and makes nothing where there is no store, and nothing of a damaged one", async () => {
    await using given = await openCli();
    const things = () => readdirSync(given.home).filter((name) => name !== ".bun"); // the runtime's own
    const before = things();
    const { code, stdout, stderr } = await given.cli(["card", "--cwd", given.project]);
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
    expect(things()).toEqual(before);
    writeFileSync(given.store, "this is no store".repeat(1000));
    const damaged = await given.cli(["card", "--cwd", given.project]);
    expect([damaged.code, damaged.stdout, damaged.stderr]).toEqual([0, "", ""]);
  });

  test("waits for nobody: of a store that another program keeps to itself it says nothing", async () => {
    await using given = await openCli();
    given.write([given.interrupted([]).rows]);
    using other = new Database(given.store);
    other.run("PRAGMA locking_mode = EXCLUSIVE");
    other.run("BEGIN EXCLUSIVE");
    // It ends while the store is still locked: nothing but its own patience can have ended it.
    const { code, stdout, stderr } = await given.cli(["card", "--cwd", given.project]);
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
    other.run("ROLLBACK");
  });
});

interface CliGiven extends ResumableHome {
  /** A file with a seed of five steps. */
  readonly seed: string;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): ChildProcessWithoutNullStreams;
  cli(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  interrupted(done: readonly number[]): Interrupted;
  /** Makes the store with these rows in it. */
  write(rows: readonly Interrupted["rows"][]): void;
  status(id: string): Promise<string>;
  /** The process that works on a session, as the store names it. */
  worker(id: string): Promise<number>;
}

async function openCli(): Promise<CliGiven> {
  const home = await openResumableHome();
  const seed = join(home.home, "seed.yaml");
  writeFileSync(seed, interrupted("parallel", { done: [] }).seed);
  const children = new Set<ChildProcessWithoutNullStreams>();
  const start: CliGiven["start"] = (args, env = {}) => {
    const options = { cwd: home.home, env: environment(home.home, { NO_COLOR: "", ...env }) };
    const child = spawn(process.execPath, [MAIN, ...args], options);
    child.stdin.end();
    children.add(child);
    child.once("close", () => children.delete(child));
    return child;
  };
  const cli: CliGiven["cli"] = (args, env) => finished(start(args, env));
  return {
    ...home,
    seed,
    start,
    cli,
    interrupted: (done) => interrupted("parallel", { done, cwd: home.project }),
    write(rows) {
      makeStore({ out: home.store, sessions: 0 });
      writeRows(home.store, rows.flat());
    },
    status: async (id) => JSON.parse((await cli(["status", id, "--json"])).stdout).status,
    async worker(id) {
      const { events } = JSON.parse((await cli(["events", "--session", id, "--json", "--limit", "100"])).stdout);
      return events.find(({ payload }: { payload: { pid?: number } }) => payload.pid !== undefined).payload.pid;
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill("SIGKILL");
      rmSync(join(home.project, "hold"), { force: true });
      await home[Symbol.asyncDispose]();
    },
  };
}

/** Waits until a child's stderr holds something, and returns the part in parentheses. */
async function said(child: ChildProcessWithoutNullStreams, what: RegExp): Promise<string> {
  let text = "";
  child.stderr.on("data", (chunk) => {
    text += String(chunk);
  });
  await until(() => what.test(text), `it says ${what}`);
  return what.exec(text)?.[1] ?? "";
}
