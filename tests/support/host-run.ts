import { expect } from "bun:test";
import * as v from "valibot";
import { isRefusal, type Refusal } from "../../src/base/refusal.ts";
import type { StoredEvent } from "../../src/domain/event.ts";
import type { WorkspaceMode } from "../../src/domain/run/origin.ts";
import type { Session } from "../../src/domain/session/session.ts";
import { offeredTools } from "../../src/mcp/catalogue.ts";
import type { ToolAnswer, ToolCall } from "../../src/mcp/tool.ts";
import { HOST } from "../../src/runtimes/runtime-settings.ts";
import { type StartedRun, startRun } from "../../src/sessions/resume/start-run.ts";
import { createSessionContext, type SessionContext } from "../../src/sessions/session-context.ts";
import { openStore } from "../../src/store/open-store.ts";
import { readLease } from "../../src/store/session/leases.ts";
import { loadSession } from "../../src/store/session/sessions.ts";
import { until } from "./agent-processes.ts";
import { DEFAULT_POLICY } from "./given-store.ts";
import { openResumableHome } from "./resumable-home.ts";
import { allEvents } from "./store-contract/rows.ts";

export type Reply = ToolAnswer<Record<string, unknown>> | Refusal;

/** A run that a host's agents do, begun by a real worker; and the tools that they have. */
export interface HostRun extends AsyncDisposable {
  readonly context: SessionContext;
  readonly project: string;
  readonly started: StartedRun;
  /** A call of a tool as the server makes it, those that go on with another one included; `env` is for the worker it starts. */
  call(tool: string, args?: Record<string, unknown>, env?: Readonly<Record<string, string>>): Promise<Reply>;
  /** The same where a refusal would be a fault. */
  told(tool: string, args?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** The process that owns the session, or did last. */
  worker(): Promise<number>;
  session(): Promise<Session>;
  /** Resolves once the run is paused for this reason, or has ended so, with that many steps done. */
  stands(status: string, stepsDone: number): Promise<Session>;
  events(type: string): Promise<StoredEvent[]>;
  /** Lets the time of every claim pass, by the store's own clock. */
  expireClaims(): Promise<void>;
}

/** Begins a run of so many criteria with the runtime `host`; `env` is for its first worker alone. Only in worktrees are they checked. */
export async function hostRun(
  criteria: number,
  env: Readonly<Record<string, string>> = {},
  workspace: WorkspaceMode = "in_place",
): Promise<HostRun> {
  const home = await openResumableHome();
  const store = await openStore(
    { kind: "file", path: home.store, createFolder: false },
    { readOnly: false, create: true },
  );
  // Another agent would be the one to choose, if nobody had said otherwise.
  const runtimes = { chosen: "little", commands: { little: ["false"] } };
  const asking = createSessionContext(store, home.home, DEFAULT_POLICY, runtimes);
  const context: SessionContext = { ...asking, consent: "always" };
  const numbers = Array.from({ length: criteria }, (_, index) => index + 1);
  const acceptance_criteria = numbers.map((number) => {
    const description = `File ${number} is there`;
    return workspace === "in_place" ? description : { description, verify_command: `test -s file-${number}.txt` };
  });
  const seed = JSON.stringify({ goal: "Files", acceptance_criteria, metadata: { seed_id: "seed_host" } });
  const host = { host_session_id: null, project_dir: null };
  const started = await withEnvironment(env, () =>
    startRun(context, { seed, cwd: home.project, workspace, by: "test", host, runtime: HOST }),
  );
  if (isRefusal(started)) throw new Error(started.message);
  const { session_id } = started;
  home.watch(started.worker_pid);
  const tools = offeredTools({ toolsets: ["sessions"], readOnly: false });

  async function call(name: string, args: unknown = {}): Promise<Reply> {
    const tool = tools.find((one) => one.name === name);
    if (!tool) throw new Error(`There is no tool ${name}`);
    const with_: ToolCall = {
      context,
      signal: new AbortController().signal,
      progress: async () => {},
      said: undefined,
      callTool: call,
    };
    const said = (await tool.run(v.parse(tool.input, args), with_)) as Reply;
    if (isRefusal(said)) return said;
    const sent = JSON.parse(JSON.stringify(said.value));
    expect(v.parse(tool.output, sent)).toEqual(sent);
    return said;
  }

  async function session(): Promise<Session> {
    const loaded = await loadSession(store, session_id);
    if (!loaded) throw new Error("The session is gone");
    return loaded.session;
  }

  async function worker(): Promise<number> {
    const { lease } = await readLease(store, session_id);
    const pid = lease?.owner?.pid;
    // Whoever cancels it from here is its last owner, and is this very process.
    if (pid !== process.pid) home.watch(pid);
    return pid ?? 0;
  }

  const events = async (type: string) => (await allEvents(store)).filter(({ event_type }) => event_type === type);

  return {
    context,
    project: home.project,
    started,
    call: (name, args, env = {}) => withEnvironment(env, () => call(name, args)),
    async told(name, args) {
      const said = await call(name, args);
      if (isRefusal(said)) throw new Error(`${said.code}: ${said.message}`);
      return said.value;
    },
    worker,
    session,
    async stands(status, stepsDone) {
      let now = await session();
      await until(async () => {
        await worker();
        now = await session();
        const done = (await events("execution.session.completed")).length;
        return now.status === status && done === stepsDone;
      }, `the run is ${status} with ${stepsDone} steps done`);
      return now;
    },
    events,
    async expireClaims() {
      await store.database.write([{ sql: "UPDATE ouro_work SET expires_at = unixepoch('subsec') - 1" }]);
    },
    async [Symbol.asyncDispose]() {
      await worker();
      await home[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

async function withEnvironment<T>(env: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
  Object.assign(process.env, env);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
  }
}
