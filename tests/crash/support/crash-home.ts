import { Database, type SQLQueryBindings } from "bun:sqlite";
import { expect } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kill } from "../../support/agent-processes.ts";
import { crashProgram } from "./crash-program.ts";
import { HOMES, type HomeProcess, processesOf, until } from "./processes.ts";

const AGENT = join(import.meta.dirname, "../../fixtures/agents/crash-agent.sh");
const SEED_ID = "seed_crash";

/** One row of `events`, as it stands in the store. */
export interface EventRow {
  readonly rowid: number;
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly payload: Record<string, unknown>;
}

/** What a command of the program said and how it ended. */
export interface Said {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly json: Record<string, unknown>;
  readonly errors: string;
}

export interface Lease {
  readonly session_id: string;
  readonly pid: number | null;
  readonly epoch: number;
  readonly expires_at: number | null;
  readonly cancel_requested_by: string | null;
  readonly now: number;
}

/** A home with a store, a folder to work in and an agent of a few lines; everything in it can be killed and looked at. */
export class CrashHome implements Disposable {
  readonly home = mkdtempSync(HOMES);
  readonly work = join(this.home, "work");
  readonly seed = join(this.home, "seed.yaml");
  readonly db = join(this.home, "ouroboros.db");
  /** Seconds a lease lives here. */
  readonly #leaseSeconds: number;
  readonly #children = new Set<ChildProcess>();
  readonly #gate: number;

  constructor({ steps = 2, leaseSeconds = 30 }: { steps?: number; leaseSeconds?: number } = {}) {
    this.#leaseSeconds = leaseSeconds;
    mkdirSync(this.work);
    spawnSync("mkfifo", [join(this.work, "gate")]);
    // Held open both ways: whoever lets an agent through need not wait for it, nor it for a second word.
    this.#gate = openSync(join(this.work, "gate"), "r+");
    // What dies with a step's agent is seen in how the run ends: nobody tries again by themselves.
    const config = { runtimes: { crash: { command: [AGENT] } }, execution: { ac_retry_attempts: 0 } };
    writeFileSync(join(this.home, "config.yaml"), JSON.stringify(config));
    const criteria = Array.from({ length: steps }, (_, index) => `the ${index + 1}th thing`).join(", ");
    writeFileSync(this.seed, `goal: Survive\nacceptance_criteria: [${criteria}]\nmetadata: { seed_id: ${SEED_ID} }\n`);
  }

