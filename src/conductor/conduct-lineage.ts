import { delay } from "../base/delay.ts";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import type { Conducting } from "../domain/evolution/conducting.ts";
import type { LineageJudgement } from "../domain/evolution/convergence.ts";
import { DEFAULT_EVOLUTION_SETTINGS } from "../domain/evolution/evolution-settings.ts";
import type { Lineage } from "../domain/evolution/lineage.ts";
import { endAfter, inOrder } from "../runs/drive-run.ts";
import { cancelConducted } from "../sessions/cancel-execution.ts";
import { endRun } from "../sessions/owner/end-run.ts";
import type { OwnerEnd } from "../sessions/owner/owner-conclusions.ts";
import { patiently } from "../sessions/owner/patiently.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import { judgeSession, type SessionContext } from "../sessions/session-context.ts";
import { advance } from "../workflows/evolution/advance.ts";
import { becomeConductor, conductedByOther } from "../workflows/evolution/become-conductor.ts";
import type { EvolutionCall } from "../workflows/evolution/evolution-call.ts";
import { isAtWork } from "../workflows/evolution/execute-generation.ts";
import { stepAside } from "../workflows/evolution/step-aside.ts";
import { ConductorLog } from "./conductor-log.ts";

/** How often a run that is at work is looked at. */
const LOOK_EVERY_MS = 1_000;
/** Whatever is in the way of a phase is tried again so often before the session pauses for somebody to look. */
const TRIES = 3;
/** What no waiting cures. */
const FOR_A_PERSON = ["run_paused", "needs_approval", "needs_seed", "not_found", "mind_unavailable"];

/**
 * Has a lineage go on until it is over, as the owner of a session of its own: that is what people cancel, resume and watch. The lineage
 * itself is on record phase by phase, so an owner that takes over goes on in the middle of a generation.
 */
export async function conductLineage(context: SessionContext, run: OwnedRun, conducting: Conducting): Promise<void> {
  const { lease, jobId } = run;
  const wanted = await inOrder(run, () => conduct(context, run, conducting));
  const end = lease.loss ? endAfter(lease.loss) : wanted;
  if (end?.status === "cancelled") await cancelConducted(context, run.sessionId, end);
  await lease.stop();
  if (end) await patiently(() => endRun(context, lease.term, { end, jobId }));
}

async function conduct(context: SessionContext, run: OwnedRun, conducting: Conducting): Promise<OwnerEnd | undefined> {
  const { sessionId, lease } = run;
  const { lost } = lease;
  const begun = await becomeConductor(context, conducting.lineage_id, sessionId);
  if (isRefusal(begun)) return pausedBy(begun);
  // What was paused before this session was told to go on is resumed; what somebody pauses from now on stands still.
  let resumesPaused = true;
  let asides = 0;
  const log = new ConductorLog(context, run);
  for (let tries = 0; !lost.aborted; ) {
    const call = callOf(run, conducting, { resumesPaused, log });
    const advanced = await advance(context, conducting.lineage_id, call, lost);
    if (isRefusal(advanced)) {
      if (++tries >= TRIES || FOR_A_PERSON.includes(advanced.code)) return pausedBy(advanced);
      await delay(waitOf(advanced, tries), lost);
      continue;
    }
    const isFirst = resumesPaused;
    [tries, resumesPaused] = [0, false];
    const { lineage } = advanced;
    if (lineage.conductor !== sessionId) return pausedBy(conductedByOther(lineage));
    if (advanced.status === "running") {
      await whileAtWork(context, advanced.session_id, lost);
      continue;
    }
    // Nobody offers this process a host.
    if (advanced.status === "needs_host") throw new Error("A mind without a host has asked for one");
    const { judgement } = advanced;
    // A run that was cancelled before is begun anew: somebody wants it to go on.
    if (judgement.action === "continue" || (isFirst && judgement.reason === "cancelled")) continue;
    if (judgement.action !== "stagnated" || asides++ >= conducting.lateral_steps) return endOf(lineage, judgement);
    const aside = await stepAside(context, lineage, judgement.pattern);
    if (isRefusal(aside)) return endOf(lineage, judgement);
  }
  return undefined;
}

/** Until something is to be done about a run: the lineage, which tells of every generation, need not be read for that each second. */
async function whileAtWork(context: SessionContext, sessionId: string, lost: AbortSignal): Promise<void> {
  for (;;) {
    await delay(LOOK_EVERY_MS, lost);
    const run = lost.aborted ? undefined : await judgeSession(context, sessionId);
    if (!run || !isAtWork(run)) return;
  }
}

function callOf(
  { cwd, runtime, lease }: OwnedRun,
  { max_generations, ceiling }: Conducting,
  { resumesPaused, log }: { readonly resumesPaused: boolean; readonly log: ConductorLog },
): EvolutionCall {
  return {
    settings: { ...DEFAULT_EVOLUTION_SETTINGS, max_generations, ceiling },
    cwd,
    by: `session ${lease.term.sessionId}`,
    host: { host_session_id: null, project_dir: null },
    runtime: runtime.name,
    resumesPaused,
    caller: { hasHost: false, continuation: null },
    tell: async () => {},
    onPhase: (lineage) => log.tell(lineage),
  };
}

function waitOf({ facts }: Refusal, tries: number): number {
  const { retry_after_ms } = facts;
  return typeof retry_after_ms === "number" ? Math.min(retry_after_ms, 600_000) : 5_000 * tries;
}

function pausedBy({ message, next }: Refusal): OwnerEnd {
  return { status: "paused", reason: "needs_attention", why: `${message.replace(/\.$/, "")}. ${next}` };
}

function endOf(lineage: Lineage, { action, reason, message }: LineageJudgement): OwnerEnd {
  const last = lineage.generations.at(-1);
  const summary = {
    lineage_id: lineage.lineage_id,
    action,
    stop_reason: reason,
    generations: lineage.generations.length,
    branch: last?.branch ?? null,
    commit: last?.commit ?? null,
    score: last?.evaluation?.score ?? null,
  };
  if (action === "converged" || action === "ontology_stable") return { status: "completed", summary };
  return { status: "failed", error: `${action} (${reason}): ${message}`, summary };
}
