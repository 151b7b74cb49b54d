// A run whose steps are done by the agents of the host: several at once, none twice, and no result is waited for in vain.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRefusal, type Refusal } from "../../src/base/refusal.ts";
import { isFrozen } from "../races/support/given-run.ts";
import { isRunning, until } from "../support/agent-processes.ts";
import { type HostRun, hostRun, type Reply } from "../support/host-run.ts";

setDefaultTimeout(60_000);

const CLAIM = "ouroboros_claim_work";
const SUBMIT = "ouroboros_submit";
const DONE = { outcome: "done", summary: "wrote it, and looked" };

test("two agents claim different steps at once and hand them in at once; a third lets its time pass, and comes too late", async () => {
  await using run = await hostRun(3);
  const { session_id, job_id } = run.started;
  expect(await run.stands("paused", 0)).toMatchObject({ reason: "needs_host" });
  const waiting = await run.told("ouroboros_job_wait", { job_id, timeout_seconds: 1 });
  expect(waiting).toMatchObject({ status: "interrupted", is_terminal: true });
  expect(words(await run.call("ouroboros_job_status", { job_id }))).toContain(
    `ouroboros_claim_work {session_id: "${session_id}"}`,
  );
  expect(await run.events("execution.session.started")).toHaveLength(3);

  const [one, other] = await Promise.all([run.told(CLAIM, { session_id }), run.told(CLAIM)]);
  expect(one.work_id).not.toBe(other.work_id);
  expect([one, other]).toMatchObject([
    { session_id, cwd: run.project, claim_epoch: 1, submit_with: SUBMIT },
    { session_id, cwd: run.project, claim_epoch: 1, left: 1 },
  ]);
  expect([one, other].map(({ input }) => /File \d is there/.exec(String(input))?.[0]).toSorted()).toEqual([
    "File 1 is there",
    "File 2 is there",
  ]);
  const submitted = await Promise.all([submit(run, one), submit(run, other)]);
  for (const { value } of submitted.map(answer)) {
    expect(value).toMatchObject({ outcome: "accepted", tool: "ouroboros_resume_session", answer: { session_id } });
  }
  expect(submitted.map(words).join("\n")).toContain("claim the next one with ouroboros_claim_work");
  expect(await run.stands("paused", 2)).toMatchObject({ reason: "needs_host" });
  expect(await run.events("execution.session.failed")).toEqual([]);

  const late = await run.told(CLAIM, { session_id });
  const taken = refusal(await run.call(CLAIM), "nothing_open");
  expect(taken.facts.claimed).toEqual([
    { work_id: late.work_id, session_id, by: expect.any(String), expires_at: late.expires_at },
  ]);
  expect(refusal(await run.call(CLAIM, { work_id: late.work_id }), "claimed_by_another").message).toContain(
    String(late.expires_at),
  );
  await run.expireClaims();
  // Its own claim, while nobody else has it: extended, though its time was over.
  expect(await run.told(CLAIM, { work_id: late.work_id, claim_epoch: 1 })).toMatchObject({ claim_epoch: 1 });
  refusal(await run.call(CLAIM, { work_id: late.work_id }), "claimed_by_another");
  await run.expireClaims();
  const again = await run.told(CLAIM, { work_id: late.work_id });
  expect(again).toMatchObject({ work_id: late.work_id, claim_epoch: 2, left: 0 });
  expect(answer(await submit(run, late)).value).toMatchObject({ outcome: "superseded" });
  refusal(await run.call(CLAIM, { work_id: late.work_id, claim_epoch: 1 }), "claim_lost");
  await submit(run, again);
  await run.stands("completed", 3);
  refusal(await run.call(CLAIM, { session_id }), "ended");
  refusal(await run.call(CLAIM, { work_id: again.work_id }), "ended");
});

