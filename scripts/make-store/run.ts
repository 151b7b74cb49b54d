import type { Prng } from "./prng.ts";
import type { Encoded } from "./python-json.ts";

export type Generation = "v27" | "v51";

/** What all events of one run of a seed have in common. */
export interface Run {
  readonly prng: Prng;
  readonly generation: Generation;
  readonly sessionId: string;
  readonly executionId: string;
  readonly jobId: string;
  readonly seedId: string;
  readonly goal: string;
  readonly criteria: readonly string[];
  /** The agent's own session, which is not the orchestrator's. */
  readonly nativeSessionId: string;
  readonly serverPid: number;
  /** Present in real-size stores only. */
  readonly catalog: Encoded | undefined;
}

/** The ways in which runs of one store differ from runs of another. */
export interface RunTraits {
  readonly generation: Generation;
  readonly catalog: Encoded | undefined;
}

const GOALS = [
  "Build a command line tool that converts invoices to CSV",
  "Add retries with back-off to the upload worker",
  "Übersetze die Fehlermeldungen der Anmeldeseite",
  "검색 결과 페이지에 페이지 매김 추가",
  "Write a small parser for cron expressions 🚀",
  'Rename "draft" to "proposal" across the API',
] as const;

/** A new run with its own ids, drawn from the given generator. */
export function createRun(prng: Prng, traits: RunTraits): Run {
  const goal = prng.pick(GOALS);
  return {
    prng,
    generation: traits.generation,
    catalog: traits.catalog,
    sessionId: `orch_${prng.hex(12)}`,
    executionId: `exec_${prng.hex(12)}`,
    jobId: `job_${prng.hex(12)}`,
    seedId: `seed_${prng.hex(12)}`,
    goal,
    criteria: [1, 2, 3, 4, 5].map((number) => `Criterion ${number}: ${goal.toLowerCase()}, part ${number} is verified`),
    nativeSessionId: prng.uuid4(),
    serverPid: prng.between(2000, 60_000),
  };
}

/** The scope of one acceptance criterion, counted from zero. */
export function acScope(run: Run, index: number): string {
  return `${run.executionId}_ac_${index}`;
}

export function subAcScope(run: Run, parent: number, sub: number): string {
  return `${run.executionId}_sub_ac_${parent}_${sub}`;
}

export function coordinatorScope(run: Run, level: number): string {
  return `${run.executionId}:l${level}:coord`;
}
