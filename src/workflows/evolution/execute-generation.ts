import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Generation } from "../../domain/evolution/generation.ts";
import { completedGenerations, type Lineage } from "../../domain/evolution/lineage.ts";
import { GENERATION_FAILED, GENERATION_INTERRUPTED, PHASE_CHANGED } from "../../domain/evolution/lineage-events.ts";
import type { RunStart } from "../../domain/run/run-start.ts";
import { fromYaml, toYaml } from "../../domain/seed/seed-yaml.ts";
import { NEEDS_HOST, type PauseReason, pauseWords } from "../../domain/session/pause-reason.ts";
import { isReopenable } from "../../domain/session/session.ts";
import { resumeSession } from "../../sessions/resume/resume-session.ts";
import { newIds, startRun } from "../../sessions/resume/start-run.ts";
import { type Judgement, judgeSession, type SessionContext } from "../../sessions/session-context.ts";
import { readSeed } from "../../store/seeds.ts";
import { readRunWorkspace } from "../../store/session/run-workspace.ts";
import { copyOf } from "../evaluation/work-to-judge.ts";
import type { EvolutionCall, Phased } from "./evolution-call.ts";
import { keptCriteria } from "./generation-story.ts";
import { projectOf } from "./project-of.ts";
import { isSpent, leftFor, spentRow } from "./run-spent.ts";
import { currentGeneration, heldUp, tellGeneration } from "./tell-generation.ts";

/** Why a clean-up pauses a run: nobody has wanted it to stand still. */
const OWNER_DIED = "owner_died";
const CEILING: PauseReason = "ceiling";

/** Has agents carry the seed out, from where the generation before has left the work. The run's ids are on record before it begins. */
export async function executeGeneration(
  context: SessionContext,
  lineage: Lineage,
  call: EvolutionCall,
): Promise<Phased | Refusal> {
  const generation = currentGeneration(lineage);
  const at = { generation, phase: "executing" } as const;
  const { session_id, execution_id, phase } = generation;
  // A person's cancellation stands, and what could not even begin has nothing to go on with: it is another run that begins.
  const isGone = phase === "cancelled" || phase === "failed";
  if (session_id === null || execution_id === null || isGone) {
    const named = await tellGeneration(context, lineage, at, [PHASE_CHANGED, { phase: "executing", ...newIds() }]);
    return isRefusal(named) ? named : { lineage: named };
  }
  const run = await judgeSession(context, session_id);
  if (!run) {
    const begun = await begin(context, lineage, { session_id, execution_id }, call);
    // Somebody who began it at the same moment has begun the same one.
    if (isRefusal(begun) && begun.code !== "id_taken") return heldUp(lineage, begun);
    return { status: "running", lineage, session_id };
  }
  const { status } = run.facts.session;
  const failed = async (how: "cancelled" | "executing", error: string) =>
    told(
      await tellGeneration(context, lineage, at, [
        GENERATION_FAILED,
        { phase: how, error, ...(await spentRow(context, generation, execution_id)) },
      ]),
    );
  switch (status) {
    case "completed":
    case "failed": {
      const place = await readRunWorkspace(context.store, execution_id);
      if (place?.tip) return told(await tellGeneration(context, lineage, at, [PHASE_CHANGED, { phase: "evaluating" }]));
      return failed("executing", `Its run ${session_id} has left no work: see \`ouroboros why ${session_id}\``);
    }
    case "cancelled":
      // What a clean-up wrote can be taken back, and a run whose worker is gone is taken up again.
      if (isReopenable(run.facts.session)) return goOn(context, lineage, run, call);
      return failed("cancelled", `Its run ${session_id} was cancelled`);
    default:
      return goOn(context, lineage, run, call);
  }
}

/** While its agents work there is nothing to be done about a run; whoever waits for it looks at this and at nothing else. */
export function isAtWork({ facts, verdict }: Pick<Judgement, "facts" | "verdict">): boolean {
  return facts.session.status === "running" && verdict.liveness === "live";
}

/** A run whose worker is gone is taken up again; one that waits for a person goes on when they have answered. */
async function goOn(
  context: SessionContext,
  lineage: Lineage,
  { facts, verdict }: Judgement,
  { by, host, resumesPaused, caller, settings }: EvolutionCall,
): Promise<Phased | Refusal> {
  const { session_id, status, reason } = facts.session;
  const generation = currentGeneration(lineage);
  const executionId = generation.execution_id ?? session_id;
  if (isAtWork({ facts, verdict })) return { status: "running", lineage, session_id };
  if (status === "paused" && reason === CEILING && (await isSpent(context, lineage, settings, executionId))) {
    const row = [GENERATION_INTERRUPTED, await spentRow(context, generation, executionId)] as const;
    return told(await tellGeneration(context, lineage, { generation, phase: "executing" }, row));
  }
  // The host's own agents are at it, or are asked to be.
  if (status === "paused" && reason === NEEDS_HOST && caller.hasHost) return { status: "running", lineage, session_id };
  if (status === "paused" && reason !== OWNER_DIED && !resumesPaused) {
    return refuse(
      "run_paused",
      `The run of this generation is paused: ${pauseWords(reason ?? "nobody said why")}`,
      `See \`ouroboros why ${session_id}\`; when that is settled, resume it or call again`,
      { lineage_id: lineage.lineage_id, session_id, recoverable: true },
    );
  }
  const ceiling = leftFor(lineage, settings, executionId);
  const resumed = await resumeSession(context, { sessionId: session_id, by, host, force: false, ceiling });
  return isRefusal(resumed) ? heldUp(lineage, resumed) : { status: "running", lineage, session_id };
}

async function begin(
  context: SessionContext,
  lineage: Lineage,
  ids: { readonly session_id: string; readonly execution_id: string },
  { cwd, by, host, runtime, parallel, settings }: EvolutionCall,
) {
  const generation = currentGeneration(lineage);
  const seed = await seedText(context, generation);
  if (isRefusal(seed)) return seed;
  const runStart = await startOf(context, completedGenerations(lineage).at(-1), generation);
  const project = (await projectOf(context, lineage)) ?? cwd;
  const ceiling = leftFor(lineage, settings, ids.execution_id);
  const how = { by, host, runtime, parallel, ceiling };
  return startRun(context, { seed, cwd: project, workspace: "worktree", ids, runStart, ...how });
}

/** The seed of a generation: the very text that was agreed to, where the store has it. */
export async function seedText(
  { store }: SessionContext,
  { seed_id, seed_json, number }: Generation,
): Promise<string | Refusal> {
  const saved = seed_id === null ? undefined : await readSeed(store, seed_id);
  if (saved) return saved.yaml;
  const document = fromYaml(seed_json ?? "");
  if (!isRefusal(document)) return toYaml(document);
  return refuse("needs_seed", `The seed of generation ${number} is not in this store`, "Begin another lineage with it");
}

async function startOf(
  { store }: SessionContext,
  before: Generation | undefined,
  now: Generation,
): Promise<RunStart | undefined> {
  if (!before?.commit || !before.execution_id) return undefined;
  const place = await readRunWorkspace(store, before.execution_id);
  const copy_of = place?.kind === "copy" ? copyOf(place.repository) : null;
  return { commit: before.commit, copy_of, kept: keptCriteria(before, now) };
}

function told(lineage: Lineage | Refusal): Phased | Refusal {
  return isRefusal(lineage) ? lineage : { lineage };
}