test("each agent has a worktree of its own, what it hands in is checked, and what is not there is done again", async () => {
  await using run = await hostRun(2, {}, "worktree");
  const { session_id } = run.started;
  await run.stands("paused", 0);
  // In an empty project, the first criterion lays the ground.
  const one = await run.told(CLAIM, { session_id });
  await writeFile(join(String(one.cwd), fileOf(one)), "made");
  await submit(run, one);
  await run.stands("paused", 1);
  const other = await run.told(CLAIM, { session_id });
  expect(new Set([one.cwd, other.cwd, run.project]).size).toBe(3);
  expect(await readdir(String(other.cwd))).toContain(fileOf(one));
  // Said to be done, and nothing is there: our check decides, and it is laid out once more.
  await submit(run, other);
  await until(async () => (await run.events("execution.session.failed")).length === 1, "the check has decided");
  await run.stands("paused", 1);
  const again = await run.told(CLAIM, { session_id });
  expect(again.work_id).not.toBe(other.work_id);
  await writeFile(join(String(again.cwd), fileOf(again)), "made");
  await submit(run, again);
  await run.stands("completed", 2);
  // However often somebody has looked: what was asked for was asked once, and each attempt begun once.
  expect(await run.context.store.database.read([{ sql: "SELECT count(*) AS n FROM ouro_work" }])).toMatchObject([
    { rows: [{ n: 3 }] },
  ]);
  expect(await run.events("execution.session.started")).toHaveLength(3);
  const verdicts = (await run.events("execution.criterion.merged")).map(({ payload }) => payload.verdict);
  expect(verdicts).toEqual(["pass", "pass"]);
  expect((await readdir(run.project)).filter((name) => name.startsWith("file-"))).toEqual([]);
});

test("a worker that is killed loses nothing: what it laid out is claimed and handed in, what was handed in is counted", async () => {
  // It has laid its steps out, and cannot pause any more.
  await using run = await hostRun(2, { OUROBOROS_FAILPOINT: "end-run:before" });
  await until(() => !isRunning(run.started.worker_pid), "the worker has been killed");
  expect(await run.session()).toMatchObject({ status: "running" });
  answer(await submit(run, await run.told(CLAIM)));
  await run.stands("paused", 1);
  // The plan and the step's beginning are on record, its end is not.
  answer(await submit(run, await run.told(CLAIM), DONE, { OUROBOROS_FAILPOINT: "append:before#3" }));
  const worker = await run.worker();
  await until(() => !isRunning(worker), "the worker has been killed again");
  expect(await run.session()).toMatchObject({ status: "running" });
  await run.told("ouroboros_resume_session", { session_id: run.started.session_id });
  await run.stands("completed", 2);
});

test("a result that is handed in while the worker is about to pause is not slept over", async () => {
  await using run = await hostRun(1, { OUROBOROS_FAILPOINT: "end-run:before", OUROBOROS_FAILPOINT_SIGNAL: "SIGSTOP" });
  const worker = run.started.worker_pid;
  await until(() => isFrozen(worker), "the worker is about to pause");
  // It has looked, and found nothing; whoever hands something in now finds the session taken.
  const { value } = answer(await submit(run, await run.told(CLAIM)));
  expect(value).toMatchObject({ outcome: "accepted", answer: { outcome: "attached" } });
  process.kill(worker, "SIGCONT");
  await run.stands("completed", 1);
  expect(await run.worker()).toBe(worker);
  expect(await run.events("orchestrator.session.paused")).toEqual([]);
});

test("what an agent could not do fails that step once all are handed in; resumed, it is laid out anew with what went wrong", async () => {
  await using run = await hostRun(2);
  const { session_id } = run.started;
  await run.stands("paused", 0);
  const [first, second] = [await run.told(CLAIM), await run.told(CLAIM)];
  answer(await submit(run, first, { outcome: "failed", summary: "the disk is full" }));
  await until(async () => (await run.events("execution.session.failed")).length === 1, "the failure is on record");
  expect(await run.stands("paused", 0)).toMatchObject({ reason: "needs_host" });
  // It is not laid out again while the others are still under way.
  expect(refusal(await run.call(CLAIM), "nothing_open").facts.claimed).toHaveLength(1);
  answer(await submit(run, second));
  expect(await run.stands("failed", 1)).toMatchObject({ reason: "1 of 2 steps failed: 1" });
  await run.told("ouroboros_resume_session", { session_id });
  await run.stands("paused", 1);
  const retry = await run.told(CLAIM, { session_id });
  expect(retry.work_id).not.toBe(first.work_id);
  expect(retry.input).toContain("attempt 2");
  expect(retry.input).toContain("the disk is full");
  answer(await submit(run, retry));
  await run.stands("completed", 2);
});

