import { canonicalJson } from "../../base/canonical-json.ts";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { sha256 } from "../../base/sha256.ts";
import type { EvaluationRecord } from "../../domain/evaluation/evaluation-record.ts";
import { type EvaluationSummary, evaluationPayload } from "../../domain/evolution/evaluation-summary.ts";
import type { Lineage } from "../../domain/evolution/lineage.ts";
import { GENERATION_COMPLETED } from "../../domain/evolution/lineage-events.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { readRunWorkspace } from "../../store/session/run-workspace.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import { copyOf, findWork, type Work } from "../evaluation/work-to-judge.ts";
import type { EvolutionCall, Phased } from "./evolution-call.ts";
import { spentRow } from "./run-spent.ts";
import { currentGeneration, heldUp, tellGeneration } from "./tell-generation.ts";

/** Has the generation's work judged; with that the generation is over, however it came out. */
export async function evaluateGeneration(
  context: SessionContext,
  lineage: Lineage,
  { caller, tell }: EvolutionCall,
  signal: AbortSignal,
): Promise<Phased | Refusal> {
  const { store } = context;
  const generation = currentGeneration(lineage);
  const { session_id, execution_id } = generation;
  if (session_id === null || execution_id === null)
    throw new Error(`${lineage.lineage_id} is judged before it was run`);
  const found = await findWork(context, { run: session_id });
  if (isRefusal(found)) return heldUp(lineage, found);
  const work = { ...found, base: (await untouched(context, lineage)) ?? found.base };
  const request = { work, artifact: "", depth: "judged", known: [] } as const;
  const evaluated = await evaluate(context, request, { caller, tell }, signal);
  if (isRefusal(evaluated)) return heldUp(lineage, evaluated);
  if (evaluated.status === "needs_host") return { status: "needs_host", lineage, work: evaluated.work };
  const { record } = evaluated;
  const place = await readRunWorkspace(store, execution_id);
  const done = await tellGeneration(context, lineage, { generation, phase: "evaluating" }, [
    GENERATION_COMPLETED,
    {
      evaluation_id: record.evaluation_id,
      evaluation_summary: evaluationPayload(summaryOf(record)),
      findings_hash: findingsHash(record),
      tree_hash: record.subject.tree_hash,
      commit: record.subject.commit,
      branch: place?.branch?.replace(/^refs\/heads\//, "") ?? null,
      ...(await spentRow(context, generation, execution_id)),
      wonder_questions: generation.wonder_questions,
    },
  ]);
  return isRefusal(done) ? done : { lineage: done };
}

/** The project before the lineage began: what an earlier generation has broken is not to excuse a later one. */
async function untouched({ store }: SessionContext, { generations }: Lineage): Promise<Work["base"]> {
  const first = generations.find(({ execution_id }) => execution_id !== null);
  const place = first?.execution_id ? await readRunWorkspace(store, first.execution_id) : undefined;
  if (!place?.base) return undefined;
  return { commit: place.base, copy_of: place.kind === "copy" ? copyOf(place.repository) : null };
}

function summaryOf({ subject, stage1, stage2, completed }: EvaluationRecord): Omit<EvaluationSummary, "checked"> {
  if (!completed) throw new Error("An evaluation without a verdict");
  const names = new Map(subject.criteria.map(({ key, description }) => [key, description]));
  const { approved, verdict, score, highest_stage, reasons } = completed;
  const criteria = completed.criteria.map((one) => ({
    key: one.key,
    description: names.get(one.key) ?? "",
    verdict: one.verdict,
    reason: one.reason,
  }));
  return {
    approved,
    verdict,
    score,
    highest_stage,
    drift_score: stage2?.judgement.drift_score ?? null,
    failure_reason: approved ? null : (reasons[0] ?? null),
    mechanical: mechanicalOf(stage1?.mechanical ?? []),
    criteria,
  };
}

/** The worst that the project's own checks say; nothing where it declares none. */
function mechanicalOf(results: readonly { readonly verdict: string }[]): EvaluationSummary["mechanical"] {
  const worst = (["fail", "unverifiable", "pass"] as const).find((word) =>
    results.some(({ verdict }) => verdict === word),
  );
  return worst ?? "not_applicable";
}

/** What is wrong, in a form in which the same is the same again: outputs have times in them, and minds have other words each time. */
function findingsHash({ completed, stage1 }: EvaluationRecord): string {
  const open =
    completed?.criteria.flatMap(({ key, verdict }) => (verdict === "pass" ? [] : [`${key} ${verdict}`])) ?? [];
  const failed = [...(stage1?.checks ?? []), ...(stage1?.mechanical ?? [])].flatMap((check) => {
    const what = "kind" in check ? `${check.folder} ${check.kind}` : check.criterion_key;
    return check.verdict === "fail" ? [`${what} ${check.exit_code}`] : [];
  });
  return sha256(canonicalJson([...open, ...failed].sort()));
}
