import * as v from "valibot";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import type { Payload, StoredEvent } from "../domain/event.ts";
import { type Spent, spentOf, unreportedOf } from "../domain/run/ceiling.ts";
import { toOrigin } from "../domain/run/origin.ts";
import { blockedSteps, type Standing } from "../domain/run/schedule.ts";
import { AGENT_ENDED, RUN_PREPARED, RUN_WAITING, STEP_COMPLETED } from "../domain/run/steps.ts";
import { type Part, partsOf } from "../domain/run/subtasks.ts";
import { isTerminal, type SessionStatus } from "../domain/session/session.ts";
import type { Liveness } from "../domain/session/verdict.ts";
import { parseTimestamp, toIsoTimestamp } from "../domain/timestamp.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { readOrigin } from "../store/session/run-records.ts";
import { readRow, readRunRows } from "../store/session/run-rows.ts";
import { readProgress } from "../store/session/session-progress.ts";
import {
  type Activity,
  type CriterionFold,
  type CriterionOutcome,
  type CriterionState,
  foldCriterion,
  type OpenQuestion,
  outcomeOf,
  UNTOUCHED,
} from "./run-criterion.ts";
import { judgeByAnyId, sessionNotFound } from "./session-status.ts";

/** One criterion of a run as it stands. Indices are from 1, as people count. */
export interface CriterionView {
  readonly index: number;
  readonly description: string;
  readonly state: CriterionState;
  readonly attempts: number;
  readonly verdict: CriterionFold["verdict"];
  readonly outcome: CriterionOutcome | null;
  readonly was_green_before: boolean;
  /** What its check said of the untouched project. */
  readonly baseline: string | null;
  readonly reason: string | null;
  /** Checks that its work has changed: the original ones decided, and somebody should look at the changed ones. */
  readonly edited_checks: readonly string[];
  readonly now: Activity | null;
  readonly merged_commit: string | null;
  /** What it waits for and is not done yet. */
  readonly waits_for: readonly number[];
  /** The failed criteria for which it will never begin. */
  readonly blocked_by: readonly number[];
  readonly question: OpenQuestion | null;
  /** What it was split into, since it was too big as a whole; null where it was not. */
  readonly parts: readonly PartView[] | null;
}

/** One part of a criterion; they are done in this order, and the criterion's check decides about all of them. */
interface PartView {
  readonly number: number;
  readonly description: string;
  readonly state: CriterionState;
}

export interface WorkspaceView {
  readonly kind: string;
  /** As git's commands take it; null in place. */
  readonly branch: string | null;
  readonly base: string | null;
  /** The newest commit on the branch that is on record. */
  readonly tip: string | null;
  readonly repository: string | null;
  /** Is the base a commit of ours, with what the checkout had not committed in it? */
  readonly snapshot: boolean;
  readonly notes: readonly string[];
}

/** One run from its events: where it works, its plan, how each criterion stands, what it has taken. Times are ISO 8601. */
export interface RunTree {
  readonly session_id: string;
  readonly execution_id: string | null;
  readonly job_id: string | null;
  readonly seed_id: string | null;
  readonly goal: string | null;
  readonly cwd: string | null;
  readonly runtime: string | null;
  readonly status: SessionStatus;
  readonly liveness: Liveness;
  readonly why: string;
  readonly reason: string | null;
  readonly phase: string | null;
  /** The newest row of any of its streams. */
  readonly cursor: number;
  readonly started_at: string;
  readonly elapsed_seconds: number | null;
  readonly workspace: WorkspaceView | null;
  readonly levels: readonly (readonly number[])[];
  readonly warnings: readonly string[];
  readonly criteria: readonly CriterionView[];
  readonly done: number;
  readonly total: number;
  /** As the agents reported; null where none did. */
  readonly spent: Pick<Spent, "tokens" | "cost_usd" | "agents">;
  readonly unreported: readonly string[];
  /** What the whole run waits for, and until when where that is known. */
  readonly waiting: { readonly reason: string; readonly why: string | null; readonly until: string | null } | null;
}

const Text = v.optional(v.fallback(v.nullable(v.string()), null), null);
const Words = v.optional(v.fallback(v.array(v.string()), []), []);
const Indices = v.array(v.array(v.number()));
const Prepared = v.object({
  workspace: v.object({
    kind: v.string(),
    branch: Text,
    base: Text,
    repository: Text,
    snapshot: v.fallback(v.boolean(), false),
    notes: Words,
  }),
  plan: v.fallback(v.object({ levels: Indices, after: Indices, warnings: Words }), {
    levels: [],
    after: [],
    warnings: [],
  }),
});
const Waiting = v.object({ reason: v.string(), error: Text, wait_ms: v.number() });
const Paused = v.object({ reason: v.string(), why: Text, resume_after: Text });
const Ended = v.object({ summary: v.object({ workspace: v.object({ tip: Text }) }) });
const Usage = v.object({
  input_tokens: v.nullable(v.number()),
  output_tokens: v.nullable(v.number()),
  cost_usd: v.nullable(v.number()),
});
const Attempted = v.object({ session_attempt_id: v.string(), usage: v.optional(v.nullable(v.unknown())) });
const Listed = v.array(v.object({ content: v.fallback(v.string(), ""), status: v.fallback(v.string(), "pending") }));