test("what is asked of a step has changed: only what is asked now can be claimed", async () => {
  await using run = await hostRun(2);
  const { session_id } = run.started;
  await run.stands("paused", 0);
  const before = await run.told(CLAIM);
  const seed_content = JSON.stringify({
    goal: "Files",
    acceptance_criteria: ["File 1 is there", "File 9 is there"],
    metadata: { seed_id: "seed_host" },
  });
  await run.expireClaims();
  await run.told("ouroboros_resume_session", { session_id, seed_content });
  await until(async () => (await run.events("orchestrator.session.paused")).length === 2, "it waits again");
  const now = [await run.told(CLAIM), await run.told(CLAIM)];
  refusal(await run.call(CLAIM), "nothing_open");
  expect(now.map(({ input }) => /:\n(File \d) is there/.exec(String(input))?.[1])).toEqual(["File 1", "File 9"]);
  expect(now.map(({ work_id }) => work_id)).toContain(before.work_id);
});

test("what cannot be claimed is told apart: nobody's, a question, a run of another agent, one that does not fit", async () => {
  await using run = await hostRun(1);
  const { session_id } = run.started;
  await run.stands("paused", 0);
  refusal(await run.call(CLAIM, { work_id: "work_0" }), "unknown_work");
  refusal(await run.call(CLAIM, { session_id: "orch_none" }), "not_found");
  const claim = await run.told(CLAIM);
  refusal(await run.call(CLAIM, { work_id: claim.work_id, claim_epoch: 7 }), "claim_lost");
  const bad = refusal(await submit(run, claim, { outcome: "perhaps", summary: "" }), "bad_result");
  expect(bad.message).toContain("outcome");
  const { database } = run.context.store;
  await database.write([{ sql: "UPDATE ouro_work SET kind = 'interview.next'" }]);
  refusal(await run.call(CLAIM, { work_id: claim.work_id }), "not_claimable");
  await database.write([{ sql: "UPDATE ouro_work SET kind = 'run.step', open_until = unixepoch('subsec') - 1" }]);
  expect(refusal(await run.call(CLAIM, { work_id: claim.work_id }), "work_expired").next).toContain(session_id);
  // Resumed, it is laid out for its full time again, and whoever held it still does.
  await run.told("ouroboros_resume_session", { session_id });
  await until(async () => (await run.events("orchestrator.session.paused")).length === 2, "it waits again");
  refusal(await run.call(CLAIM, { work_id: claim.work_id }), "claimed_by_another");
  await run.told("ouroboros_cancel_execution", { execution_id: session_id });
  refusal(await run.call(CLAIM), "nothing_open");
  expect(refusal(await submit(run, claim), "ended").message).toStartWith("Accepted, and then");
});

/** The file that a step is about. */
function fileOf({ input }: Record<string, unknown>): string {
  return `file-${/File (\d) is there/.exec(String(input))?.[1]}.txt`;
}

function submit(
  run: HostRun,
  { work_id, claim_epoch }: Record<string, unknown>,
  result: unknown = DONE,
  env: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  return run.call(SUBMIT, { work_id, claim_epoch, result }, env);
}

function answer(reply: Reply): Exclude<Reply, Refusal> {
  if (isRefusal(reply)) throw new Error(`${reply.code}: ${reply.message}`);
  return reply;
}

function words(reply: Reply): string {
  return answer(reply).text;
}

function refusal(reply: Reply, code: string): Refusal {
  if (!isRefusal(reply)) throw new Error(`Expected ${code}, got ${JSON.stringify(reply.value)}`);
  expect(reply.code).toBe(code);
  expect(reply.next).toBeTruthy();
  return reply;
}
