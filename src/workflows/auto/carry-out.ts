import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { LATERAL_STEPS, mayStepAside } from "../../domain/auto/auto-phase.ts";
import type { AutoState } from "../../domain/auto/auto-state.ts";
import { DEFAULT_EVOLUTION_SETTINGS } from "../../domain/evolution/evolution-settings.ts";
import type { Ceiling } from "../../domain/run/ceiling.ts";
import { toOrigin } from "../../domain/run/origin.ts";
import { HOST, selectRuntime } from "../../runtimes/runtime-settings.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { lineageScope } from "../../store/lineages.ts";
import { readSeed } from "../../store/seeds.ts";
import { readOrigin } from "../../store/session/run-records.ts";
import type { Caller } from "../caller.ts";
import { advance } from "../evolution/advance.ts";
import { startLineage } from "../evolution/begin-lineage.ts";
import { startConductor } from "../evolution/start-conductor.ts";
import { stepAside } from "../evolution/step-aside.ts";
import type { AutoCall, AutoStep } from "./auto-call.ts";

/**
 * Has the seed carried out, judged and improved: by a session that goes on by itself, or where nobody but the host of this call can
 * think or work, by each of its calls. What the interview and the seed took is taken from what the lineage may take.
 */
export async function carryOut(
  context: SessionContext,
  state: AutoState,
  call: AutoCall & { readonly caller: Caller },
  signal: AbortSignal,
): Promise<AutoStep | Refusal> {
  const { auto } = state;
  const seed = auto.seed && (await readSeed(context.store, auto.seed.seed_id));
  if (!seed) return refuse("seed_gone", `The seed of ${auto.auto_id} is not in this store`, "Begin again");
  const { lineage_id, cwd, bounds } = auto;
  const lineage = await startLineage(context, {
    lineageId: lineage_id,
    seedText: seed.yaml,
    execute: true,
    by: "auto",
  });
  if (isRefusal(lineage)) return lineage;
  const runtime = auto.runtime ?? undefined;
  const { by, host, tell } = call;
  const { generations: max_generations } = bounds;
  const ceiling = leftOf(state);
  if (!(await needsThisHost(context, state, call.hasHost))) {
    const conducting = { lineage_id, max_generations, ceiling, lateral_steps: LATERAL_STEPS };
    const started = await startConductor(context, { conducting, cwd, by, host, runtime });
    return isRefusal(started) ? started : { running: { session_id: started.session_id, job_id: started.job_id } };
  }
  const settings = { ...DEFAULT_EVOLUTION_SETTINGS, max_generations, ceiling };
  const { caller } = call;
  const evolution = { settings, cwd, by, host, runtime, resumesPaused: true, caller, tell };
  const advanced = await advance(context, lineage_id, evolution, signal);
  if (isRefusal(advanced)) return advanced;
  if (advanced.status === "needs_host") return { needs: advanced.work };
  if (advanced.status === "running") {
    const { session_id } = advanced;
    const { job_id } = toOrigin(await readOrigin(context.store, session_id));
    return { running: { session_id, job_id } };
  }
  const { judgement } = advanced;
  if (mayStepAside(advanced.lineage)) {
    const aside = await stepAside(context, advanced.lineage, judgement.pattern);
    if (isRefusal(aside)) return aside;
  }
  return "on";
}

/** Nobody else here can think, or the work itself is the host's. */
async function needsThisHost(
  { store, minds, runtimes }: SessionContext,
  { auto }: AutoState,
  hasHost: boolean,
): Promise<boolean> {
  if (!hasHost) return false;
  const runtime = selectRuntime(runtimes, auto.runtime ?? undefined);
  if (!isRefusal(runtime) && runtime.name === HOST) return true;
  const host = { store, scope: lineageScope(auto.lineage_id), continuation: null };
  return isRefusal(await minds.open({ role: "deep", hasHost: false, host }));
}

function leftOf({ auto, thinking }: AutoState): Ceiling {
  const { hours, tokens, cost_usd } = auto.bounds;
  const left = (bound: number | null, spent: number | null) => bound && Math.max(0, bound - (spent ?? 0));
  return {
    hours: left(hours, thinking.hours),
    tokens: left(tokens, thinking.tokens),
    cost_usd: left(cost_usd, thinking.cost_usd),
  };
}