/** Reads a run by its session's id, or its execution's. */
export async function runTree(context: SessionContext, id: string): Promise<RunTree | Refusal> {
  const judgement = await judgeByAnyId(context, id);
  if (!judgement) return sessionNotFound(id);
  const { store } = context;
  const { facts, verdict } = judgement;
  const { session } = facts;
  const executionId = session.execution_id ?? session.session_id;
  const rows = await readRunRows(store, executionId);
  const { keys } = await readProgress(store, session);
  const origin = toOrigin(await readOrigin(store, session.session_id));
  const last = (await readRow(store, session.status_rowid))?.payload ?? {};
  const prepared = latest(rows, RUN_PREPARED, Prepared)?.said;
  const isOver = isTerminal(session.status);
  const criteria = criteriaOf({ rows, executionId, keys, after: prepared?.plan.after ?? [], isLive: !isOver });
  const began = parseTimestamp(session.started_at);
  const ended = isOver ? parseTimestamp(session.status_at) : facts.now;
  const spent = spentOf(usagesOf(rows), 0);
  return {
    session_id: session.session_id,
    execution_id: session.execution_id,
    job_id: origin.job_id,
    seed_id: session.seed_id,
    goal: session.goal,
    cwd: session.cwd,
    runtime: origin.runtime_backend,
    status: session.status,
    liveness: verdict.liveness,
    why: verdict.why,
    reason: session.reason,
    phase: typeof keys.current_phase === "string" ? keys.current_phase : null,
    cursor: facts.newestRowid,
    started_at: began === undefined ? session.started_at : toIsoTimestamp(began),
    elapsed_seconds: began === undefined || ended === undefined ? null : Math.max(0, Math.round((ended - began) / 1e6)),
    workspace: prepared ? workspaceOf(prepared.workspace, criteria, rows, last) : null,
    levels: (prepared?.plan.levels ?? []).map((level) => level.map((index) => index + 1)),
    warnings: prepared?.plan.warnings ?? [],
    criteria,
    done: criteria.filter(({ state }) => state === "completed").length,
    total: criteria.length,
    spent: { tokens: spent.tokens, cost_usd: spent.cost_usd, agents: spent.agents },
    unreported: unreportedOf(spent),
    waiting: isOver ? null : session.status === "paused" ? pauseOf(last) : waitOf(rows, facts.now),
  };
}

function criteriaOf({
  rows,
  executionId,
  keys,
  after,
  isLive,
}: {
  readonly rows: readonly StoredEvent[];
  readonly executionId: string;
  readonly keys: Payload;
  readonly after: readonly (readonly number[])[];
  readonly isLive: boolean;
}): CriterionView[] {
  const folds = new Map<number, CriterionFold>();
  const parts = partsOf(rows);
  const names = new Map<number, string>();
  for (const event of rows) {
    const [, number] = /^_ac_(\d+)$/.exec(event.aggregate_id.slice(executionId.length)) ?? [];
    if (number === undefined) continue;
    const index = Number(number);
    folds.set(index, foldCriterion(folds.get(index) ?? UNTOUCHED, event));
    const name = event.payload.acceptance_criterion;
    if (typeof name === "string") names.set(index, name);
  }
  const listed = v.safeParse(Listed, keys.acceptance_criteria);
  // Of a criterion whose own rows say nothing of its state, upstream's list is believed: its sequential runs have only that.
  for (const [index, { content, status }] of (listed.success ? listed.output : []).entries()) {
    names.set(index, names.get(index) ?? content);
    const fold = folds.get(index) ?? UNTOUCHED;
    if (fold.state === "pending") folds.set(index, { ...fold, state: stateListed(status) });
  }
  const indices = [...folds.keys()].sort((a, b) => a - b);
  const standings = new Map(indices.map((index) => [index, standingOf(folds.get(index)?.state)]));
  const plan = { levels: [indices], after, not_together: [], source: {}, warnings: [] };
  const blocked = new Map(blockedSteps(plan, standings).map(({ index, by }) => [index, by]));
  return indices.map((index) => {
    const fold = folds.get(index) ?? UNTOUCHED;
    const by = blocked.get(index) ?? [];
    const isWaiting = fold.state === "pending" || fold.state === "blocked";
    const missing = isWaiting ? (after[index] ?? []).filter((one) => standings.get(one) !== "completed") : [];
    return {
      index: index + 1,
      description: names.get(index) ?? "",
      state: by.length > 0 && fold.state === "pending" ? "blocked" : fold.state,
      attempts: fold.attempts,
      verdict: fold.verdict,
      outcome: outcomeOf(fold),
      was_green_before: fold.baseline === "already_green",
      baseline: fold.baseline,
      reason: fold.reason,
      edited_checks: fold.edited_checks,
      now: isLive && fold.state === "in_progress" ? fold.now : null,
      merged_commit: fold.mergedCommit,
      waits_for: missing.map((one) => one + 1),
      blocked_by: by.map((one) => one + 1),
      question: isLive ? fold.question : null,
      parts: parts.get(index)?.map((part) => toPartView(part, fold.state)) ?? null,
    };
  });
}

