import { Database } from "bun:sqlite";
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crashProgram } from "../crash/support/crash-program.ts";
import { HOMES, type HomeProcess, processesOf, until } from "../crash/support/processes.ts";
import { kill } from "./agent-processes.ts";
import { type CriterionText, gitIn, makeRepository, writeLibrary } from "./run-library.ts";

const PLANNER = join(import.meta.dirname, "../fixtures/agents/minds/planner.ts");
const PROGRAMMER = join(import.meta.dirname, "../fixtures/agents/programmers/programmer.ts");

export interface RunEvent {
  readonly type: string;
  readonly stream: string;
  readonly payload: Record<string, unknown>;
}

export interface RunSaid {
  readonly code: number | null;
  readonly json: Record<string, unknown>;
  readonly errors: string;
}

interface Given {
  readonly criteria: readonly CriterionText[];
  /** How the programmer of a criterion behaves, by its number from 1, at each start. */
  readonly orders?: Readonly<Record<number, readonly string[]>>;
  /** The section `execution` of the configuration. */
  readonly execution?: Readonly<Record<string, unknown>>;
  readonly parallel?: number;
  /** What the mind says that is asked for an order, and for the parts of a criterion; without any, nobody is asked. */
  readonly mind?: { readonly plan?: object; readonly split?: object };
  readonly isRepository?: boolean;
  readonly leaseSeconds?: number;
}

/** A home, the little library, a seed for it and programmers who work as they are ordered to. */
export class RunHome implements Disposable {
  readonly home = mkdtempSync(HOMES);
  readonly project = join(this.home, "library");
  readonly desk = join(this.home, "desk");
  readonly #seed = join(this.home, "seed.json");
  readonly #database = join(this.home, "ouroboros.db");
  readonly #leaseSeconds: number;
  readonly #hasMind: boolean;
  readonly #children = new Set<ChildProcess>();

