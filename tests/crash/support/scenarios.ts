import { expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kill, send } from "../../support/agent-processes.ts";
import { type Crash, holds } from "./crash.ts";
import type { Said } from "./crash-home.ts";

const SERVER = join(import.meta.dirname, "../../fixtures/agents/crash-server.ts");
const STEP_COMPLETED = "execution.session.completed";
const CANCELLED = "orchestrator.session.cancelled";
const REOPENED = "orchestrator.session.reopened";

/** One way to some failpoints, and what a person does after the death there. */
export interface Scenario {
  readonly name: string;
  /** Each is a death of its own; `#n` is the n-th time it is passed. */
  readonly failpoints: readonly string[];
  readonly leaseSeconds?: number;
  readonly play: (crash: Crash) => Promise<void>;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "the command that starts a run",
    failpoints: both("detached:spawn"),
    async play(crash) {
      run(crash);
      await crash.died("run");
      // A worker that was started and told nothing begins nothing.
      await crash.home.until("its worker has ended", () => crash.home.processes().length === 0);
      expect(crash.home.sessionIds()).toEqual([]);
      await completes(crash);
    },
  },
  {
    name: "the worker of a new run before it owns it",
    failpoints: [...both("take:seed"), ...both("begin")],
    async play(crash) {
      const { said } = run(crash);
      await crash.died("worker");
      expect(await said).toMatchObject({ code: 1, json: { error: { code: "worker_failed" } } });
      expect(crash.home.sessionIds()).toHaveLength(crash.failpoint === "begin:after" ? 1 : 0);
      await completes(crash);
    },
  },
  {
    name: "the worker of a run at work",
    failpoints: [
      ...[2, 3, 4, 5, 6, 7, 8, 10].flatMap((nth) => both("append", nth)),
      ...both("prompt"),
      ...both("guarded-agent:spawn"),
      ...both("guarded-agent:spawn", 2),
      ...both("end-run"),
    ],
    async play(crash) {
      await run(crash).said;
      await crash.died("worker");
      const nth = Number(/^append:.*#(\d+)$/.exec(crash.failpoint)?.[1]);
      if (nth) expect(crash.atDeath).toHaveLength(rowsAfterBatches(crash.isAfter ? nth : nth - 1));
      if (crash.failpoint === "append:after#8") expect(crash.had(STEP_COMPLETED)).toBe(1);
      if (crash.failpoint === "end-run:after") expect(crash.had("orchestrator.session.completed")).toBe(1);
      await completes(crash);
    },
  },
  {
    name: "the worker that merges work into a run's branch",
    failpoints: [...both("publish"), ...both("publish", 2)],
    async play(crash) {
      const { home } = crash;
      await crash.start("run", home.seed, "--cwd", home.work, "--json").said;
      await crash.died("worker");
      await completes(crash);
      // What was checked has only to be merged: nobody is asked for it again.
      expect(home.journal().filter((line) => line.startsWith("begin "))).toHaveLength(2);
    },
  },
  {
    name: "the worker that lays steps out for a host",
    failpoints: [...both("offer"), ...both("offer", 2), ...both("withdraw"), ...both("end-run")],
    async play(crash) {
      const { home } = crash;
      await crash.start("run", home.seed, "--cwd", home.work, "--in-place", "--runtime", "host", "--json").said;
      await crash.died("worker");
      expect(crash.had("orchestrator.session.paused")).toBe(crash.failpoint === "end-run:after" ? 1 : 0);
      await sweeps(crash);
      const id = String(home.sessionIds()[0]);
      const waits = { status: "paused", reason: "needs_host" };
      expect(await home.call("resume", id, "--wait", "--json")).toMatchObject({ code: 1, json: waits });
      expect(home.sql("SELECT count(*) AS n FROM ouro_work")).toEqual([{ n: 2 }]);
      // Nobody claims them, and another agent does the work.
      expect(await home.call("resume", id, "--runtime", "crash", "--wait", "--json")).toMatchObject({ code: 0 });
      await crash.endsAs("completed");
    },
  },
  {
    name: "the guard of an agent",
    failpoints: [
      ...both("guard:spawn"),
      "guard:report:before",
      ...both("agent-tree:terminate"),
      ...both("agent-tree:kill"),
    ],
    async play(crash) {
      await run(crash).said;
      await crash.died("guard");
      // Its worker lives, and ends what the guard has left; without the guard's word the step is no success.
      await failsAndCompletes(crash);
    },
  },
  {
    name: "the guard that has said how its agent ended",
    failpoints: ["guard:report:after"],
    async play(crash) {
      await run(crash).said;
      await crash.died("guard");
      await crash.home.until("the run ends", () => crash.home.countOf("orchestrator.session.completed") === 1);
      await crash.endsAs("completed");
    },
  },
  {
    name: "the guard while its worker is not trusted",
    failpoints: [...both("guard:suspend"), ...both("guard:resume")],
    leaseSeconds: 1,
    async play(crash) {
      crash.home.mark("hold", 1);
      await run(crash).said;
      await crash.died("guard");
      crash.home.unmark("hold", 1);
      await failsAndCompletes(crash);
    },
  },
  {
    name: "the worker that finishes a dead guard's work",
    failpoints: [...both("guarded-agent:end"), ...both("agent-tree:terminate"), ...both("agent-tree:kill")],
    async play(crash) {
      crash.home.mark("hold", 1);
      await run(crash).said;
      await crash.home.until("the agent is at work", () => crash.home.journal().length === 1);
      kill(...crash.home.processes("guard").map(({ pid }) => pid));
      await crash.died("worker");
      crash.home.unmark("hold", 1);
      await completes(crash);
    },
  },
  {
    name: "the worker that renews its lease",
    failpoints: both("renew"),
    leaseSeconds: 3,
    async play(crash) {
      crash.home.mark("hold", 1);
      await run(crash).said;
      await crash.died("worker");
      // With nobody there to resume anything: the guard alone sees to it.
      await crash.home.until("its agent has been ended", () => crash.home.processes().length === 0);
      crash.home.unmark("hold", 1);
      await completes(crash);
    },
  },
  {
    name: "the worker that gives a sign of life",
    failpoints: both("sign-of-life"),
    leaseSeconds: 0.1,
    async play(crash) {
      crash.home.mark("hold", 1);
      await run(crash).said;
      await crash.died("worker");
      expect(crash.had("orchestrator.progress.updated")).toBe(crash.isAfter ? 1 : 0);
      crash.home.unmark("hold", 1);
      await completes(crash);
    },
  },
  {
    name: "the worker that takes a foreign clean-up back",
    failpoints: both("reopen-owned"),
    leaseSeconds: 3,
    play: (crash) => takesCleanUpBack(crash),
  },
  {
    name: "the worker that takes a foreign clean-up back at its end",
    // With a lease that is not renewed before that.
    failpoints: both("end-run:reopen"),
    async play(crash) {
      await takesCleanUpBack(crash, () => crash.home.letThrough());
    },
  },
  {
    name: "the worker that finds its session ended by others",
    failpoints: both("end-run:release"),
    async play(crash) {
      crash.home.mark("hold", 2);
      await run(crash).said;
      await crash.home.until("the last step begins", () =>
        crash.home.journal().some((line) => line.startsWith("begin 2")),
      );
      const id = String(crash.home.sessionIds()[0]);
      crash.home.python("orchestrator.session.failed", ["session", id], { error: "by a Python program" });
      crash.home.letThrough();
      await crash.died("worker");
      crash.home.unmark("hold", 2);
      await completes(crash);
    },
  },
  {
    name: "the worker that is stopping its agent for a person",
    failpoints: both("guarded-agent:stop"),
    async play(crash) {
      crash.home.mark("hold", 1);
      await run(crash).said;
      await crash.home.until("the agent is at work", () => crash.home.journal().length === 1);
      const cancelling = crash.home.call("cancel", String(crash.home.sessionIds()[0]), "--json");
      await crash.died("worker");
      // Whoever sweeps carries the request out.
      await sweeps(crash);
      await cancelling;
      await crash.endsAs("cancelled");
    },
  },
  {
    name: "the command that resumes what a dead owner left",
    failpoints: both("detached:spawn"),
    async play(crash) {
      const id = await crash.home.deadRun();
      crash.start("resume", id, "--json");
      await crash.died("resume");
      await completes(crash);
    },
  },
  {
    name: "the worker that resumes what a dead owner left",
    failpoints: [
      ...both("take:seed"),
      ...both("claim"),
      ...both("append"),
      ...both("append", 2),
      ...both("guarded-agent:spawn"),
    ],
    async play(crash) {
      const id = await crash.home.deadRun(2);
      await crash.start("resume", id, "--json").said;
      await crash.died("worker");
      if (crash.failpoint.startsWith("claim")) {
        expect(crash.had("orchestrator.session.claimed")).toBe(crash.isAfter ? 1 : 0);
      }
      await completes(crash);
    },
  },
  {
    name: "the worker that ends a frozen owner first",
    failpoints: both("process-tree:end"),
    leaseSeconds: 1,
    async play(crash) {
      const { id, worker } = await crash.home.heldRun();
      send(worker, "SIGSTOP");
      await isExpired(crash);
      await crash.start("resume", id, "--json").said;
      await crash.died("worker");
      crash.home.unmark("hold", 1);
      // Should it wake, it is owner no more and ends by itself, with its agent.
      send(worker, "SIGCONT");
      await completes(crash);
    },
  },
  {
    name: "the worker that ends agents whose guard is frozen",
    failpoints: [...both("agent-tree:terminate"), ...both("agent-tree:kill")],
    async play(crash) {
      const { id, worker } = await crash.home.heldRun();
      for (const { pid } of crash.home.processes("guard")) send(pid, "SIGSTOP");
      kill(worker);
      await crash.start("resume", id, "--json").said;
      await crash.died("worker");
      crash.home.unmark("hold", 1);
      await completes(crash);
    },
  },
  {
    name: "the worker that resumes a failed session",
    failpoints: both("claim"),
    async play(crash) {
      crash.home.mark("fail", 1);
      expect(
        await crash.home.call("run", crash.home.seed, "--cwd", crash.home.work, "--in-place", "--wait", "--json"),
      ).toMatchObject({ code: 1 });
      crash.home.unmark("fail", 1);
      await crash.start("resume", String(crash.home.sessionIds()[0]), "--json").said;
      await crash.died("worker");
      expect(crash.had(REOPENED)).toBe(crash.isAfter ? 1 : 0);
      await completes(crash);
    },
  },
  {
    name: "the clean-up that pauses what a dead owner left",
    failpoints: both("sweep"),
    async play(crash) {
      await crash.home.deadRun();
      crash.start("cleanup", "--json");
      await crash.died("cleanup");
      expect(crash.had("orchestrator.session.paused")).toBe(crash.isAfter ? 1 : 0);
      await completes(crash);
    },
  },
  {
    name: "the server that starts after an owner's death",
    failpoints: [...both("election:take"), ...both("sweep"), ...both("election:resign")],
    async play(crash) {
      const id = await crash.home.deadRun();
      crash.serve();
      await crash.died("mcp serve");
      // Its seat is taken at once by the next server, which carries on with the clean-up.
      expect(await crash.home.serve()).toMatchObject({ code: 0, errors: expect.stringContaining("as sweeper") });
      expect(crash.home.sql("SELECT status FROM ouro_session")).toEqual([{ status: "paused" }]);
      expect(await crash.home.call("resume", id, "--wait", "--json")).toMatchObject({ code: 0 });
      await crash.endsAs("completed");
    },
  },
  {
    name: "the server that renews its seat",
    failpoints: both("election:renew"),
    async play(crash) {
      await crash.home.deadRun();
      crash.spawn(process.execPath, SERVER);
      await crash.died(SERVER);
      expect(await crash.home.serve()).toMatchObject({ code: 0, errors: expect.stringContaining("as sweeper") });
      await completes(crash);
    },
  },
  {
    name: "the clean-up of a silent Python session",
    failpoints: [...both("sweep"), ...both("catch-up:fold")],
    async play(crash) {
      const id = await crash.home.silentPython();
      crash.start("cleanup", "--json");
      await crash.died("cleanup");
      if (crash.failpoint.startsWith("sweep")) expect(crash.had(CANCELLED)).toBe(crash.isAfter ? 1 : 0);
      await sweeps(crash);
      expect(crash.home.countOf(CANCELLED)).toBe(1);
      await completesPython(crash, id);
    },
  },
  {
    name: "the clean-up that takes in a stream without a start",
    failpoints: both("startless:adopt"),
    async play(crash) {
      await crash.home.makeStore();
      const progress = { progress: { runtime_status: "running" } };
      crash.home.python("orchestrator.progress.updated", ["session", "orch_python"], progress, true);
      crash.start("cleanup", "--json");
      await crash.died("cleanup");
      await sweeps(crash);
      expect(crash.home.countOf(CANCELLED)).toBe(1);
      await completesPython(crash, "orch_python");
    },
  },
  {
    name: "the clean-up that carries a dead owner's cancellation out",
    failpoints: both("sweep"),
    async play(crash) {
      const { id, worker } = await crash.home.heldRun();
      send(worker, "SIGSTOP");
      const { child } = crash.home.start(["cancel", id, "--json"]);
      await isAskedToStop(crash);
      child.kill("SIGKILL");
      kill(worker);
      crash.start("cleanup", "--json");
      await crash.died("cleanup");
      expect(crash.had(CANCELLED)).toBe(crash.isAfter ? 1 : 0);
      await sweeps(crash);
      expect(await crash.home.call("resume", id, "--json")).toMatchObject({ code: 2 });
      await crash.endsAs("cancelled");
    },
  },
  {
    name: "the clean-up that closes the job of an ended session",
    failpoints: both("sweep:job"),
    async play(crash) {
      const id = await crash.home.silentPython();
      crash.home.python("orchestrator.session.completed", ["session", id], { summary: {} }, true);
      crash.start("cleanup", "--json");
      await crash.died("cleanup");
      expect(crash.had("mcp.job.completed")).toBe(crash.isAfter ? 1 : 0);
      await sweeps(crash);
      await crash.endsAs("completed", { steps: 0, id });
    },
  },
  {
    name: "the undoing of a clean-up",
    failpoints: both("reopen"),
    async play(crash) {
      const id = await crash.home.silentPython();
      await sweeps(crash);
      crash.start("cleanup", "--undo", "--json");
      await crash.died("cleanup");
      expect(crash.had(REOPENED)).toBe(crash.isAfter ? 1 : 0);
      const again = await crash.home.call("cleanup", "--undo", "--json");
      const how = crash.isAfter ? { restored: [], left: [{ session_id: id, status: "paused" }] } : { restored: [id] };
      expect(again).toMatchObject({ code: 0, json: how });
      expect(crash.home.countOf(REOPENED)).toBe(1);
      await completesPython(crash, id);
    },
  },
  {
    name: "the person who asks a live owner to stop",
    failpoints: both("cancel:ask"),
    async play(crash) {
      const { id } = await crash.home.heldRun();
      crash.start("cancel", id, "--json");
      await crash.died("cancel");
      // The request outlives whoever made it.
      if (crash.isAfter) await crash.home.until("its owner cancels it", () => crash.home.countOf(CANCELLED) === 1);
      await cancels(crash, id);
    },
  },
  {
    name: "the person who cancels what a dead owner left",
    failpoints: both("cancel"),
    async play(crash) {
      const id = await crash.home.deadRun();
      crash.start("cancel", id, "--json");
      await crash.died("cancel");
      expect(crash.had(CANCELLED)).toBe(crash.isAfter ? 1 : 0);
      await cancels(crash, id);
    },
  },
  {
    name: "the person who cancels what a frozen owner holds",
    failpoints: [
      ...both("cancel:fence"),
      ...both("process-tree:end"),
      ...both("agent-tree:terminate"),
      ...both("end-run"),
    ],
    leaseSeconds: 1,
    async play(crash) {
      const { id, worker } = await crash.home.heldRun();
      send(worker, "SIGSTOP");
      await isExpired(crash);
      crash.start("cancel", id, "--json");
      await crash.died("cancel");
      expect(crash.had(CANCELLED)).toBe(crash.failpoint === "end-run:after" ? 1 : 0);
      // Should it wake, it finds itself fenced, or hears the request: it ends its agent and writes nothing else.
      send(worker, "SIGCONT");
      await cancels(crash, id);
    },
  },
  {
    name: "the person who cancels what a live Python program holds",
    failpoints: both("cancel:marker"),
    async play(crash) {
      const id = await crash.home.silentPython();
      mkdirSync(join(crash.home.home, "locks"));
      writeFileSync(join(crash.home.home, "locks", id), String(process.pid));
      crash.start("cancel", id, "--json");
      await crash.died("cancel");
      const marker = join(crash.home.home, "cancellations", id);
      expect(existsSync(marker)).toBe(crash.isAfter);
      await cancels(crash, id);
      expect(existsSync(marker)).toBe(true);
    },
  },
  {
    name: "the person who cancels a job that nobody works on",
    failpoints: both("cancel-job:end"),
    async play(crash) {
      await cancelsJob(crash, true);
      expect(crash.had("mcp.job.cancelled")).toBe(crash.isAfter ? 1 : 0);
      await crash.home.call("job", "cancel", "job_python", "--json");
      expect(crash.home.countOf("mcp.job.cancelled")).toBe(1);
    },
  },
  {
    name: "the person who asks the owner of a job to stop",
    failpoints: both("cancel-job:request"),
    async play(crash) {
      await cancelsJob(crash, false);
      expect(crash.had("mcp.job.updated")).toBe(crash.isAfter ? 1 : 0);
      await crash.home.call("job", "cancel", "job_python", "--json");
      expect(crash.home.countOf("mcp.job.updated")).toBe(1);
    },
  },
  {
    name: "the command that folds everything anew, as in a copy with other rowids",
    failpoints: both("projection:rebuild"),
    async play(crash) {
      const id = await crash.home.deadRun();
      crash.home.sql("UPDATE ouro_meta SET value = '1:another' WHERE key = 'watermark'");
      crash.start("resume", id, "--json");
      await crash.died("resume");
      await completes(crash);
    },
  },
  {
    name: "the command that folds a paused session which Python has woken",
    failpoints: both("catch-up:wake"),
    async play(crash) {
      const { id, worker } = await crash.home.heldRun();
      send(worker, "SIGTERM");
      await crash.home.until("the run pauses", () => crash.home.countOf("orchestrator.session.paused") === 1);
      crash.home.unmark("hold", 1);
      crash.home.python("orchestrator.progress.updated", ["session", id], { progress: { runtime_status: "running" } });
      crash.start("sessions", "--json");
      await crash.died("sessions");
      await completes(crash);
    },
  },
  {
    name: "the child that copies the store",
    failpoints: [...both("backup:copy"), "backup:copy:finished"],
    async play(crash) {
      await crash.home.deadRun();
      const file = join(crash.home.home, "copy.db");
      const { said } = crash.start("store", "backup", file, "--json");
      await crash.died("store backup-child");
      expect(await said).toMatchObject({ code: 1 });
      expect(existsSync(file)).toBe(false);
      expect(await crash.home.call("store", "backup", file, "--json")).toMatchObject({ code: 0 });
      expect(readdirSync(crash.home.home).filter((name) => name.includes("partial"))).toEqual([]);
      await completes(crash);
    },
  },
  {
    name: "the command that compacts the store",
    failpoints: [
      ...both("compact:carry"),
      ...both("compact:drop"),
      "compact:drop:after#3",
      ...both("compact:blobs"),
      ...both("compact:shrink"),
    ],
    async play(crash) {
      const { home } = crash;
      const { id } = await home.heldRun();
      // Enough for three batches; what only the first of them tells has to be told by what is left.
      home.python("orchestrator.progress.updated", ["session", id], { progress: { plan: "bold" } });
      home.sql(
        `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 450)
INSERT INTO events (id, aggregate_type, aggregate_id, event_type, payload, timestamp)
SELECT 'bulk ' || n, 'session', ?, 'orchestrator.progress.updated', '{"progress": {"at": ' || n || '}}', '2026-01-01 00:00:00.000000' FROM n`,
        id,
      );
      home.letThrough();
      await home.until("the run ends", () => home.countOf("orchestrator.session.completed") === 1);
      home.sql("INSERT INTO ouro_blob (hash, bytes, body, created_at) VALUES ('loose', 1, x'00', '2026')");
      const status = ["status", id, "--json"];
      const before = await home.call(...status);
      const artifacts = await home.call("artifacts", id, "--json");
      expect(before.json).toMatchObject({ messages_processed: 451, progress: { plan: "bold", at: 450 } });
      const compact = ["store", "compact", "--older-than", "0h", "--yes", "--no-backup", "--shrink", "--json"];
      await home.until("its worker has ended", () => home.processes().length === 0);
      crash.start(...compact);
      await crash.died("store compact");
      expect(await home.call(...status)).toEqual(before);
      expect(await home.call(...compact)).toMatchObject({ code: 0, json: { complete: true, is_shrunk: true } });
      expect(await home.call(...status)).toEqual(before);
      expect(await home.call("artifacts", id, "--json")).toEqual(artifacts);
      expect(home.countOf("orchestrator.progress.updated")).toBeLessThan(5);
      expect(home.sql("SELECT * FROM ouro_blob WHERE hash = 'loose'")).toEqual([]);
      await holds(home, { id, status: "completed", steps: 2 });
      expect(await home.call("resume", id, "--json")).toMatchObject({ code: 2 });
    },
  },
];

