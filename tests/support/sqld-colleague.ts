import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment, finished } from "../cli/support/ouroboros.ts";
import { isFrozen } from "../races/support/given-run.ts";
import { kill, marked, until } from "./agent-processes.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const AGENT = join(import.meta.dirname, "../fixtures/races/agent.sh");
const RUN_VARIABLE = "OUROBOROS_TEST_RUN";
const AGENT_VARIABLE = `${RUN_VARIABLE}_AGENT`;
const LEASE_SECONDS = 3;

interface Said {
  readonly code: number | null;
  readonly json: Record<string, unknown>;
  /** All that was printed, for a person and for a program. */
  readonly words: string;
}

/** Where a colleague's programs find the store. */
export interface Access {
  readonly url: string;
  readonly token?: string;
}

/** A project folder with a seed for it, its agents, and the people who work on it: each a home of Ouroboros with the real CLI. */
export class Workplace implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ouroboros-team-work-"));
  readonly #homes: string[] = [];
  readonly #run = crypto.randomUUID();
  readonly #children = new Set<ChildProcess>();

  constructor(steps: number) {
    const criteria = Array.from({ length: steps }, (_, index) => `Criterion ${index + 1}`);
    writeFileSync(join(this.folder, "seed.json"), JSON.stringify({ goal: "A team", acceptance_criteria: criteria }));
  }

  /** Somebody with a home of their own; `machine` is the id of the computer they are on, where it is not this one. */
  colleague(access: Access, machine?: string) {
    const home = mkdtempSync(join(tmpdir(), "ouroboros-team-"));
    this.#homes.push(home);
    const marks = [`${RUN_VARIABLE}=${this.#run}`, `${AGENT_VARIABLE}=${this.#run}`];
    const command = ["/usr/bin/env", ...marks, AGENT, this.folder, "gentle"];
    const config = {
      runtimes: { test: { command } },
      orchestrator: { runtime_backend: "test" },
      minds: { standard: "host" },
    };
    writeFileSync(join(home, "config.yaml"), JSON.stringify(config));
    const id = join(home, "machine-id");
    if (machine !== undefined) writeFileSync(id, machine);
    const under = machine === undefined ? [] : ["unshare", "-m", "sh", "-c", ON_MACHINE, id];
    const ask = (...args: string[]) => this.#ask(home, under, access, args);
    return {
      home,
      ask,
      /** Begins the seed's run; its agents work in the folder itself. */
      begin: async () => {
        const said = await ask("run", join(this.folder, "seed.json"), "--cwd", this.folder, "--in-place");
        if (said.code !== 0) throw new Error(`Cannot begin: ${said.words}`);
        return String(said.json.session_id);
      },
      /** Everything that Ouroboros has written down in this home. */
      files: () => filesBelow(home),
    };
  }

  /** Lines of a file in the agents' folder. */
  lines(name: string): string[] {
    const file = join(this.folder, name);
    return statSync(file, { throwIfNoEntry: false }) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  }

  letAgentsFinish(): void {
    writeFileSync(join(this.folder, "go"), "");
  }

  /** An agent is at work, now. */
  async agentWorks(): Promise<void> {
    const before = this.lines("beats").length;
    await until(() => this.lines("beats").length > before, "an agent works");
  }

  /** Its agents are there, and suspended. */
  async agentsStandStill(): Promise<void> {
    const agents = () => marked(AGENT_VARIABLE, this.#run);
    await until(() => agents().length > 0 && agents().every(isFrozen), "the agents stand still");
  }

  /** What everybody may read of its processes' command lines, and the environment of its agents. */
  readable(): string {
    const lines = this.running().flatMap(argumentsOf);
    return [...lines, ...marked(AGENT_VARIABLE, this.#run).map((pid) => fileOf(pid, "environ"))].join("\n");
  }

  /** Processes of this workplace that run: agents, workers, commands. */
  running(): number[] {
    return marked(RUN_VARIABLE, this.#run);
  }

  kill(pids: readonly number[]): void {
    kill(...pids);
  }

  /** The workers among them. */
  workers(): number[] {
    return this.running().filter((pid) => argumentsOf(pid).includes("worker"));
  }

  async #ask(home: string, under: readonly string[], { url, token }: Access, args: readonly string[]): Promise<Said> {
    const [program = "", ...rest] = [...under, process.execPath, "--no-env-file", MAIN, ...args, "--json"];
    const env = environment(home, {
      OUROBOROS_DATABASE_URL: url,
      ...(token !== undefined && { OUROBOROS_DATABASE_TOKEN: token }),
      _OUROBOROS_LEASE_SECONDS: String(LEASE_SECONDS),
      [RUN_VARIABLE]: this.#run,
    });
    const child = spawn(program, rest, { cwd: home, env });
    this.#children.add(child);
    child.stdin.end();
    const { code, stdout, stderr } = await finished(child);
    this.#children.delete(child);
    return { code, json: stdout.startsWith("{") ? JSON.parse(stdout) : {}, words: stdout + stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await until(() => {
      this.kill(this.running());
      return this.running().length === 0;
    }, "everything the team started is gone");
    for (const one of [...this.#homes, this.folder]) rmSync(one, { recursive: true, force: true, maxRetries: 5 });
  }
}

const ON_MACHINE = 'mount --bind "$0" /etc/machine-id && exec "$@"';

function argumentsOf(pid: number): string[] {
  return fileOf(pid, "cmdline").split("\0");
}

function fileOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return ""; // it has just ended
  }
}

function filesBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n");
}