/** Of a criterion that holds, every part does; where it has failed, nobody is at a part any more. */
function toPartView({ number, text, status }: Part, whole: CriterionState): PartView {
  const own = status === "executing" ? "in_progress" : status;
  const isOver = whole === "completed" || (whole === "failed" && own === "in_progress");
  return { number, description: text, state: isOver ? whole : own };
}

/** One that is blocked has not failed itself: what it waits for has. */
function standingOf(state: CriterionState | undefined): Standing {
  return state === undefined || state === "blocked" ? "pending" : state;
}

function stateListed(status: string): CriterionState {
  if (status === "completed" || status === "failed" || status === "pending") return status;
  return status === "executing" || status === "in_progress" ? "in_progress" : "pending";
}

function workspaceOf(
  { branch, base, ...place }: v.InferOutput<typeof Prepared>["workspace"],
  criteria: readonly CriterionView[],
  rows: readonly StoredEvent[],
  last: Payload,
): WorkspaceView {
  const ended = v.safeParse(Ended, last);
  const merged = rows.findLast(({ payload }) => typeof payload.merged_commit === "string")?.payload.merged_commit;
  const isAny = criteria.some(({ merged_commit }) => merged_commit !== null);
  const onRecord = isAny && typeof merged === "string" ? merged : branch === null ? null : base;
  const tip = (ended.success ? ended.output.summary.workspace.tip : null) ?? onRecord;
  return { ...place, branch: branch?.replace(/^refs\/heads\//, "") ?? null, base, tip };
}

/** What each agent reported, null for one that reported nothing; of one that is at work nothing is known yet. */
function usagesOf(rows: readonly StoredEvent[]): (v.InferOutput<typeof Usage> | null)[] {
  const usages = new Map<string, v.InferOutput<typeof Usage> | null>();
  for (const { event_type, payload, id } of rows) {
    if (event_type !== AGENT_ENDED && event_type !== STEP_COMPLETED) continue;
    const attempted = v.safeParse(Attempted, payload);
    if (!attempted.success) continue;
    const { session_attempt_id: attempt, usage } = attempted.output;
    const said = v.safeParse(Usage, usage);
    // An attempt may take two agents: its own, and one that resolves conflicts; only the first has its usage repeated at the end.
    const isSecond = event_type === AGENT_ENDED && usages.has(attempt);
    if (event_type === AGENT_ENDED) usages.set(isSecond ? id : attempt, said.success ? said.output : null);
    else if (usages.get(attempt) === null && said.success) usages.set(attempt, said.output);
  }
  return [...usages.values()];
}

function waitOf(rows: readonly StoredEvent[], now: number): RunTree["waiting"] {
  const waiting = latest(rows, RUN_WAITING, Waiting);
  const since = parseTimestamp(waiting?.event.timestamp);
  if (!waiting || since === undefined) return null;
  const until = since + waiting.said.wait_ms * 1000;
  const hasGoneOn = rows.some(({ rowid }) => rowid > waiting.event.rowid);
  if (until <= now || hasGoneOn) return null;
  return { reason: waiting.said.reason, why: waiting.said.error, until: toIsoTimestamp(until) };
}

function pauseOf(last: Payload): RunTree["waiting"] {
  const paused = v.safeParse(Paused, last);
  if (!paused.success) return null;
  const { reason, why, resume_after } = paused.output;
  return { reason, why, until: resume_after };
}

function latest<Schema extends v.GenericSchema>(rows: readonly StoredEvent[], type: string, schema: Schema) {
  const event = rows.findLast(({ event_type }) => event_type === type);
  const said = event && v.safeParse(schema, event.payload);
  return event && said?.success ? { event, said: said.output } : undefined;
}

/** The same where a run that is there is meant: one that has gone from the store meanwhile is a fault. */
export async function mustReadTree(context: SessionContext, id: string): Promise<RunTree> {
  const tree = await runTree(context, id);
  if (isRefusal(tree)) throw new Error(`Session ${id} has gone from the store`);
  return tree;
}