  /** Calls the program as a person would. */
  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): { child: ChildProcess; said: Promise<Said> } {
    const started = this.spawn([crashProgram(), ...args], env);
    if (args[0] !== "mcp") started.child.stdin?.end();
    return started;
  }

  spawn(
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): { child: ChildProcess; said: Promise<Said> } {
    const [program = "", ...args] = command;
    const child = spawn(program, args, { cwd: this.home, detached: true, env: { ...this.environment(), ...env } });
    this.#children.add(child);
    const said = collect(child);
    // Those that are meant to die are not waited for.
    said.catch(() => {});
    return { child, said };
  }

  /** The same, waited for. */
  call(...args: readonly string[]): Promise<Said> {
    return this.start(args).said;
  }

  environment(): Record<string, string> {
    return {
      HOME: this.home,
      OUROBOROS_HOME: this.home,
      PATH: process.env.PATH ?? "",
      TMPDIR: tmpdir(),
      _OUROBOROS_LEASE_SECONDS: String(this.#leaseSeconds),
    };
  }

  /** Has the agent of a step wait, fail, or take its time, from now on. */
  mark(what: "hold" | "fail" | "slow", step: number): void {
    writeFileSync(join(this.work, `${what}-${step}`), "");
  }

  unmark(what: "hold" | "fail" | "slow", step: number): void {
    rmSync(join(this.work, `${what}-${step}`), { force: true });
  }

  /** Lets the agent that waits for it go on. */
  letThrough(): void {
    writeSync(this.#gate, "go\n");
  }

  /** Starts a run whose agent waits in a step; resolves with the worker once it does. */
  async heldRun(step = 1): Promise<{ id: string; worker: number }> {
    this.mark("hold", step);
    const { code, json, errors } = await this.call("run", this.seed, "--cwd", this.work, "--in-place", "--json");
    if (code !== 0) throw new Error(`Cannot start a run: ${errors}`);
    await this.until(`step ${step} begins`, () => this.journal().some((line) => line.startsWith(`begin ${step} `)));
    return { id: String(json.session_id), worker: Number(json.worker_pid) };
  }

  /** A run whose owner has died while its agent was at work. */
  async deadRun(step = 1): Promise<string> {
    const { id, worker } = await this.heldRun(step);
    kill(worker);
    this.unmark("hold", step);
    return id;
  }

  processes(role?: string): HomeProcess[] {
    return processesOf(this.home).filter((one) => role === undefined || one.role === role);
  }

  until<T>(name: string, look: () => T | undefined | false): Promise<T> {
    return until(name, look, () => ({
      processes: this.processes(),
      journal: this.journal(),
      rows: this.rows().map(({ type }) => type),
      log: this.log(),
    }));
  }

  journal(): string[] {
    const path = join(this.work, "journal");
    return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  }

  /** What the session's workers complained about. */
  log(): string {
    const id = this.sessionIds()[0];
    const path = join(this.home, "logs/workers", `${id}.log`);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  sql(text: string, ...args: SQLQueryBindings[]): Record<string, unknown>[] {
    if (!existsSync(this.db)) return [];
    using store = new Database(this.db);
    store.run("PRAGMA busy_timeout = 10000");
    return store.query(text).all(...args) as Record<string, unknown>[];
  }

  rows(): EventRow[] {
    if (this.sql("SELECT 1 FROM sqlite_master WHERE name = 'events'").length === 0) return [];
    const rows = this.sql("SELECT rowid, id, event_type, aggregate_id, payload FROM events ORDER BY rowid");
    return rows.map((row) => ({
      rowid: Number(row.rowid),
      id: String(row.id),
      type: String(row.event_type),
      stream: String(row.aggregate_id),
      payload: JSON.parse(String(row.payload)),
    }));
  }

  countOf(type: string): number {
    return this.rows().filter((row) => row.type === type).length;
  }

  /** A row as the Python program writes it, a second ago or at a time of long ago. */
  python(
    type: string,
    [aggregate, id]: readonly [string, string],
    payload: Record<string, unknown>,
    isOld = false,
  ): string {
    const rowId = crypto.randomUUID();
    const time = new Date(isOld ? Date.now() - 86_400_000 : Date.now() - 1_000);
    const timestamp = time.toISOString().replace("T", " ").replace("Z", "000");
    this.sql(
      "INSERT INTO events (id, aggregate_type, aggregate_id, event_type, payload, timestamp) VALUES (?, ?, ?, ?, ?, ?)",
      ...[rowId, aggregate, id, type, JSON.stringify(payload), timestamp],
    );
    return rowId;
  }

  /** A session of Python's that fell silent long ago, with a job; there is a store from here on. */
  async silentPython(id = "orch_python"): Promise<string> {
    await this.makeStore();
    const start = {
      execution_id: "exec_python",
      seed_id: SEED_ID,
      seed_goal: "Survive",
      start_time: "2026-01-01T00:00:00",
    };
    this.python("orchestrator.session.started", ["session", id], start, true);
    const links = { session_id: id, execution_id: "exec_python", lineage_id: null };
    this.python("mcp.job.created", ["job", "job_python"], { job_type: "execute_seed", status: "queued", links }, true);
    return id;
  }

  /** A store without rows, made by a server as any other. */
  async makeStore(): Promise<void> {
    const { code, errors } = await this.serve();
    expect({ code, errors }).toMatchObject({ code: 0 });
  }

  /** One start of a server, up to the end of its clean-up; then its host lets go of it. */
  async serve(env: Readonly<Record<string, string>> = {}): Promise<Said> {
    const { child, said } = this.start(["mcp", "serve"], env);
    child.stderr?.on("data", (text: string) => {
      if (text.includes("start-up settled")) child.stdin?.end();
    });
    const clientInfo = { name: "crash", version: "1" };
    const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo };
    child.stdin?.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params })}\n`);
    return said;
  }

  sessionIds(): string[] {
    const sql = "SELECT DISTINCT aggregate_id AS id FROM events WHERE aggregate_type = 'session' ORDER BY rowid";
    const hasEvents = this.sql("SELECT 1 FROM sqlite_master WHERE name = 'events'").length > 0;
    return hasEvents ? this.sql(sql).map(({ id }) => String(id)) : [];
  }

  leases(): Lease[] {
    const sql = "SELECT *, unixepoch('subsec') AS now FROM ouro_lease";
    return this.sql(sql) as unknown as Lease[];
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill("SIGKILL");
    kill(...this.processes().map(({ pid }) => pid));
    closeSync(this.#gate);
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

function collect(child: ChildProcess): Promise<Said> {
  let output = "";
  let errors = "";
  child.stdin?.on("error", () => {});
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, json: toJson(output), errors }));
  });
}

function toJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