  constructor(given: Given) {
    const { criteria, orders = {}, execution = {}, parallel = 3, isRepository = true, leaseSeconds = 30, mind } = given;
    this.#leaseSeconds = leaseSeconds;
    this.#hasMind = mind !== undefined;
    mkdirSync(this.project);
    mkdirSync(this.desk);
    writeLibrary(this.project);
    if (isRepository) makeRepository(this.project);
    writeFileSync(join(this.desk, "journal"), "");
    writeFileSync(join(this.desk, "orders.json"), JSON.stringify(orders));
    for (const [kind, answer] of Object.entries(mind ?? {})) {
      writeFileSync(join(this.desk, `${kind}.json`), JSON.stringify(answer));
    }
    this.configure({ execution, parallel });
    writeFileSync(this.#seed, JSON.stringify({ goal: "A library of words", acceptance_criteria: criteria }));
  }

  /** Writes the configuration, anew where there is one. */
  configure({ execution = {}, parallel = 3 }: Pick<Given, "execution" | "parallel">): void {
    const command = [process.execPath, PROGRAMMER, this.desk];
    const config = {
      runtimes: {
        programmer: { command, output: "jsonl" },
        planner: { command: [process.execPath, PLANNER, this.desk] },
      },
      // A worker has no host: without a mind of its own a run asks nobody, whatever is installed here.
      minds: { standard: this.#hasMind ? "planner" : "host" },
      orchestrator: { runtime_backend: "programmer", max_parallel_workers: parallel },
      execution,
      // Its seed is the test's own; whether somebody is asked is what tests/trust is about.
      consent: { checks: "always" },
    };
    writeFileSync(join(this.home, "config.yaml"), JSON.stringify(config));
  }

  /** Runs the seed in the project and waits for its end. */
  run(...flags: readonly string[]): Promise<RunSaid> {
    return this.call("run", this.#seed, "--cwd", this.project, "--wait", ...flags);
  }

  /** Starts the run and leaves it to its worker; `env` is for that. */
  async begin(env: Readonly<Record<string, string>> = {}): Promise<{ id: string; worker: number }> {
    const { code, json, errors } = await this.start(["run", this.#seed, "--cwd", this.project], env).said;
    if (code !== 0) throw new Error(`Cannot start a run: ${errors}`);
    return { id: String(json.session_id), worker: Number(json.worker_pid) };
  }

  call(...args: readonly string[]): Promise<RunSaid> {
    return this.start(args).said;
  }

  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): { child: ChildProcess; said: Promise<RunSaid> } {
    const child = spawn(crashProgram(), [...args, "--json"], {
      cwd: this.home,
      env: { ...this.environment(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.add(child);
    const said = collect(child);
    said.catch(() => {});
    return { child, said };
  }

  environment(): Record<string, string> {
    const { PATH = "", TMPDIR = "/tmp" } = process.env;
    const lease = String(this.#leaseSeconds);
    return { HOME: this.home, OUROBOROS_HOME: this.home, PATH, TMPDIR, _OUROBOROS_LEASE_SECONDS: lease };
  }

  /** Has every programmer wait where it is, until it is let go on. */
  hold(): void {
    appendFileSync(join(this.desk, "hold"), "");
  }

  letGo(): void {
    rmSync(join(this.desk, "hold"), { force: true });
  }

  /** What the programmers have noted: a word, the criterion's number, a process. */
  journal(word?: string): string[] {
    const lines = readFileSync(join(this.desk, "journal"), "utf8").split("\n").filter(Boolean);
    return word === undefined ? lines : lines.filter((line) => line.startsWith(`${word} `));
  }

  /** The numbers of the criteria that a programmer was started for, in order. */
  starts(): number[] {
    return this.journal("begin").map((line) => Number(line.split(" ")[1]));
  }

  events(type?: string): RunEvent[] {
    if (!existsSync(this.#database)) return [];
    if (this.sql("SELECT 1 FROM sqlite_master WHERE name = 'events'").length === 0) return [];
    const rows = this.sql("SELECT event_type, aggregate_id, payload FROM events ORDER BY rowid");
    const all = rows.map((row) => ({
      type: String(row.event_type),
      stream: String(row.aggregate_id),
      payload: JSON.parse(String(row.payload)),
    }));
    return type === undefined ? all : all.filter((one) => one.type === type);
  }

  /** Payloads of the events of one criterion, by its number from 1. */
  of(number: number, type: string): Record<string, unknown>[] {
    return this.events(type).flatMap(({ stream, payload }) => (stream.endsWith(`_ac_${number - 1}`) ? [payload] : []));
  }

  sql(text: string): Record<string, unknown>[] {
    using store = new Database(this.#database);
    store.run("PRAGMA busy_timeout = 10000");
    return store.query(text).all() as Record<string, unknown>[];
  }

  /** How a session stands, and why it ended so. */
  end(): RunEvent | undefined {
    return this.events().findLast(({ type }) =>
      /^orchestrator\.session\.(completed|failed|paused|cancelled)$/.test(type),
    );
  }

  /** The branch that the run has made, in its repository. */
  branch(): { readonly repository: string; readonly base: string; readonly branch: string } {
    const { workspace } = this.events("execution.run.prepared")[0]?.payload ?? {};
    return workspace as ReturnType<RunHome["branch"]>;
  }

  /** A file as it is on the run's branch. */
  made(path: string): string {
    const { repository, branch } = this.branch();
    return gitIn(repository, "show", `${branch}:${path}`);
  }

  /** Hash of the tree of the run's branch: the same for the same files. */
  madeTree(): string {
    const { repository, branch } = this.branch();
    return gitIn(repository, "rev-parse", `${branch}^{tree}`).trim();
  }

  processes(role?: string): HomeProcess[] {
    return processesOf(this.home).filter((one) => role === undefined || one.role === role);
  }

  until<T>(name: string, look: () => T | undefined | false): Promise<T> {
    return until(name, look, () => ({
      processes: this.processes(),
      journal: this.journal(),
      rows: this.events().map(({ type }) => type),
    }));
  }

  /** Resolves once nothing that was started for this home runs any more. */
  async quiet(): Promise<void> {
    await this.until("everything it started is gone", () => this.processes().length === 0);
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill("SIGKILL");
    kill(...this.processes().map(({ pid }) => pid));
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function collect(child: ChildProcess): Promise<RunSaid> {
  const read = async (stream: ChildProcess["stdout"]) => (stream ? await new Response(stream as never).text() : "");
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [code, output, errors] = await Promise.all([closed, read(child.stdout), read(child.stderr)]);
  return { code, json: output.trim() === "" ? {} : JSON.parse(output), errors };
}
