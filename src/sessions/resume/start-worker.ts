import { join } from "node:path";
import * as v from "valibot";
import { OuroborosError } from "../../base/errors.ts";
import { startDetached } from "../../process/detached.ts";
import { MARKER_VARIABLE } from "../../process/process-list.ts";
import type { SessionContext } from "../session-context.ts";
import { type WorkerOrder, WorkerReport } from "./worker-order.ts";

/** A claim is a few statements, but the store may be busy, and old agents get time to end. */
const PATIENCE_MS = 25_000;

/**
 * Starts a worker: a detached process of this program that takes the session over and outlives whoever asked for it.
 * Resolves with what it says before it begins; throws `worker_failed` when it says nothing.
 */
export async function startWorker(
  context: SessionContext,
  order: WorkerOrder,
  signal?: AbortSignal,
): Promise<WorkerReport> {
  const worker = await startDetached({
    args: ["worker"],
    // Without the marker of an agent that may have asked for this: the run outlives that agent.
    env: { ...process.env, ...storeEnvironment(context), OUROBOROS_HOME: context.home, [MARKER_VARIABLE]: undefined },
    input: JSON.stringify(order),
    logFile: workerLog(context, order.session_id),
  });
  const line = await worker.firstLine(PATIENCE_MS, signal);
  const report = v.safeParse(WorkerReport, parseJson(line));
  if (report.success) return report.output;
  throw new OuroborosError(
    "worker_failed",
    `The worker for ${order.session_id} said something unexpected: ${line.slice(0, 200)}`,
    "This is a bug: please report it",
  );
}

/** Where a session's workers write what goes wrong. */
function workerLog({ home }: SessionContext, sessionId: string): string {
  return join(home, "logs", "workers", `${sessionId.replaceAll(/[^\w.-]/g, "_")}.log`);
}

/** Through the environment and not the command line, which every user of the machine can read. */
function storeEnvironment({ store }: SessionContext): Record<string, string | undefined> {
  const { target } = store;
  return target.kind === "file"
    ? { OUROBOROS_DATABASE_URL: target.path, OUROBOROS_DATABASE_TOKEN: undefined }
    : { OUROBOROS_DATABASE_URL: target.url, OUROBOROS_DATABASE_TOKEN: target.token };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
