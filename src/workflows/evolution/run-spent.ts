import * as v from "valibot";
import { evaluationId } from "../../domain/evaluation/evaluation-record.ts";
import type { Payload } from "../../domain/event.ts";
import type { EvolutionSettings } from "../../domain/evolution/evolution-settings.ts";
import { type Generation, sumSpent } from "../../domain/evolution/generation.ts";
import { type Lineage, spentByLineage } from "../../domain/evolution/lineage.ts";
import { type Ceiling, overCeiling, type Spent, spentOf } from "../../domain/run/ceiling.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { evaluationScope } from "../../store/evaluations.ts";
import { lineageScope } from "../../store/lineages.ts";
import { readThinking } from "../../store/orders/mind-calls.ts";
import { readUsages, readWorkedMs } from "../../store/session/run-records.ts";

/** Of no owner: all of them count. */
const NO_EPOCH = -1;
const Amount = v.nullable(v.number());
const Known = v.object({
  execution_id: v.string(),
  hours: v.number(),
  tokens: Amount,
  cost_usd: Amount,
  agents: v.number(),
  agents_with_tokens: v.number(),
  agents_with_cost: v.number(),
});

/** What a row says of a run's spending: what came since it was last on record, and, for the row after it, how much that is in all. */
export async function spentRow(context: SessionContext, generation: Generation, executionId: string): Promise<Payload> {
  const all = await spentBy(context, executionId);
  const known = recorded(generation, executionId);
  const spent = known ? since(known, all) : all;
  return { spent, partial_state: { run_spent: { execution_id: executionId, ...all } } };
}

/** With what minds have taken for the lineage so far, for its questions and for judging its work. */
export async function withThinking(
  { store }: SessionContext,
  { lineage_id, generations, rewinds }: Lineage,
  settings: EvolutionSettings,
): Promise<EvolutionSettings> {
  const judged = [...generations, ...rewinds.flatMap(({ discarded }) => discarded)].flatMap((generation) => {
    const { seed_hash, tree_hash } = generation;
    return seed_hash && tree_hash ? [evaluationScope(evaluationId({ seed_hash, tree_hash }))] : [];
  });
  return { ...settings, thinking: await readThinking(store, [lineageScope(lineage_id), ...judged]) };
}

/** What a run may take at most, so that all of its lineage stays within its bounds. */
export function leftFor(lineage: Lineage, settings: EvolutionSettings, executionId: string): Ceiling {
  const { ceiling } = settings;
  const spent = besides(lineage, settings, executionId);
  const left = (bound: number | null, taken: number | null) => bound && Math.max(0, bound - (taken ?? 0));
  return {
    hours: left(ceiling.hours, spent.hours),
    tokens: left(ceiling.tokens, spent.tokens),
    cost_usd: left(ceiling.cost_usd, spent.cost_usd),
  };
}

/** Has a lineage with this run, as far as that has come, taken all that it may? */
export async function isSpent(
  context: SessionContext,
  lineage: Lineage,
  settings: EvolutionSettings,
  executionId: string,
): Promise<boolean> {
  const all = sumSpent([besides(lineage, settings, executionId), await spentBy(context, executionId)]);
  return overCeiling(all, settings.ceiling) !== null;
}

/** What a run has taken in all, whoever owned it. */
async function spentBy({ store }: SessionContext, executionId: string): Promise<Spent> {
  const worked = await readWorkedMs(store, executionId, NO_EPOCH);
  return spentOf(await readUsages(store, executionId), worked / 3_600_000);
}

/** What all but this run has taken. */
function besides(lineage: Lineage, { thinking }: EvolutionSettings, executionId: string): Spent {
  return sumSpent([withoutRun(lineage, executionId), ...(thinking ? [thinking] : [])]);
}

function withoutRun(lineage: Lineage, executionId: string): Spent {
  const all = spentByLineage(lineage);
  const generation = lineage.generations.at(-1);
  const known = generation && recorded(generation, executionId);
  return known ? since(known, all) : all;
}

function recorded({ partial }: Generation, executionId: string): Spent | undefined {
  const read = v.safeParse(Known, partial.run_spent);
  return read.success && read.output.execution_id === executionId ? read.output : undefined;
}

function since(before: Spent, now: Spent): Spent {
  const less = (a: number | null, b: number | null) => (a === null ? null : Math.max(0, a - (b ?? 0)));
  return {
    hours: Math.max(0, now.hours - before.hours),
    tokens: less(now.tokens, before.tokens),
    cost_usd: less(now.cost_usd, before.cost_usd),
    agents: now.agents - before.agents,
    agents_with_tokens: now.agents_with_tokens - before.agents_with_tokens,
    agents_with_cost: now.agents_with_cost - before.agents_with_cost,
  };
}