function both(name: string, nth?: number): string[] {
  const which = nth === undefined ? "" : `#${nth}`;
  return [`${name}:before${which}`, `${name}:after${which}`];
}

/** Rows in the store after so many batches of a run: its start and its job, then list and plan, then what a step writes. */
function rowsAfterBatches(batches: number): number {
  // A step's beginning and its end are two rows each, the step's own and the list of all; its agent, verdict and merge are one.
  const step = [2, 1, 1, 1, 1, 2];
  const sizes = [1, 1, ...step, ...step];
  return 2 + sizes.slice(0, batches).reduce((sum, size) => sum + size, 0);
}

function run(crash: Crash): { said: Promise<Said> } {
  return crash.start("run", crash.home.seed, "--cwd", crash.home.work, "--in-place", "--json");
}

/** What a starting server does, asked for by a person. */
async function sweeps({ home }: Crash): Promise<void> {
  expect(await home.call("cleanup", "--json")).toMatchObject({ code: 0 });
}

/** What a person does who finds the run dead: nothing that was not meant for exactly that. */
async function completes(crash: Crash): Promise<void> {
  const { home } = crash;
  const id = home.sessionIds()[0];
  const hasEnded = crash.had("orchestrator.session.completed") > 0;
  if (id !== undefined) await sweeps(crash);
  const command = id === undefined ? ["run", home.seed, "--cwd", home.work, "--in-place"] : ["resume", id];
  const said = await home.call(...command, "--wait", "--json");
  expect(said).toMatchObject(hasEnded ? { code: 2 } : { code: 0, json: { status: "completed" } });
  await crash.endsAs("completed");
}

