import { newShortId } from "../../base/ids.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { WorkspaceMode } from "../../domain/run/origin.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import { selectRuntime } from "../../runtimes/runtime-settings.ts";
import type { SessionContext } from "../session-context.ts";
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
}

/** Starts a new run of a seed in a folder: a worker that owns the session from its first row on and outlives its starter. */
export async function startRun(
  context: SessionContext,
  request: {
    readonly seed: string;
    readonly cwd: string;
    readonly workspace: WorkspaceMode;
    readonly by: string;
    readonly host: HostBinding;
    readonly runtime?: string | undefined;
  },
): Promise<StartedRun | Refusal> {
  const seed = parseSeed(request.seed);
  if (isRefusal(seed)) return seed;
  const runtime = selectRuntime(context.runtimes, request.runtime);
  if (isRefusal(runtime)) return runtime;
  const [session_id, execution_id, job_id] = [newShortId("orch"), newShortId("exec"), newShortId("job")];
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
    host: { ...request.host },
  });
  if (report.outcome === "refused") return refuse(report.code, report.message, report.next, report.facts);
  if (report.outcome === "attached") return refuse("id_taken", report.why, "Start it anew");
  const { seed_id, goal, criteria } = seed;
  const ids = { session_id, execution_id, job_id, seed_id, goal };
  return { ...ids, runtime: runtime.name, worker_pid: report.pid, steps_total: criteria.length };
}
