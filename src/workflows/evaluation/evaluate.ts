import { canonicalJson } from "../../base/canonical-json.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Trigger } from "../../domain/evaluation/consensus.ts";
import { decideEvaluation } from "../../domain/evaluation/evaluation.ts";
import {
  EVALUATION_COMPLETED,
  EVALUATION_STARTED,
  type EvaluationRecord,
  evaluationId,
  STAGE1_COMPLETED,
  STAGE2_COMPLETED,
  STAGE3_COMPLETED,
} from "../../domain/evaluation/evaluation-record.ts";
import type { Mind, Role, WorkOrder } from "../../minds/mind.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { addToEvaluation, evaluationScope, readEvaluation } from "../../store/evaluations.ts";
import type { Caller } from "../caller.ts";
import { thinkOn } from "../think-on.ts";
import { askSeveral } from "./ask-several.ts";
import { judgeWork } from "./judge-work.ts";
import { lookAt, stopped } from "./look-at.ts";
import { agreedChecks, runChecks, type Tell } from "./run-checks.ts";
import type { Work } from "./work-to-judge.ts";

export interface EvaluationRequest {
  readonly work: Work;
  /** What is said of the work: a hint for a judge, and no evidence. */
  readonly artifact: string;
  /** `checks`: only what can be run. */
  readonly depth: "checks" | "judged";
  /** What calls for several opinions beside a judge's own doubt. */
  readonly known: readonly Exclude<Trigger, "seed_drift_alert" | "stage2_uncertainty">[];
}

/** An evaluation as it stands at the end of a call. */
export type Evaluated =
  | { readonly status: "needs_host"; readonly record: EvaluationRecord; readonly work: WorkOrder }
  | { readonly status: "evaluated"; readonly record: EvaluationRecord };

/**
 * Evaluates a piece of work by its specification: the checks that can be run, then a judge who reads, then several where one is not
 * enough. Each stage is in the store when the next begins, and the same work is never put through one twice.
 */
export async function evaluate(
  context: SessionContext,
  request: EvaluationRequest,
  { caller, tell }: { readonly caller: Caller; readonly tell: Tell },
  signal: AbortSignal,
): Promise<Evaluated | Refusal> {
  const begun = await begin(context, request.work, { tell, patienceMs: caller.patienceMs }, signal);
  if (begun === undefined) return stillAtIt(request.work);
  if (isRefusal(begun)) return begun;
  const { evaluation_id } = begun;
  const about = `evaluate ${evaluation_id} ${request.depth} ${request.known.join()}`;
  const done = await thinkOn(context.store, about, { patienceMs: caller.patienceMs, signal }, (thinking) =>
    goOn(context, request, begun, caller, thinking),
  );
  return done ?? stillAtIt(request.work);
}

/** Everything that can be run, in one worktree; an evaluation that was begun before is found by what it is about. */
function begin(
  context: SessionContext,
  work: Work,
  { tell, patienceMs }: { readonly tell: Tell; readonly patienceMs: number | undefined },
  signal: AbortSignal,
): Promise<EvaluationRecord | Refusal | undefined> {
  const { store } = context;
  const about = `checks ${work.subject.seed_hash} ${work.from?.commit ?? work.cwd}`;
  return thinkOn(store, about, { patienceMs, signal }, (thinking) =>
    lookAt(context, work, work.from, thinking, async (bench): Promise<EvaluationRecord | Refusal> => {
      const tree_hash = await bench.treeHash();
      if (tree_hash === null) throw new Error("A worktree without a tree");
      const subject = { ...work.subject, base: work.base?.commit ?? null, tree_hash };
      const id = evaluationId(subject);
      const known = await readEvaluation(store, id);
      if (known?.stage1) return known;
      const declared = await agreedChecks(context, work, bench, thinking);
      if (isRefusal(declared)) return declared;
      await addToEvaluation(store, id, [EVALUATION_STARTED, subject], () => false);
      const stage1 = await runChecks(context, work, { bench, declared, tell }, thinking);
      if (isRefusal(stage1)) return stage1;
      // What was cut short has found nothing out.
      if (thinking.aborted) return stopped();
      return addToEvaluation(store, id, [STAGE1_COMPLETED, { ...stage1 }], (record) => !record?.stage1);
    }),
  );
}

