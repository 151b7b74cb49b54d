import { readdir } from "node:fs/promises";
import { messageOf, OuroborosError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { sha256 } from "../base/sha256.ts";
import { type Attempt, type BenchChoice, type Failure, judgeAttempt } from "../domain/run/retry.ts";
import type { Persona } from "../domain/run/stagnation.ts";
import {
  CONVERSATION_BEGUN,
  CRITERION_MERGED,
  STEP_COMPLETED,
  STEP_FAILED,
  STEP_STARTED,
  type Step,
  TOOL_STARTED,
} from "../domain/run/steps.ts";
import { failureFacts, type Verification } from "../domain/run/verdict.ts";
import { conflictPrompt } from "../prompts/conflict.ts";
import { criterionPrompt } from "../prompts/criterion.ts";
import { readQuestion } from "../prompts/person-question.ts";
import type { RetryFacts } from "../prompts/retry.ts";
import { openRuntime } from "../runtimes/configured-runtimes.ts";
import type { AgentMessage, Outcome } from "../runtimes/runtime.ts";
import type { StepHistory } from "../store/session/step-history.ts";
import type { Bench } from "../workspaces/workspace.ts";
import { type Asked, askPerson } from "./ask-person.ts";
import { checkWork } from "./check-work.ts";
import { criterionOf, type Engine } from "./engine.ts";
import { type Halt, isHalt } from "./halt.ts";
import { mergeWork } from "./merge-work.ts";
import { runAgent } from "./run-agent.ts";
import { workDesk } from "./work-desk.ts";

/** How it stands with a criterion when nobody works on it any more. */
export type CriterionEnd =
  | { readonly kind: "done" | "failed" | "interrupted" }
  /** Its agent cannot work for now: it goes on from here later. */
  | { readonly kind: "halted"; readonly halt: Halt }
  /** Its agent has left a decision to a person. */
  | { readonly kind: "asked"; readonly asked: Asked };

/** Decisions that a person has taken for a criterion. */
export type Answers = readonly { readonly question: string; readonly answer: string }[];

const SUMMARY_CHARS = 2_000;
const IDLE_MS = 3_600_000;
const TOTAL_MS = 6 * 3_600_000;
const MOST_NAMES = 100;

/** How the next attempt begins. */
interface Approach {
  readonly number: number;
  readonly bench: string;
  readonly handle: string | null;
  readonly hasPassed: boolean;
  readonly retry: RetryFacts | undefined;
  readonly persona: Persona | undefined;
}

type Attempted =
  | { readonly kind: "merged" }
  | { readonly kind: "interrupted" }
  | { readonly kind: "halted"; readonly halt: Halt }
  | { readonly kind: "asked"; readonly asked: Asked }
  | { readonly kind: "failed"; readonly failed: Attempt; readonly facts: string };

/**
 * Works on one criterion until it is merged or given up: an agent in a worktree of its own, then our checks, then the merge.
 * What the agent says of its work is kept and decides nothing. An attempt whose owner died goes on where it was.
 */
export async function doCriterion(
  engine: Engine,
  step: Step,
  history: StepHistory | undefined,
  answers: Answers = [],
): Promise<CriterionEnd> {
  const attempts: Attempt[] = [];
  const fresh = (number: number) => ({
    number,
    bench: `ac${step.index + 1}-${number}`,
    handle: null,
    hasPassed: false,
  });
  const begun = history?.open ?? fresh((history?.attempts ?? 0) + 1);
  let approach: Approach = { ...begun, retry: undefined, persona: undefined };
  for (;;) {
    const attempted = await attempt(engine, step, approach, answers);
    if (attempted.kind === "merged") return { kind: "done" };
    if (attempted.kind === "interrupted") return { kind: "interrupted" };
    if (attempted.kind === "halted" || attempted.kind === "asked") return attempted;
    const { failed, facts } = attempted;
    attempts.push(failed);
    const decision = judgeAttempt(attempts, { retries: engine.settings.retries });
    const { action } = decision;
    if (action !== "retry" && action !== "retry_with_persona") {
      const why =
        action === "fail" ? decision.why : "it is too big for one agent: split the criterion into smaller ones";
      const last = { failure: failed.failure, error: `${why}. ${facts}`.slice(0, SUMMARY_CHARS), will_retry: false };
      return (await conclude(engine, step, approach, last)) ? { kind: "failed" } : { kind: "interrupted" };
    }
    const persona = action === "retry_with_persona" ? decision.persona : undefined;
    const error = { failure: failed.failure, error: facts.slice(0, SUMMARY_CHARS), will_retry: true, persona };
    if (!(await conclude(engine, step, approach, error))) return { kind: "interrupted" };
    const retry = { failure: failed.failure, bench: decision.bench, files: [], facts };
    // What it made stays on its branch; its folder is of no more use.
    if (decision.bench === "fresh") await (await engine.workspace.open(approach.bench)).close();
    approach = { ...nextPlace(approach, decision.bench, fresh), retry, persona };
  }
}

function nextPlace(
  { number, bench, handle }: Approach,
  choice: BenchChoice,
  fresh: (number: number) => Omit<Approach, "retry" | "persona">,
): Omit<Approach, "retry" | "persona"> {
  return choice === "fresh" ? fresh(number + 1) : { number: number + 1, bench, handle, hasPassed: false };
}

async function conclude(
  { log }: Engine,
  step: Step,
  { number, bench }: Approach,
  facts: {
    readonly failure: Failure;
    readonly error: string;
    readonly will_retry: boolean;
    readonly persona?: Persona | undefined;
  },
): Promise<boolean> {
  const state = facts.will_retry ? "in_progress" : "failed";
  return log.turn(step, state, STEP_FAILED, { attempt: number, bench, success: false, ...facts });
}

async function attempt(engine: Engine, step: Step, approach: Approach, answers: Answers): Promise<Attempted> {
  const { log, run, workspace } = engine;
  const bench = await workspace.open(approach.bench);
  const common = {
    session_attempt_id: newId(),
    session_scope_id: step.scope,
    runtime_backend: run.runtime.name,
    attempt: approach.number,
  };
  const place = { bench: bench.name, folder: bench.folder, base_commit: bench.base };
  // One that lies with a host is begun once, however often somebody looks whether it was handed in.
  const isBegun = log.stateOf(step) === "in_progress" && approach.retry === undefined && approach.handle === null;
  if (!isBegun && !(await log.turn(step, "in_progress", STEP_STARTED, { ...common, ...place }))) {
    return { kind: "interrupted" };
  }
  const before = await bench.treeHash();
  let outcome: Outcome | undefined;
  if (!approach.hasPassed) {
    outcome = await work(engine, step, { bench, approach, common, answers });
    if (!outcome) return { kind: "interrupted" };
    if (isHalt(outcome)) return { kind: "halted", halt: outcome };
    engine.usages.push(outcome.usage);
    const question = readQuestion(outcome.text);
    if (question && !answers.some((one) => one.question === question.question)) {
      return { kind: "asked", asked: await askPerson(engine, step, question) };
    }
  }
  await bench.commit(commitMessage(step, approach));
  const verification = await checkWork(engine, step, bench, common);
  if (!verification) return { kind: "interrupted" };
  const failure = failureOf(verification, outcome, before);
  const traces = { before, persona: approach.persona ?? null };
  if (failure) return failed(bench, failure, verification, outcome, traces);
  return finish(engine, step, { bench, approach, common, verification, outcome, traces });
}

async function work(
  engine: Engine,
  step: Step,
  {
    bench,
    approach,
    common,
    answers,
  }: {
    readonly bench: Bench;
    readonly approach: Approach;
    readonly common: Readonly<Record<string, unknown>>;
    readonly answers: Answers;
  },
): Promise<Outcome | undefined> {
  const { run, log } = engine;
  const criterion = criterionOf(engine, step);
  const prompt = criterionPrompt({
    seed: run.seed,
    criterion,
    index: step.index,
    attempt: approach.number,
    folder: (await readdir(bench.folder)).slice(0, MOST_NAMES),
    done: doneBefore(engine, step),
    siblings: siblingsOf(engine, step),
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
  const agent = await openRuntime(run.runtime, workDesk(context, run, step, undefined)).start(
    task,
    run.lease.trustMs(),
  );
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

function commitMessage({ criterion, index }: Step, { number }: Approach): string {
  const title = criterion.split("\n", 1)[0]?.slice(0, 72) ?? "";
  return `${title}\n\nCriterion ${index + 1}, attempt ${number}, by Ouroboros.`;
}

/** Why the work does not count, if it does not; the check goes before what the agent says of itself. */
function failureOf(
  { verdict, cause, edited_checks, tree_hash }: Verification,
  outcome: Outcome | undefined,
  before: string | null,
): Failure | undefined {
  if (verdict === "pass" || !outcome) return verdict === "fail" ? "FAILED_CHECK" : undefined;
  const isUnchanged = tree_hash !== null && tree_hash === before;
  const ended = endingFailure(outcome);
  if (verdict === "fail") {
    if (edited_checks.length > 0) return "EDITED_CHECKS";
    return ended ?? (isUnchanged ? "NO_CHANGE" : "FAILED_CHECK");
  }
  if (cause === "timed_out") return "FAILED_CHECK";
  return ended ?? (isUnchanged ? "NO_CHANGE" : undefined);
}

function endingFailure({ ending }: Outcome): Failure | undefined {
  if (ending === "succeeded" || ending === "off_form") return undefined;
  return ending === "timed_out" ? "TOO_BIG" : "CRASHED";
}

interface Traces {
  readonly before: string | null;
  readonly persona: Persona | null;
}

async function failed(
  bench: Bench,
  failure: Failure,
  verification: Verification,
  outcome: Outcome | undefined,
  { before, persona }: Traces,
): Promise<Attempted> {
  const said = outcome?.error ? `The agent ended: ${outcome.error.slice(0, 500)}\n` : "";
  const facts = `${said}${failureFacts(verification)}`;
  const changed = verification.tree_hash === before ? 0 : (await bench.changedSince()).length;
  return {
    kind: "failed",
    facts,
    failed: {
      failure,
      failure_hash: sha256(facts),
      tree_hash: verification.tree_hash,
      files_changed: changed,
      lines_changed: null,
      persona,
    },
  };
}

async function finish(
  engine: Engine,
  step: Step,
  done: {
    readonly bench: Bench;
    readonly approach: Approach;
    readonly common: Readonly<Record<string, unknown>>;
    readonly verification: Verification;
    readonly outcome: Outcome | undefined;
    readonly traces: Traces;
  },
): Promise<Attempted> {
  const { bench, common, outcome, traces } = done;
  const { log, merged, run } = engine;
  const merge = await mergeWork(engine, {
    step,
    bench,
    common,
    verification: done.verification,
    resolve: (files) => resolveConflict(engine, step, bench, files, common),
  });
  if (merge.kind === "interrupted") return { kind: "interrupted" };
  if (merge.kind === "broken") return failed(bench, "CONFLICT", merge.verification, undefined, traces);
  if (merge.kind === "conflict") {
    const facts = `Others have merged changes to the same places meanwhile: ${merge.files.join(", ")}`;
    const { tree_hash } = done.verification;
    const one = {
      failure: "CONFLICT",
      failure_hash: sha256(facts),
      tree_hash,
      files_changed: 1,
      lines_changed: null,
    } as const;
    return { kind: "failed", facts, failed: { ...one, persona: traces.persona } };
  }
  const files = await bench.changedSince();
  const summary = (outcome?.text ?? "").slice(-SUMMARY_CHARS);
  merged.set(step.index, { files, summary });
  const { verdict, reason, commit } = merge.verification;
  const wasGreen = engine.baseline.get(criterionOf(engine, step).key)?.class === "already_green";
  const result = { ...common, verdict, reason, was_green_before: wasGreen, commit, merged_commit: merge.commit };
  if (!(await log.note(step, CRITERION_MERGED, { ...result, files: files.slice(0, 200), summary }))) {
    return { kind: "interrupted" };
  }
  const said = outcome && {
    ending: outcome.ending,
    exit_code: outcome.exit_code,
    handle: outcome.handle,
    usage: outcome.usage,
    duration_ms: outcome.duration_ms,
    result_summary: summary,
  };
  const output = new TextEncoder().encode(outcome?.text ?? "");
  const isWritten = await log.turn(step, "completed", STEP_COMPLETED, { ...result, ...said, success: true }, output);
  if (!isWritten) return { kind: "interrupted" };
  // In place it is the user's own folder; nothing of theirs is given back.
  if (run.workspace === "worktree") await bench.close();
  return { kind: "merged" };
}

/** Conflicts go to an agent, in the folder where they stand. */
async function resolveConflict(
  engine: Engine,
  step: Step,
  bench: Bench,
  files: readonly string[],
  common: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  if (engine.run.runtime.kind === "host") return false;
  const theirs = [...engine.merged.keys()].flatMap((index) => engine.run.seed.criteria[index]?.description ?? []);
  const prompt = conflictPrompt({ files, ours: step.criterion, theirs });
  try {
    const outcome = await startAndRun(engine, step, { bench, prompt, resume: null, common });
    if (outcome) engine.usages.push(outcome.usage);
    return outcome?.ending === "succeeded";
  } catch (error) {
    if (error instanceof OuroborosError) return false;
    throw error;
  }
}
