import { delay } from "../base/delay.ts";
import { isRefusal } from "../base/refusal.ts";
import { overCeiling, spentOf, unreportedOf } from "../domain/run/ceiling.ts";
import type { RunSettings } from "../domain/run/run-settings.ts";
import { adapt, blockedSteps, nextSteps, type Pace, type Standing, startPace } from "../domain/run/schedule.ts";
import {
  QUESTION_ANSWERED,
  QUESTION_ASKED,
  RUN_WAITING,
  STEP_FAILED,
  type Step,
  stepsOf,
} from "../domain/run/steps.ts";
import { HOST } from "../runtimes/runtime-settings.ts";
import type { OwnerEnd } from "../sessions/owner/owner-conclusions.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { readFinishedSteps, readLastBeginning, readUsages, readWorkedMs } from "../store/session/run-records.ts";
import { readStepHistories, type StepHistory } from "../store/session/step-history.ts";
import type { Workspace } from "../workspaces/workspace.ts";
import type { Answers } from "./agent-at-work.ts";
import { type Asked, answerOf } from "./ask-person.ts";
import { type CriterionEnd, doCriterion } from "./do-criterion.ts";
import type { Engine } from "./engine.ts";
import { checkWhole } from "./final-check.ts";
import { type Halt, pauseOf, stopOver } from "./halt.ts";
import { prepareRun } from "./prepare-run.ts";
import { RunLog, type StepState } from "./run-log.ts";

/** A limit that lasts longer is worth giving the session up for. */
const LONGEST_WAIT_MS = 6 * 3_600_000;
const WAITS_MS = [60_000, 300_000, 900_000, 1_800_000] as const;

/** A run, by its owner: as many criteria at once as may be, in place one after the other, until nothing more can be done. */
export class Carrying {
  readonly #engine: Engine;
  readonly #steps: readonly Step[];
  readonly #standings = new Map<number, Standing>();
  /** As if all the owners of the run before had worked just now. */
  readonly #began: number;
  readonly #halts = new Map<number, Halt>();
  readonly #answers = new Map<number, Answers>();
  readonly #questions = new Map<number, Promise<void>>();
  #pace: Pace;
  #waits = 0;
  #wholeChecks = 0;

  private constructor(engine: Engine, steps: readonly Step[], workedMs: number) {
    this.#engine = engine;
    this.#steps = steps;
    this.#began = performance.now() - workedMs;
    this.#pace = startPace(engine.workspace.kind === "in_place" ? 1 : engine.settings.parallel);
    for (const step of steps) this.#standings.set(step.index, engine.log.stateOf(step));
  }

  /** Prepares it; a plan or a folder that cannot work ends the run before anything is spent. */
  static async begin(context: SessionContext, run: OwnedRun, settings: RunSettings): Promise<Carrying | OwnerEnd> {
    const steps = stepsOf(run.seed, run.executionId);
    const { store } = context;
    const ids = { execution_id: run.executionId, session_id: run.sessionId };
    const [finished, histories, usages, workedMs] = await Promise.all([
      readFinishedSteps(store, ids),
      readStepHistories(store, run.executionId),
      readUsages(store, run.executionId),
      readWorkedMs(store, run.executionId, run.lease.term.epoch),
    ]);
    const states = new Map<number, StepState>([...finished].map((index) => [index, "completed"]));
    if (run.runtime.kind === HOST) {
      const since = await readLastBeginning(store, run.sessionId);
      for (const { index, scope } of steps) {
        const state = states.has(index) ? undefined : stateWithHost(histories.get(scope), since);
        if (state) states.set(index, state);
      }
    }
    const log = new RunLog(context, run, steps, states);
    await log.announce();
    const prepared = await prepareRun(context, run, log, { steps, settings, histories, usages });
    if (isRefusal(prepared)) {
      const { message, next } = prepared;
      return {
        status: "failed",
        error: `${message} ${next}`,
        summary: { steps_total: steps.length, code: prepared.code },
      };
    }
    const merged = new Map(
      steps.flatMap(({ index, scope }) => {
        const made = histories.get(scope)?.merged;
        return made ? [[index, made] as const] : [];
      }),
    );
    const shared = { running: new Map(), usages, merging: { queue: Promise.resolve() } };
    return new Carrying({ context, run, log, settings, merged, ...prepared, ...shared }, steps, workedMs);
  }