/** The run goes on without the step that was lost, and says so at its end; what is left is done on request. */
async function failsAndCompletes(crash: Crash): Promise<void> {
  const { home } = crash;
  await home.until("the run ends", () => home.countOf("orchestrator.session.failed") === 1);
  const said = await home.call("resume", String(home.sessionIds()[0]), "--wait", "--json");
  expect(said).toMatchObject({ code: 0, json: { status: "completed" } });
  await crash.endsAs("completed");
}

/** The same for a session of Python's, whose seed and folder only the person knows. */
async function completesPython(crash: Crash, id: string): Promise<void> {
  const { home } = crash;
  const said = await home.call("resume", id, "--seed", home.seed, "--cwd", home.work, "--wait", "--json");
  expect(said).toMatchObject({ code: 0, json: { status: "completed" } });
  await crash.endsAs("completed", { id });
}

async function takesCleanUpBack(crash: Crash, next?: () => void): Promise<void> {
  crash.home.mark("hold", 2);
  await run(crash).said;
  await crash.home.until("the last step begins", () => crash.home.journal().some((line) => line.startsWith("begin 2")));
  const id = String(crash.home.sessionIds()[0]);
  crash.home.python(CANCELLED, ["session", id], { reason: "stale", cancelled_by: "auto_cleanup" });
  next?.();
  await crash.died("worker");
  expect(crash.had(REOPENED)).toBe(crash.isAfter ? 1 : 0);
  crash.home.unmark("hold", 2);
  await completes(crash);
}

/** A person cancels it (again); whatever was done about it before, it ends up cancelled, once and in that person's name. */
async function cancels(crash: Crash, id: string): Promise<void> {
  const said = await crash.home.call("cancel", id, "--json");
  if (said.code !== 0) expect(said).toMatchObject({ code: 2, json: { error: { code: "already_ended" } } });
  await crash.endsAs("cancelled", { id });
  expect(await crash.home.call("resume", id, "--json")).toMatchObject({ code: 2 });
}

async function cancelsJob(crash: Crash, isOld: boolean): Promise<void> {
  await crash.home.makeStore();
  crash.home.python("mcp.job.created", ["job", "job_python"], { job_type: "ralph", status: "queued" }, isOld);
  crash.start("job", "cancel", "job_python", "--json");
  await crash.died("job cancel");
}

async function isExpired({ home }: Crash): Promise<void> {
  await home.until("its lease has expired", () =>
    home.leases().some(({ expires_at, now }) => (expires_at ?? now) < now),
  );
}

async function isAskedToStop({ home }: Crash): Promise<void> {
  await home.until("its owner is asked to stop", () =>
    home.leases().some((lease) => lease.cancel_requested_by !== null),
  );
}
