import { newShortId } from "../../base/ids.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Conducting } from "../../domain/evolution/conducting.ts";
import type { Lineage } from "../../domain/evolution/lineage.ts";
import { LINEAGE_REOPENED } from "../../domain/evolution/lineage-events.ts";
import { toOrigin } from "../../domain/run/origin.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import { isTerminal } from "../../domain/session/session.ts";
import { selectRuntime } from "../../runtimes/runtime-settings.ts";
import type { HostBinding } from "../../sessions/resume/host-binding.ts";
import { resumeSession } from "../../sessions/resume/resume-session.ts";
import { newIds } from "../../sessions/resume/start-run.ts";
import { startWorker } from "../../sessions/resume/start-worker.ts";
import { isHeld, judgeSession, type SessionContext } from "../../sessions/session-context.ts";
import { changeLineage, lineageScope, readLineage, unknownLineage } from "../../store/lineages.ts";
import { readOrigin } from "../../store/session/run-records.ts";
import { seedConsent } from "../../trust/seed-consent.ts";
import { becomeConductor } from "./become-conductor.ts";
import { seedText } from "./execute-generation.ts";
import { projectOf } from "./project-of.ts";
import { currentGeneration } from "./tell-generation.ts";

/** A session that has a lineage go on, and how it came to that. */
export interface ConductorStarted {
  readonly outcome: "started" | "resumed" | "attached";
  readonly session_id: string;
  readonly job_id: string | null;
  readonly lineage_id: string;
  readonly worker_pid: number | null;
}

interface ConductorRequest {
  readonly conducting: Conducting;
  readonly cwd: string;
  readonly by: string;
  readonly host: HostBinding;
  readonly runtime?: string | undefined;
  readonly parallel?: number | undefined;
}

/**
 * Starts a session that has a lineage go on by itself, within its bounds. Where one is at it already that one is named; one that was
 * interrupted is resumed, within the bounds it was begun with. There is no host in it: somebody else has to be able to think.
 */
export async function startConductor(
  context: SessionContext,
  request: ConductorRequest,
): Promise<ConductorStarted | Refusal> {
  const { lineage_id } = request.conducting;
  const lineage = await readLineage(context.store, lineage_id);
  if (!lineage) return unknownLineage(lineage_id);
  const present = await presentConductor(context, lineage, request);
  if (present) return present;
  const host = { store: context.store, scope: lineageScope(lineage_id), continuation: null };
  const mind = await context.minds.open({ role: "deep", hasHost: false, host });
  if (isRefusal(mind)) return mind;
  const runtime = selectRuntime(context.runtimes, request.runtime);
  if (isRefusal(runtime)) return runtime;
  const text = await seedText(context, currentOrLast(lineage));
  if (isRefusal(text)) return text;
  const seed = parseSeed(text);
  if (isRefusal(seed)) return seed;
  const consent = await seedConsent(context, text);
  if (isRefusal(consent)) return consent;
  const open = await goOnFrom(context, lineage, request.by);
  if (isRefusal(open)) return open;
  const { session_id, execution_id } = newIds();
  const taken = await becomeConductor(context, lineage_id, session_id);
  if (isRefusal(taken)) return taken;
  const job_id = newShortId("job");
  const report = await startWorker(context, {
    kind: "begin",
    session_id,
    execution_id,
    job_id,
    by: request.by,
    seed: text,
    runtime: runtime.name,
    cwd: (await projectOf(context, lineage)) ?? request.cwd,
    workspace: "worktree",
    parallel: request.parallel ?? null,
    conducts: request.conducting,
    host: { ...request.host },
  });
  if (report.outcome === "refused") return refuse(report.code, report.message, report.next, report.facts);
  if (report.outcome === "attached") return refuse("id_taken", report.why, "Start it anew");
  return { outcome: "started", session_id, job_id, lineage_id, worker_pid: report.pid };
}

/** Whoever has it go on already, or did until it was interrupted. */
async function presentConductor(
  context: SessionContext,
  { conductor, lineage_id }: Lineage,
  { by, host, runtime }: ConductorRequest,
): Promise<ConductorStarted | Refusal | undefined> {
  const judged = conductor === null ? undefined : await judgeSession(context, conductor);
  if (conductor === null || !judged) return undefined;
  const named = { session_id: conductor, lineage_id };
  if (isHeld(judged.facts, context.identity)) {
    const { job_id } = toOrigin(await readOrigin(context.store, conductor));
    return { outcome: "attached", ...named, job_id, worker_pid: null };
  }
  if (isTerminal(judged.facts.session.status)) return undefined;
  const resumed = await resumeSession(context, { sessionId: conductor, by, host, runtime, force: false });
  if (isRefusal(resumed)) return resumed;
  return { outcome: resumed.outcome, ...named, job_id: resumed.job_id, worker_pid: resumed.worker_pid };
}

/** A seed is not written yet while somebody wonders: then it is the one before that is agreed to. */
function currentOrLast(lineage: Lineage) {
  return lineage.generations.findLast(({ seed_id }) => seed_id !== null) ?? currentGeneration(lineage);
}

/** What has reached its end is not begun again; what was stopped short goes on, as far as the new bounds reach. */
async function goOnFrom(context: SessionContext, lineage: Lineage, by: string): Promise<Lineage | Refusal> {
  const { lineage_id, status, ending } = lineage;
  if (status === "active" || status === "stagnated") return lineage;
  if (status === "exhausted" || status === "stopped") {
    return changeLineage(context.store, lineage_id, (now) =>
      now.status === status ? [[LINEAGE_REOPENED, { by }]] : [],
    );
  }
  return refuse(
    "lineage_over",
    `${lineage_id} is over (${status}): ${ending?.message ?? "nobody said why"}`,
    `Rewind it to go on from an earlier generation: ouroboros lineage rewind ${lineage_id} N`,
    { lineage_id, status },
  );
}
