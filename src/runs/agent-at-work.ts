import { readdir } from "node:fs/promises";
import { messageOf, OuroborosError } from "../base/errors.ts";
import type { Persona } from "../domain/run/stagnation.ts";
import { CONVERSATION_BEGUN, type Step, TOOL_STARTED } from "../domain/run/steps.ts";
import { conflictPrompt } from "../prompts/conflict.ts";
import { criterionPrompt } from "../prompts/criterion.ts";
import type { RetryFacts } from "../prompts/retry.ts";
import { openRuntime } from "../runtimes/configured-runtimes.ts";
import type { AgentMessage, Outcome } from "../runtimes/runtime.ts";
import type { Bench } from "../workspaces/workspace.ts";
import { criterionOf, type Engine } from "./engine.ts";
import { type Halt, isHalt } from "./halt.ts";
import { runAgent } from "./run-agent.ts";
import { workDesk } from "./work-desk.ts";

const IDLE_MS = 3_600_000;
const TOTAL_MS = 6 * 3_600_000;
const MOST_NAMES = 100;

/** Decisions that a person has taken for a criterion. */
export type Answers = readonly { readonly question: string; readonly answer: string }[];

/** How the next attempt begins. */
export interface Approach {
  readonly number: number;
  readonly bench: string;
  readonly handle: string | null;
  readonly hasPassed: boolean;
  /** Something was done for it already that nobody has looked at: by an owner that died, or by a host's agent. */
  readonly goesOn: boolean;
  readonly retry: RetryFacts | undefined;
  readonly persona: Persona | undefined;
}

/** The part of a criterion that is to be done now. */
export interface PartNow {
  readonly text: string;
  readonly number: number;
  readonly of: number;
}

/** Has an agent work on a criterion in a bench; nothing when the run was interrupted. */
export async function workOn(
  engine: Engine,
  step: Step,
  {
    bench,
    approach,
    common,
    answers,
    part,
  }: {
    readonly bench: Bench;
    readonly approach: Approach;
    readonly common: Readonly<Record<string, unknown>>;
    readonly answers: Answers;
    readonly part?: PartNow | undefined;
  },
): Promise<Outcome | undefined> {
  const { run, log } = engine;
  const criterion = criterionOf(engine, step);
  // What a host is asked has to be the same each time somebody looks whether it was handed in.
  const isHost = run.runtime.kind === "host";
  const prompt = criterionPrompt({
    seed: run.seed,
    criterion,
    index: step.index,
    attempt: approach.number,
    part,
    folder: isHost ? [] : (await readdir(bench.folder)).slice(0, MOST_NAMES),
    done: doneBefore(engine, step),
    siblings: isHost ? [] : siblingsOf(engine, step),
    retry: approach.retry,
    persona: approach.persona,
    answers,
    isResumed: approach.handle !== null,
  });
  return startAndRun(engine, step, { bench, prompt, resume: approach.handle, common }, (message) => {
    const note = activityOf(message, approach.handle);
    // What is shown of an agent's work is not worth stopping it for.
    if (note) void log.note(step, note[0], { ...common, ...note[1] }).catch(() => undefined);
  }).catch((error: unknown) => {
    if (!(error instanceof OuroborosError)) throw error;
    return notStarted(messageOf(error));
  });
}

/** An agent in a bench with a prompt, run to its end. */
async function startAndRun(
  { context, run, log }: Engine,
  step: Step,
  asked: {
    readonly bench: Bench;
    readonly prompt: string;
    readonly resume: string | null;
    readonly common: Readonly<Record<string, unknown>>;
  },
  onMessage?: (message: AgentMessage) => void,
): Promise<Outcome | undefined> {
  const { totalMs = TOTAL_MS, idleMs = IDLE_MS } = context.runtimes.limits ?? {};
  const task = {
    prompt: asked.prompt,
    cwd: asked.bench.folder,
    access: "write" as const,
    env: { OUROBOROS_SESSION_ID: run.sessionId, OUROBOROS_STEP: String(step.index + 1) },
    limits: { firstOutputMs: idleMs, idleMs, totalMs },
    ...(asked.resume !== null && run.runtime.kind !== "host" && { resume: asked.resume }),
  };
  const agent = await openRuntime(run.runtime, workDesk(context, run, step)).start(task, run.lease.trustMs());
  return runAgent(run, log, { step, agent, common: asked.common, onMessage });
}

function notStarted(error: string): Outcome {
  return {
    ending: "not_started",
    text: "",
    structured: undefined,
    error,
    retry_after_ms: null,
    handle: null,
    usage: null,
    exit_code: null,
    signal: null,
    duration_ms: 0,
  };
}

/** What the run shows of an agent: its conversation's handle once, and each tool it uses. */
function activityOf(
  message: AgentMessage,
  known: string | null,
): readonly [string, Record<string, unknown>] | undefined {
  if (message.kind === "session" && message.handle !== known) {
    return [CONVERSATION_BEGUN, { handle: message.handle, model: message.model }];
  }
  if (message.kind !== "tool_started") return undefined;
  const input = JSON.stringify(message.input) ?? "";
  return [TOOL_STARTED, { tool_name: message.tool, tool_input: input.slice(0, 300).toWellFormed() }];
}

function doneBefore({ plan, merged, run }: Engine, step: Step) {
  const before = plan.after[step.index] ?? [];
  return [...before].reverse().flatMap((index) => {
    const made = merged.get(index);
    const criterion = run.seed.criteria[index]?.description;
    return made && criterion !== undefined ? [{ criterion, ...made }] : [];
  });
}

function siblingsOf({ running, run }: Engine, step: Step) {
  return [...running.keys()]
    .filter((index) => index !== step.index)
    .flatMap((index) => {
      const criterion = run.seed.criteria[index];
      return criterion ? [{ criterion: criterion.description, files: [...criterion.expected_artifacts] }] : [];
    });
}

/** Conflicts go to an agent, in the folder where they stand: whether it could resolve them, or why it cannot work for now. */
export async function resolveConflict(
  engine: Engine,
  step: Step,
  bench: Bench,
  files: readonly string[],
  common: Readonly<Record<string, unknown>>,
): Promise<boolean | Halt> {
  if (engine.run.runtime.kind === "host") return false;
  const theirs = [...engine.merged.keys()].flatMap((index) => engine.run.seed.criteria[index]?.description ?? []);
  const prompt = conflictPrompt({ files, ours: step.criterion, theirs });
  try {
    const outcome = await startAndRun(engine, step, { bench, prompt, resume: null, common });
    if (outcome && isHalt(outcome)) return outcome;
    if (outcome) engine.usages.push(outcome.usage);
    return outcome?.ending === "succeeded";
  } catch (error) {
    if (error instanceof OuroborosError) return false;
    throw error;
  }
}
