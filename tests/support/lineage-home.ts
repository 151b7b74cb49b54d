import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunHome, type RunSaid } from "./run-home.ts";
import { type CriterionText, gitIn } from "./run-library.ts";

const EVOLVER = join(import.meta.dirname, "../fixtures/agents/minds/evolver.ts");
const PROGRAMMER = join(import.meta.dirname, "../fixtures/agents/programmers/programmer.ts");

/** A generation as `--json` shows it. */
export interface ShownGeneration {
  readonly generation: number;
  readonly phase: string;
  readonly seed_id: string | null;
  readonly session_id: string | null;
  readonly score: number | null;
  readonly met: number;
  readonly commit: string | null;
}

interface Given {
  readonly criteria: readonly CriterionText[];
  readonly orders?: Readonly<Record<number, readonly string[]>>;
  readonly consent?: "ask" | "always";
}

/** A home with the little library, a seed, programmers without a second try, and a mind that thinks between generations. */
export class LineageHome extends RunHome {
  readonly seed = join(this.home, "evolved.json");

  constructor({ criteria, orders = {}, consent = "always" }: Given) {
    super({ criteria, orders });
    const runtime = (script: string) => ({ command: [process.execPath, script, this.desk] });
    const config = {
      runtimes: { programmer: { ...runtime(PROGRAMMER), output: "jsonl" }, evolver: runtime(EVOLVER) },
      minds: { fast: "evolver", standard: "evolver", deep: "evolver" },
      orchestrator: { runtime_backend: "programmer", max_parallel_workers: 1 },
      execution: { ac_retry_attempts: 0 },
      consent: { checks: consent },
    };
    writeFileSync(join(this.home, "config.yaml"), JSON.stringify(config));
    writeFileSync(this.seed, JSON.stringify({ goal: "A library of words", acceptance_criteria: criteria }));
    // Its own test is about all eight words, and these lineages are about a few of them.
    writeFileSync(join(this.project, "package.json"), '{ "type": "module" }\n');
    gitIn(this.project, "commit", "--all", "--quiet", "--message", "No test of the whole");
  }

  /** Gives a criterion, by its place, another check: one that only this home can name. */
  rewriteCheck(place: number, verify_command: string): void {
    const seed = JSON.parse(readFileSync(this.seed, "utf8"));
    seed.acceptance_criteria[place].verify_command = verify_command;
    writeFileSync(this.seed, JSON.stringify(seed));
  }

  /** One generation of a new lineage, with flags; or one more of one that is there. */
  evolve(...[lineage, ...flags]: readonly string[]): Promise<RunSaid> {
    const isNew = lineage === undefined || lineage.startsWith("--");
    const named = isNew ? [this.seed, ...(lineage === undefined ? [] : [lineage])] : [lineage];
    return this.call("evolve", ...named, ...flags, "--cwd", this.project);
  }

  /** A lineage that goes on by itself, waited for. */
  ralph(...flags: readonly string[]): Promise<RunSaid> {
    return this.call("ralph", this.seed, "--cwd", this.project, "--lineage", "lin_test", "--wait", ...flags);
  }

  /** The same without waiting. */
  async startRalph(...flags: readonly string[]): Promise<{ readonly session: string; readonly worker: number }> {
    const args = ["ralph", this.seed, "--cwd", this.project, "--lineage", "lin_test", ...flags];
    const { code, json, errors } = await this.call(...args);
    if (code !== 0) throw new Error(`Cannot start: ${errors}`);
    return { session: String(json.session_id), worker: Number(json.worker_pid) };
  }

  async show(
    lineage = "lin_test",
  ): Promise<{ readonly status: string; readonly generations: readonly ShownGeneration[] }> {
    const { json } = await this.call("lineage", "show", lineage);
    return json as Awaited<ReturnType<LineageHome["show"]>>;
  }

  /** The commit that the lineage's branch names. */
  tip(lineage = "lin_test"): string {
    return gitIn(this.project, "rev-parse", `refs/heads/ooo/${lineage}`).trim();
  }

  /** Rows of the lineage itself. */
  rows(lineage = "lin_test"): { readonly type: string; readonly payload: Record<string, unknown> }[] {
    return this.events().filter(({ stream }) => stream === lineage);
  }

  /** Phases that were begun, one word for each, in order. */
  phases(lineage = "lin_test"): string[] {
    return this.rows(lineage).flatMap(({ type, payload }) => {
      if (type === "lineage.generation.completed") return [`${payload.generation_number} completed`];
      if (type !== "lineage.generation.started" && type !== "lineage.generation.phase_changed") return [];
      return [`${payload.generation_number} ${payload.phase}`];
    });
  }
}