  get workspace(): Workspace {
    return this.#engine.workspace;
  }

  /** Works until it is done, has to wait for somebody, or the run is not ours any more; then says how it ends. */
  async goOn(): Promise<OwnerEnd | undefined> {
    const { run, running } = this.#engine;
    for (const index of this.#halts.keys()) this.#standings.set(index, "in_progress");
    this.#halts.clear();
    for (;;) {
      const ceiling = this.#overCeiling();
      if (!run.lease.lost.aborted && !ceiling) this.#startWhatMay();
      if (running.size > 0 || this.#questions.size > 0) {
        await Promise.race([...running.values(), ...this.#questions.values()]);
        continue;
      }
      if (run.lease.lost.aborted) return undefined;
      if (ceiling) return ceiling;
      const halted = await this.#afterHalts();
      if (halted === "again") continue;
      if (halted) return halted;
      if (await this.#isWhole()) return this.#end();
    }
  }

  #startWhatMay(): void {
    const { plan, running } = this.#engine;
    // One whose agent is at its limit stops the others from running into it, too; a host is asked for all at once.
    const isHeldUp = [...this.#halts.values()].some(({ ending }) => ending !== "needs_host");
    if (isHeldUp) return;
    const { limit } = this.#pace;
    for (const index of nextSteps(plan, this.#standings, { running: new Set(running.keys()), limit })) {
      const step = this.#steps[index];
      if (step) this.#start(step);
    }
  }

  #start(step: Step): void {
    const { running } = this.#engine;
    this.#standings.set(step.index, "in_progress");
    const work = this.#do(step)
      // What keeps one criterion from being worked on keeps all of them: their agents are stopped, in order.
      .catch((error: unknown) => stopOver(this.#engine.run.lease, error))
      .finally(() => running.delete(step.index));
    running.set(step.index, work);
  }

  async #do(step: Step): Promise<void> {
    const { context, run } = this.#engine;
    // Read anew each time: it may have waited for something in the middle of an attempt.
    const history = (await readStepHistories(context.store, run.executionId)).get(step.scope);
    this.#ended(step, await doCriterion(this.#engine, step, { history, answers: this.#answers.get(step.index) }));
  }

  #ended(step: Step, end: CriterionEnd): void {
    switch (end.kind) {
      case "done":
        this.#standings.set(step.index, "completed");
        this.#pace = adapt(this.#pace, "succeeded");
        break;
      case "failed":
        this.#standings.set(step.index, "failed");
        break;
      case "halted":
        this.#standings.set(step.index, "waiting");
        this.#halts.set(step.index, end.halt);
        if (end.halt.ending === "limited") this.#pace = adapt(this.#pace, "rate_limited");
        break;
      case "asked":
        this.#standings.set(step.index, "waiting");
        this.#waitFor(step, end.asked);
        break;
      case "interrupted":
        break;
    }
  }

  /** The others go on meanwhile. */
  #waitFor(step: Step, asked: Asked): void {
    const { log } = this.#engine;
    const { question, workId } = asked;
    const waiting = (async () => {
      await log.note(step, QUESTION_ASKED, {
        work_id: workId,
        ...question,
        default_after_ms: this.#engine.settings.questionMs,
      });
      const answer = await answerOf(this.#engine, asked);
      if (this.#engine.run.lease.lost.aborted) return;
      await log.note(step, QUESTION_ANSWERED, { work_id: workId, answer });
      const answers = this.#answers.get(step.index) ?? [];
      this.#answers.set(step.index, [...answers, { question: question.question, answer }]);
      this.#standings.set(step.index, "in_progress");
    })().finally(() => this.#questions.delete(step.index));
    this.#questions.set(step.index, waiting);
  }

  /** Waits a limit out while that is a matter of hours; whatever else stands in the way is a pause. */
  async #afterHalts(): Promise<OwnerEnd | "again" | undefined> {
    const { run, log } = this.#engine;
    const halts = [...this.#halts.values()];
    const [first, ...others] = halts;
    if (!first) return undefined;
    const blocking = halts.find(({ ending }) => ending !== "needs_host") ?? first;
    const wait = blocking.retry_after_ms ?? WAITS_MS[Math.min(this.#waits, WAITS_MS.length - 1)] ?? 0;
    if (blocking.ending !== "limited" || wait > LONGEST_WAIT_MS) {
      const told: [Halt, ...Halt[]] = blocking.ending === "needs_host" ? [first, ...others] : [blocking];
      return pauseOf(told, { runtime: run.runtime.name, sessionId: run.sessionId });
    }
    this.#waits++;
    await log.noteRun(RUN_WAITING, { reason: "usage_limit", error: blocking.error, wait_ms: wait });
    await delay(wait, run.lease.lost);
    for (const index of this.#halts.keys()) this.#standings.set(index, "in_progress");
    this.#halts.clear();
    return "again";
  }

  #hours(): number {
    return (performance.now() - this.#began) / 3_600_000;
  }

  #overCeiling(): OwnerEnd | undefined {
    const { settings, usages } = this.#engine;
    const which = overCeiling(spentOf(usages, this.#hours()), settings.ceiling);
    if (!which) return undefined;
    const why = `The run has reached its ceiling of ${settings.ceiling[which]} ${which}. Raise it in config.yaml (execution), then resume`;
    return { status: "paused", reason: "ceiling", why };
  }

  /** What was merged one by one has to hold together; what does not is worked on once more, and has failed if it does not then. */
  async #isWhole(): Promise<boolean> {
    const { log, run, workspace } = this.#engine;
    if (workspace.kind === "in_place") return true;
    const done = this.#steps.filter(({ index }) => this.#standings.get(index) === "completed");
    const broken = await checkWhole(this.#engine, done);
    if (broken.length === 0 || run.lease.lost.aborted) return true;
    const isLast = this.#wholeChecks++ > 0;
    for (const { step, facts } of broken) {
      this.#standings.set(step.index, isLast ? "failed" : "pending");
      const error = `It held alone, and does not together with the others. ${facts}`.slice(0, 4_000);
      const failure = { success: false, failure: "CONFLICT", error, will_retry: !isLast };
      await log.turn(step, isLast ? "failed" : "in_progress", STEP_FAILED, failure);
    }
    return isLast;
  }

  async #end(): Promise<OwnerEnd> {
    const { log, plan, workspace, usages } = this.#engine;
    const blocked = blockedSteps(plan, this.#standings);
    for (const { index, by } of blocked) {
      const step = this.#steps[index];
      const error = `It waits for ${by.map((one) => `criterion ${one + 1}`).join(", ")}, which failed`;
      if (step)
        await log.turn(step, "failed", STEP_FAILED, { success: false, failure: "BLOCKED", error, will_retry: false });
    }
    const kept = workspace.kind === "in_place" ? [] : await workspace.prune();
    const spent = spentOf(usages, this.#hours());
    const { kind, branch, base, repository, notes } = workspace;
    const { total, done, failed } = log.counts();
    const summary = {
      steps_total: total,
      steps_done: done,
      steps_failed: failed.length,
      workspace: { kind, branch, base, tip: await workspace.tip(), repository, notes },
      worktrees_kept: kept.map((one) => ({ ...one })),
      spent: { ...spent, unreported: unreportedOf(spent) },
    };
    if (failed.length === 0) return { status: "completed", summary };
    const names = failed.map(({ index }) => index + 1).join(", ");
    return { status: "failed", error: `${failed.length} of ${total} steps failed: ${names}`, summary };
  }
}

/** What a host has been asked, and what it has handed in as failed since the run last began, outlasts the owner that asked. */
function stateWithHost(history: StepHistory | undefined, since: number): StepState | undefined {
  if (history?.open) return "in_progress";
  return history?.failed?.isLast && history.failed.rowid > since ? "failed" : undefined;
}
