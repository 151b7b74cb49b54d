import { describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { hostname } from "node:os";
import { makeStore } from "../../scripts/make-store.ts";
import { newId } from "../../src/base/ids.ts";
import { isRefusal, type Refusal } from "../../src/base/refusal.ts";
import { readConfig } from "../../src/config.ts";
import type { SessionStatus } from "../../src/domain/session/session.ts";
import { readGitBranch } from "../../src/process/git-branch.ts";
import { cancelExecution } from "../../src/sessions/cancel-execution.ts";
import { MAX_ATTEMPTS } from "../../src/sessions/resume/resume-plan.ts";
import { type Resumed, type ResumeRequest, resumeSession } from "../../src/sessions/resume/resume-session.ts";
import { createSessionContext, type SessionContext } from "../../src/sessions/session-context.ts";
import { query, type Rows, type SqlValue } from "../../src/store/engine/database.ts";
import { openStore } from "../../src/store/open-store.ts";
import { EVENT_COLUMNS, toStoredEvent } from "../../src/store/row.ts";
import { catchUp } from "../../src/store/session/catch-up.ts";
import { seenOf } from "../../src/store/session/conclude-session.ts";
import { cancelRequest, takeOver } from "../../src/store/session/leases.ts";
import { readFacts } from "../../src/store/session/session-facts.ts";
import { loadSession } from "../../src/store/session/sessions.ts";
import { until } from "../support/agent-processes.ts";
import { deadProcess } from "../support/given-store.ts";
import {
  hasPython,
  type Interrupted,
  interrupted,
  thenRow,
  writeRows,
  writeWithPython,
} from "../support/interrupted-session.ts";
import { openResumableHome, type ResumableHome } from "../support/resumable-home.ts";

const NOBODY = { host_session_id: null, project_dir: null };

describe("a session of a writer that knows only the store's description", () => {
  const python = hasPython ? test : test.skip;

  python(
    "parallel, two of five done, its seed found by id: the other three are done, once each (needs python3)",
    async () => {
      await using given = await resumable("parallel", [0, 3], { write: writeWithPython });
      given.keepSeed(given.session.seed_id, given.session.seed);
      given.put("hold");
      expect(await given.resumed()).toMatchObject({
        outcome: "resumed",
        execution_id: given.session.execution_id,
        steps_total: 5,
        steps_done: 2,
        epoch: 1,
      });
      given.drop("hold");
      await given.ends("completed");
      expect(given.journal()).toEqual(["2", "3", "5"]);
      expect(await given.completedScopes()).toEqual([0, 3, 1, 2, 4]);
    },
  );

  python(
    "the same without its seed: asks for it and changes nothing, then runs with what is passed (needs python3)",
    async () => {
      await using given = await resumable("parallel", [0, 3], { write: writeWithPython });
      const { session_id, seed_id, seed } = given.session;
      const refusal = await given.refused("needs_seed");
      expect(refusal).toMatchObject({ session_id, seed_id });
      expect(refusal.message).toContain(seed_id);
      expect(await given.resumed({ seed })).toMatchObject({ outcome: "resumed", steps_total: 5 });
      await given.ends("completed");
      expect(given.journal()).toEqual(["2", "3", "5"]);
    },
  );

  python(
    "sequential, known only from the list in its progress: what stands there as done stays done (needs python3)",
    async () => {
      await using given = await resumable("sequential", [0, 1], { write: writeWithPython });
      given.keepSeed(given.session.seed_id, given.session.seed);
      await given.resumed();
      await given.ends("completed");
      expect(given.journal()).toEqual(["3", "4", "5"]);
    },
  );

  python(
    "of v0.51: cancelled by its clean-up, resumed and completed, its guard rows as its own rules want them (needs python3)",
    async () => {
      await using given = await resumable("parallel", [4], {
        write: writeWithPython,
        generation: "v51",
        end: "auto_cleanup",
      });
      const { session_id, seed } = given.session;
      await given.resumed({ seed });
      await given.ends("completed");
      expect(given.journal()).toEqual(["1", "2", "3", "4"]);
      const [start, ...starts] = await given.sql("SELECT * FROM session_start_guards WHERE session_id = ?", [
        session_id,
      ]);
      const [end, ...ends] = await given.sql("SELECT * FROM session_terminal_guards WHERE session_id = ?", [
        session_id,
      ]);
      expect([starts, ends]).toEqual([[], []]);
      const types = await given.types(session_id);
      const idOf = (type: string) => types.find((row) => row.event_type === type)?.id;
      expect(start).toMatchObject({
        start_event_id: idOf("orchestrator.session.started"),
        execution_id: given.session.execution_id,
      });
      // A guard that stands is never rewritten: it goes on naming the end that was taken back.
      expect(end).toMatchObject({
        terminal_event_id: idOf("orchestrator.session.cancelled"),
        terminal_event_type: "orchestrator.session.cancelled",
      });
      // The claim of a session that has ended is the row that voids its end.
      expect(types.map(({ event_type }) => event_type).slice(-3)).toEqual([
        "orchestrator.session.cancelled",
        "orchestrator.session.reopened",
        "orchestrator.session.completed",
      ]);
    },
  );

  python("of v0.51, interrupted: the end that we write gets its guard row (needs python3)", async () => {
    await using given = await resumable("parallel", [0, 1, 2, 3], { write: writeWithPython, generation: "v51" });
    const { session_id, seed } = given.session;
    await given.resumed({ seed });
    await given.ends("completed");
    const [end] = await given.sql("SELECT * FROM session_terminal_guards WHERE session_id = ?", [session_id]);
    const [completed] = (await given.types(session_id)).filter((row) => row.event_type.endsWith(".completed"));
    expect(end).toMatchObject({ terminal_event_id: completed?.id, terminal_event_type: completed?.event_type });
  });
});

describe("resumed again", () => {
  test("after a step failed: what upstream's list and our own steps say is done is not done again", async () => {
    await using given = await resumable("sequential", [0, 1]);
    given.put("fail-4");
    await given.resumed({ seed: given.session.seed });
    await given.ends("failed");
    expect(given.journal()).toEqual(["3", "5"]);
    given.drop("fail-4");
    // The seed is in the store by now: nobody has to pass it again.
    expect(await given.resumed()).toMatchObject({ outcome: "resumed", steps_done: 4, epoch: 2 });
    await given.ends("completed");
    expect(given.journal()).toEqual(["3", "5", "4"]);
  });

  test("the list that upstream files under the session's id after a resume of its own counts as well", async () => {
    await using given = await resumable("sequential", [0], { resumedByPython: [1] });
    await given.resumed({ seed: given.session.seed });
    await given.ends("completed");
    expect(given.journal()).toEqual(["3", "4", "5"]);
  });

  test("a session that named no folder remembers the one it was resumed in", async () => {
    await using given = await resumable("parallel", [0], { cwd: undefined });
    const host = { host_session_id: null, project_dir: given.project };
    await given.refused("needs_cwd", { seed: given.session.seed, host });
    given.put("fail-5");
    await given.resumed({ seed: given.session.seed, cwd: given.project });
    await given.ends("failed");
    given.drop("fail-5");
    // What the host has open may be another project.
    await given.resumed({ host: { host_session_id: null, project_dir: given.home } });
    await given.ends("completed");
    expect(given.journal()).toEqual(["2", "3", "4", "5"]);
  });

  test("while it runs: the second call attaches, to the same job, and starts nobody", async () => {
    await using given = await resumable("parallel", [0, 1, 2, 3]);
    given.put("hold");
    const first = await given.resumed({ seed: given.session.seed });
    const second = await given.resumed();
    expect(second).toMatchObject({ outcome: "attached", job_id: first.job_id, worker_pid: null });
    expect(second.why).toBe("its owner holds a live lease");
    given.drop("hold");
    await given.ends("completed");
    expect(given.journal()).toEqual(["5"]);
    expect(await given.claims()).toHaveLength(1);
  });

  test("the claim says for whom: the host's session and project, the machine, the branch's folder, the job", async () => {
    await using given = await resumable("parallel", [0, 1, 2, 3]);
    const host = { host_session_id: "host-7", project_dir: given.project };
    const { job_id, worker_pid } = await given.resumed({ seed: given.session.seed, host });
    await given.ends("completed");
    const [claim] = await given.claims();
    expect(claim?.payload).toMatchObject({
      ...host,
      by: "test",
      job_id,
      pid: worker_pid,
      machine: given.context.identity.machine,
      workspace_path: given.project,
      branch: await readGitBranch(given.project),
      runtime_backend: "little",
      epoch: 1,
    });
    const job = await given.sql("SELECT event_type FROM events WHERE aggregate_id = ? ORDER BY rowid", [job_id ?? ""]);
    expect(job.map(({ event_type }) => event_type)).toEqual(["mcp.job.created", "mcp.job.completed"]);
  });
});

describe("a refusal writes nothing", () => {
  test("not_found: no such session", async () => {
    await using given = await resumable("parallel", []);
    const before = await given.dump();
    const refusal = await resumeSession(given.context, { ...given.request, sessionId: "orch_none" });
    expect(isRefusal(refusal) && refusal.code).toBe("not_found");
    expect(await given.dump()).toEqual(before);
  });

  test("bad_seed: what was passed is none", async () => {
    await using given = await resumable("parallel", []);
    await given.refused("bad_seed", { seed: "goal: [unfinished" });
  });

  test("wrong_seed: it was begun with another one", async () => {
    await using given = await resumable("parallel", []);
    const other = interrupted("parallel", { done: [] });
    const refusal = await given.refused("wrong_seed", { seed: other.seed });
    expect(refusal.message).toContain(other.seed_id);
    expect(refusal.message).toContain(given.session.seed_id);
  });

  test("needs_cwd: neither the session nor the caller names an absolute folder", async () => {
    await using given = await resumable("parallel", [], { cwd: undefined });
    const { seed } = given.session;
    await given.refused("needs_cwd", { seed });
    await given.refused("needs_cwd", { seed, cwd: "project" });
  });

  test("folder_gone: its folder is not there any more", async () => {
    await using given = await resumable("parallel", []);
    rmSync(given.project, { recursive: true });
    const refusal = await given.refused("folder_gone", { seed: given.session.seed });
    expect(refusal).toMatchObject({ cwd: given.project });
  });

  test("no_runtime: an agent nobody has configured, or none at all", async () => {
    await using given = await resumable("parallel", []);
    const { seed } = given.session;
    const refusal = await given.refused("no_runtime", { seed, runtime: "other" });
    expect(refusal).toMatchObject({ runtimes: ["little"] });
    const none = { ...given.context, runtimes: { chosen: undefined, commands: {} } };
    const { PATH } = process.env;
    try {
      process.env.PATH = "/nowhere"; // where this machine has no agent either
      await given.refused("no_runtime", { seed }, none);
    } finally {
      process.env.PATH = PATH;
    }
  });

  test("ended: a person has cancelled it, for good", async () => {
    await using given = await resumable("parallel", []);
    await cancelExecution(given.context, { id: given.session.session_id, reason: "enough", by: "user" });
    const refusal = await given.refused("ended", { seed: given.session.seed, force: true });
    expect(refusal).toMatchObject({ status: "cancelled" });
  });

  test("cancel_requested: a person wants its end, and that outlives its owner", async () => {
    await using given = await resumable("parallel", []);
    await given.died(1);
    await given.context.store.database.write([cancelRequest(given.session.session_id, 1, "user", "enough")]);
    await given.refused("cancel_requested", { seed: given.session.seed, force: true });
  });

  test("needs_attention: owner after owner died without a step; with force it runs, and starts counting anew", async () => {
    await using given = await resumable("parallel", [0, 1, 2, 3]);
    const { session_id, seed } = given.session;
    await given.died(MAX_ATTEMPTS);
    await given.refused("needs_attention", { seed });
    await given.resumed({ seed, force: true });
    await given.ends("completed");
    expect(given.journal()).toEqual(["5"]);
    const [lease] = await given.sql("SELECT epoch, attempts, expires_at FROM ouro_lease WHERE session_id = ?", [
      session_id,
    ]);
    expect(lease).toMatchObject({ epoch: MAX_ATTEMPTS + 1, attempts: 0, expires_at: null });
  });

  test("elsewhere: names the machine and the branch of its checkout", async () => {
    await using given = await resumable("parallel", [], { claimed: { machine: randomUUID(), host: "the-other" } });
    // Nobody knows a machine that has no id: there, anything may be here.
    const context = { ...given.context, identity: { ...given.context.identity, machine: "this-one" } };
    const refusal = await given.refused("elsewhere", { seed: given.session.seed, force: true }, context);
    expect(refusal).toMatchObject({ machine: "the-other", branch: "topic" });
    expect(refusal.message).toContain("the-other, branch topic");
    expect(refusal.next).toContain(`ouroboros watch ${given.session.session_id}`);
  });

  test("elsewhere: where machines have no ids, the name of another one and a folder that is not here are enough", async () => {
    await using given = await resumable("parallel", [], { claimed: { machine: null, host: "the-other" } });
    rmSync(given.project, { recursive: true });
    const refusal = await given.refused("elsewhere", { seed: given.session.seed, force: true });
    expect(refusal).toMatchObject({ machine: "the-other", branch: "topic", cwd: given.project });
    expect(refusal.message).toContain(`its folder ${given.project} is not there (the-other, branch topic)`);
  });

  for (const [host, code] of [
    ["the-other", "elsewhere"],
    [hostname(), "folder_gone"],
  ] as const) {
    const where = code === "elsewhere" ? "on another machine" : "nowhere any more";
    test(`${code}: the copy of its folder that it worked in is ${where}, though the folder is here`, async () => {
      const repository = "/nowhere/workspaces/exec_1/project";
      await using given = await resumable("parallel", [0], { claimed: { machine: null, host }, repository });
      const refusal = await given.refused(code, { seed: given.session.seed });
      expect(refusal.message).toContain(`its folder ${repository} is not there`);
    });
  }

  test("in_use: somebody of upstream's may be at work on it; told to go on anyway, it runs", async () => {
    await using given = await resumable("parallel", [0, 1, 2, 3], { young: true });
    const { seed } = given.session;
    const refusal = await given.refused("in_use", { seed });
    expect(refusal).toMatchObject({ retry_after_ms: 60_000 });
    await given.resumed({ seed, force: true });
    await given.ends("completed");
    expect(given.journal()).toEqual(["5"]);
  });
});

interface Given extends ResumableHome {
  readonly session: Interrupted;
  readonly context: SessionContext;
  readonly request: ResumeRequest;
  /** Resumes it; a refusal fails the test. */
  resumed(request?: Partial<ResumeRequest>): Promise<Resumed>;
  /** Has it refused with this code, and nothing in any table changed. */
  refused(code: string, request?: Partial<ResumeRequest>, context?: SessionContext): Promise<Refusal & Facts>;
  ends(status: SessionStatus): Promise<void>;
  /** So many owners of ours have died with it, one after the other. */
  died(times: number): Promise<void>;
  types(id: string): Promise<{ id: string; event_type: string }[]>;
  claims(): Promise<{ payload: Facts }[]>;
  completedScopes(): Promise<number[]>;
  dump(): Promise<Record<string, unknown>>;
  sql(sql: string, args?: SqlValue[]): Promise<Rows["rows"]>;
}
type Facts = Readonly<Record<string, unknown>>;

interface Options {
  readonly cwd?: undefined;
  readonly write?: typeof writeRows;
  readonly generation?: "v27" | "v51";
  readonly end?: "auto_cleanup";
  readonly resumedByPython?: readonly number[];
  /** Where it was claimed; a machine may have no id. */
  readonly claimed?: { readonly machine: string | null; readonly host: string };
  /** The checkout that its run has recorded as the one it works on. */
  readonly repository?: string;
  readonly young?: true;
}

/** A home with one interrupted session of upstream's, opened as a server would. */
async function resumable(
  kind: "parallel" | "sequential",
  done: readonly number[],
  options: Options = {},
): Promise<Given> {
  const home = await openResumableHome();
  const session = interrupted(kind, { done, ...("cwd" in options ? {} : { cwd: home.project }) });
  const { write = writeRows, generation } = options;
  if (write === writeRows || generation)
    makeStore({ out: home.store, sessions: 0, ...(generation ? { generation } : {}) });
  write(home.store, rowsOf(session, options));
  const config = await readConfig({ db: home.store }, { OUROBOROS_HOME: home.home });
  const store = await openStore(config.target, { readOnly: false, create: false });
  const context = createSessionContext(store, home.home, config.orphans, config.runtimes);
  await catchUp(store);
  const sql: Given["sql"] = (text, args = []) => query(store.database, text, args);
  const { session_id, execution_id } = session;
  const request: ResumeRequest = { sessionId: session_id, by: "test", host: NOBODY, force: false };
  const events = async (where: string, ...args: string[]) =>
    (await sql(`SELECT ${EVENT_COLUMNS} FROM events WHERE ${where} ORDER BY rowid`, args)).map(toStoredEvent);
  const dump = async () => {
    const tables = await sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
    const entries = tables.map(async ({ name }) => [name, await sql(`SELECT * FROM ${name} ORDER BY 1, 2`)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  return {
    ...home,
    session,
    context,
    request,
    sql,
    dump,
    async resumed(more) {
      const answer = await resumeSession(context, { ...request, ...more });
      if (isRefusal(answer)) throw new Error(`${answer.code}: ${answer.message}`);
      home.watch(answer.worker_pid);
      return answer;
    },
    async refused(code, more, other = context) {
      const before = await dump();
      const answer = await resumeSession(other, { ...request, ...more });
      if (!isRefusal(answer)) {
        home.watch(answer.worker_pid);
        throw new Error(`Not refused but ${answer.outcome}`);
      }
      expect(answer.code).toBe(code);
      expect(await dump()).toEqual(before);
      return { ...answer, ...answer.facts };
    },
    async ends(status) {
      const now = async () => (await loadSession(store, session_id))?.session;
      await until(async () => (await now())?.status !== "running", "the run has ended");
      const ended = await now();
      expect(`${ended?.status} ${ended?.status === status ? "" : ended?.reason}`.trim()).toBe(status);
    },
    async died(times) {
      for (let time = 0; time < times; time++) {
        const facts = await readFacts(store, session_id);
        if (!facts) throw new Error("The session is gone");
        const taker = {
          ownerId: newId(),
          purpose: "run",
          identity: deadProcess(),
          ttlSeconds: 30,
          overCancelRequest: false,
        } as const;
        await store.database.write([takeOver(seenOf(facts), taker)]);
      }
    },
    types: async (id) => (await events("aggregate_id = ?", id)).map(({ id, event_type }) => ({ id, event_type })),
    claims: () => events("aggregate_id = ? AND event_type = 'orchestrator.session.claimed'", session_id),
    async completedScopes() {
      const rows = await events(
        "event_type = 'execution.session.completed' AND aggregate_id GLOB ?",
        `${execution_id}_*`,
      );
      return rows.map(({ aggregate_id }) => Number(aggregate_id.at(-1)));
    },
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

function rowsOf(session: Interrupted, options: Options): Interrupted["rows"] {
  const { end, resumedByPython, claimed, repository, young } = options;
  const rows = young ? session.rows.map((row) => ({ ...row, age: row.age - 3 * 3600 + 60 })) : [...session.rows];
  if (end) rows.push(thenRow(session, "orchestrator.session.cancelled", { reason: "silent", cancelled_by: end }));
  if (claimed) {
    rows.push(thenRow(session, "orchestrator.session.claimed", { epoch: 1, ...claimed, branch: "topic" }));
  }
  if (repository) {
    const prepared = thenRow(session, "execution.run.prepared", { workspace: { kind: "copy", repository } });
    rows.push({ ...prepared, aggregate: "execution", id: session.execution_id });
  }
  if (resumedByPython) {
    const { session_id, execution_id } = session;
    const [list] = interrupted("sequential", { done: resumedByPython }).rows.filter(
      (row) => row.aggregate === "execution",
    );
    if (!list) throw new Error("A sequential session has a list");
    rows.push({ ...list, id: session_id, payload: { ...list.payload, session_id, execution_id } });
  }
  return rows;
}
