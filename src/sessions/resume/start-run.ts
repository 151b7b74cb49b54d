import { newShortId } from "../../base/ids.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Ceiling } from "../../domain/run/ceiling.ts";
import type { WorkspaceMode } from "../../domain/run/origin.ts";
import type { RunStart } from "../../domain/run/run-start.ts";
import { misspeltWords } from "../../domain/seed/misspelt-keys.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import { selectRuntime } from "../../runtimes/runtime-settings.ts";
import { rememberRunBegunHere } from "../../trust/made-here.ts";
import { seedConsent } from "../../trust/seed-consent.ts";
import type { SessionContext } from "../session-context.ts";
import { checkFolder } from "./check-folder.ts";
import type { HostBinding } from "./host-binding.ts";
import { startWorker } from "./start-worker.ts";

export interface StartedRun {
  readonly session_id: string;
  readonly execution_id: string;
  readonly job_id: string;
  readonly seed_id: string | null;
  readonly goal: string;
  readonly runtime: string;
  readonly worker_pid: number;
  readonly steps_total: number;
  /** Keys of the seed that are read by nothing and look as if they should be, in sentences. */
  readonly warnings: readonly string[];
}

/**
 * Starts a new run of a seed in a folder: a worker that owns the session from its first row on and outlives its starter. Refused
 * with `needs_approval` until this user has agreed to the commands that the seed would have us run.
 */
export async function startRun(
  context: SessionContext,
  request: {
    readonly seed: string;
    readonly cwd: string;
    readonly workspace: WorkspaceMode;
    readonly by: string;
    readonly host: HostBinding;
    readonly runtime?: string | undefined;
    /** Agents at once, for this run and whoever resumes it; else as configured. */
    readonly parallel?: number | undefined;
    /** Ids that somebody has put on record before, so that the same run is not begun twice. */
    readonly ids?: { readonly session_id: string; readonly execution_id: string } | undefined;
    /** Earlier work to go on from, instead of what is checked out. */
    readonly runStart?: RunStart | undefined;
    /** What it may take at most, where that is less than is configured. */
    readonly ceiling?: Ceiling | undefined;
  },
): Promise<StartedRun | Refusal> {
  const seed = parseSeed(request.seed);
  if (isRefusal(seed)) return seed;
  const runtime = selectRuntime(context.runtimes, request.runtime);
  if (isRefusal(runtime)) return runtime;
  const missing = await checkFolder(request.cwd);
  if (missing) return missing;
  const consent = await seedConsent(context, request.seed);
  if (isRefusal(consent)) return consent;
  const { session_id, execution_id } = request.ids ?? newIds();
  const job_id = newShortId("job");
  const report = await startWorker(context, {
    kind: "begin",
    session_id,
    execution_id,
    job_id,
    by: request.by,
    seed: request.seed,
    runtime: runtime.name,
    cwd: request.cwd,
    workspace: request.workspace,
    parallel: request.parallel ?? null,
    run_start: request.runStart ?? null,
    ceiling: request.ceiling ?? null,
    host: { ...request.host },
  });
  if (report.outcome === "refused") return refuse(report.code, report.message, report.next, report.facts);
  if (report.outcome === "attached") return refuse("id_taken", report.why, "Start it anew");
  if (consent.agreed) await rememberRunBegunHere(context.home, execution_id, seed.goal);
  const { seed_id, goal, criteria, misspelt } = seed;
  const ids = { session_id, execution_id, job_id, seed_id, goal };
  const about = { steps_total: criteria.length, warnings: misspelt.map((slip) => `${misspeltWords(slip)}.`) };
  return { ...ids, runtime: runtime.name, worker_pid: report.pid, ...about };
}

/** Ids of a run that is yet to begin. */
export function newIds(): { readonly session_id: string; readonly execution_id: string } {
  return { session_id: newShortId("orch"), execution_id: newShortId("exec") };
}