async function goOn(
  context: SessionContext,
  request: EvaluationRequest,
  begun: EvaluationRecord,
  caller: Caller,
  signal: AbortSignal,
): Promise<Evaluated | Refusal> {
  const { store } = context;
  const { work, artifact } = request;
  let record = begun;
  let verdict = verdictOf(record, request);
  const hasFailed = verdict.verdict === "rejected";
  // A judge is asked where there is something left to say: what has failed when it was run stays failed.
  if (request.depth === "judged" && !hasFailed && !record.stage2) {
    const mind = await openMind(context, record, caller, "deep");
    if (isRefusal(mind) && mind.code !== "mind_unavailable") return mind;
    // Where nobody can be asked, what was run has to speak for itself.
    const stage2 = isRefusal(mind) ? null : await judgeWork(context, work, record, { mind, artifact }, signal);
    if (isRefusal(stage2)) return stage2;
    if (stage2 && "needs" in stage2) return { status: "needs_host", record, work: stage2.needs };
    if (stage2) {
      const row = [STAGE2_COMPLETED, { ...stage2 }] as const;
      record = await addToEvaluation(store, record.evaluation_id, row, (now) => !now?.stage2);
      verdict = verdictOf(record, request);
    }
  }
  const trigger = verdict.needs_consensus;
  if (request.depth === "judged" && trigger !== null && !record.stage3) {
    const minds = await distinctMinds(context, record, caller);
    if (isRefusal(minds)) return minds;
    const stage3 = await askSeveral(context, work, record, { minds, trigger, artifact }, signal);
    if (isRefusal(stage3)) return stage3;
    if ("needs" in stage3) return { status: "needs_host", record, work: stage3.needs };
    const row = [STAGE3_COMPLETED, { ...stage3 }] as const;
    record = await addToEvaluation(store, record.evaluation_id, row, (now) => !now?.stage3);
    verdict = verdictOf(record, request);
  }
  const isNew = (now: EvaluationRecord | undefined) => canonicalJson(now?.completed) !== canonicalJson(verdict);
  const row = [EVALUATION_COMPLETED, { ...verdict }] as const;
  return { status: "evaluated", record: await addToEvaluation(store, record.evaluation_id, row, isNew) };
}

/** The verdict follows from what was found; nobody says it. */
export function verdictOf(
  { subject, stage1, stage2, stage3 }: EvaluationRecord,
  { known }: Pick<EvaluationRequest, "known">,
) {
  return decideEvaluation({
    criteria: subject.criteria.map(({ key }) => key),
    verifications: new Map(stage1?.checks.map((check) => [check.criterion_key, check])),
    mechanical: stage1?.mechanical ?? [],
    before: stage1?.before ?? undefined,
    judgement: stage2?.judgement,
    forgedCitations: [...(stage2?.forged ?? []), ...(stage3?.forged ?? [])],
    consensus: stage3?.tally,
    known,
  });
}

function openMind(
  { store, minds }: SessionContext,
  { evaluation_id }: EvaluationRecord,
  { hasHost, mind, continuation }: Caller,
  role: Role,
): Promise<Mind | Refusal> {
  const host = { store, scope: evaluationScope(evaluation_id), continuation };
  return minds.open({ role, hasHost, word: mind, host });
}

/** The minds that the user has for different roles; often it is one and the same. */
async function distinctMinds(
  context: SessionContext,
  record: EvaluationRecord,
  caller: Caller,
): Promise<readonly Mind[] | Refusal> {
  const found: Mind[] = [];
  for (const role of ["deep", "standard", "fast"] as const) {
    const mind = await openMind(context, record, caller, role);
    if (isRefusal(mind)) return mind;
    if (!found.some(({ name }) => name === mind.name)) found.push(mind);
  }
  return found;
}

function stillAtIt({ subject }: Work): Refusal {
  return refuse(
    "still_working",
    `The evaluation of ${subject.session_id ?? subject.cwd} is still under way`,
    "Call again in a moment: it goes on meanwhile, and nothing is done twice",
    { recoverable: true, retry_after_ms: 2_000 },
  );
}
