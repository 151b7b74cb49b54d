import { newId } from "../base/ids.ts";
import { sha256 } from "../base/sha256.ts";
import type { Attempt, Failure } from "../domain/run/retry.ts";
import type { Persona } from "../domain/run/stagnation.ts";
import { CRITERION_MERGED, STEP_COMPLETED, STEP_STARTED, type Step } from "../domain/run/steps.ts";
import type { Part } from "../domain/run/subtasks.ts";
import { failureFacts, type Verification } from "../domain/run/verdict.ts";
import type { Outcome } from "../runtimes/runtime.ts";
import type { Bench } from "../workspaces/workspace.ts";
import { type Answers, type Approach, resolveConflict } from "./agent-at-work.ts";
import { checkWork } from "./check-work.ts";
import type { Engine } from "./engine.ts";
import { failureOf } from "./failure-of.ts";
import { mergeWork } from "./merge-work.ts";
import { commitMessage, type Worked, workThrough } from "./work-through.ts";

const SUMMARY_CHARS = 2_000;

/** What one attempt came to. */
export type Attempted =
  | { readonly kind: "merged" }
  | Exclude<Worked, { readonly kind: "ended" }>
  | {
      readonly kind: "failed";
      readonly failed: Attempt;
      readonly facts: string;
      /** The agent's last words of what it did. */
      readonly summary: string;
      /** Its conversation, in which it can be told so. */
      readonly handle: string | null;
    };

/** One attempt at a criterion: an agent in a worktree, then our check, then the merge. An attempt whose owner died goes on where it was. */
export async function attempt(
  engine: Engine,
  step: Step,
  approach: Approach,
  { answers, parts }: { readonly answers: Answers; readonly parts: readonly Part[] },
): Promise<Attempted> {
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
  const isBegun = approach.goesOn && log.stateOf(step) === "in_progress";
  if (!isBegun && !(await log.turn(step, "in_progress", STEP_STARTED, { ...common, ...place }))) {
    return { kind: "interrupted" };
  }
  // Whoever died over the merge of what had passed may have left it half resolved; what had passed is committed.
  if (approach.hasPassed) await bench.clean();
  const before = approach.goesOn ? null : await bench.treeHash();
  let outcome: Outcome | undefined;
  if (!approach.hasPassed) {
    const worked = await workThrough(engine, step, { bench, approach, common, answers }, parts);
    if (worked.kind !== "ended") return worked;
    outcome = worked.outcome;
  }
  await bench.commit(commitMessage(step, `attempt ${approach.number}`));
  const judge = (verification: Verification) => failureOf(verification, outcome, before);
  const verification = await checkWork(engine, step, bench, common, (checked) => judge(checked) === undefined);
  if (!verification) return { kind: "interrupted" };
  const failure = judge(verification);
  const traces = { before, persona: approach.persona ?? null };
  if (failure) return failed(bench, failure, verification, outcome, traces);
  return finish(engine, step, { bench, approach, common, verification, outcome, traces });
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
    summary: summaryOf(outcome),
    handle: outcome?.handle ?? null,
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
  if (merge.kind === "interrupted" || merge.kind === "halted") return merge;
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
    return { kind: "failed", facts, summary: "", handle: null, failed: { ...one, persona: traces.persona } };
  }
  const files = await bench.changedSince();
  const summary = summaryOf(outcome);
  merged.set(step.index, { files, summary });
  const { verdict, reason, commit, edited_checks } = merge.verification;
  const wasGreen = engine.baseline.get(step.index) === "already_green";
  const how = { verdict, reason, was_green_before: wasGreen, edited_checks };
  const result = { ...common, ...how, commit, merged_commit: merge.commit };
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

function summaryOf(outcome: Outcome | undefined): string {
  return (outcome?.text ?? "").slice(-SUMMARY_CHARS);
}
