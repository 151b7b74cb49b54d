import { text } from "node:stream/consumers";
import * as v from "valibot";
import { openApp } from "./app.ts";
import { OuroborosError } from "./base/errors.ts";
import { logLine } from "./base/log.ts";
import { isRefusal, type Refusal, refuse } from "./base/refusal.ts";
import { conductLineage } from "./conductor/conduct-lineage.ts";
import { tighter } from "./domain/run/ceiling.ts";
import { driveRun } from "./runs/drive-run.ts";
import type { OwnedRun } from "./sessions/owner/take-session.ts";
import { takeSession } from "./sessions/owner/take-session.ts";
import { WorkerOrder, type WorkerReport } from "./sessions/resume/worker-order.ts";

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/**
 * The worker process: takes its order from standard input, answers with one line once it owns the session or knows that it
 * will not, and drives the run. It needs nobody: whoever started it may be long gone.
 */
export async function runWorker(): Promise<number> {
  const order = v.parse(WorkerOrder, JSON.parse(await text(process.stdin)));
  const context = await openApp({ readOnly: false, create: order.kind === "begin" });
  try {
    const run = await takeSession(context, order).catch(toRefusal);
    await report(isRefusal(run) || "attached" in run ? toNo(run) : toYes(run));
    if (isRefusal(run) || "attached" in run) return 0;
    for (const signal of SIGNALS)
      process.on(signal, () => run.lease.giveUp({ kind: "stopped", why: `its worker got ${signal}` }));
    const { parallel } = order;
    const configured = context.runSettings;
    const runSettings = {
      ...configured,
      parallel: parallel ?? configured.parallel,
      ceiling: order.ceiling ? tighter(configured.ceiling, order.ceiling) : configured.ceiling,
    };
    const asOrdered = { ...context, runSettings };
    if (run.conducts) await conductLineage(asOrdered, run, run.conducts);
    else await driveRun(asOrdered, run);
    return 0;
  } finally {
    await context.store[Symbol.asyncDispose]();
  }
}

/** Trouble of the world before the work begins is the asker's to know; afterwards nobody may be there to hear of it. */
function toRefusal(error: unknown): Refusal {
  if (!(error instanceof OuroborosError)) throw error;
  return refuse(error.code, error.message, error.next);
}

function toYes({ sessionId, executionId, jobId, lease }: OwnedRun): WorkerReport {
  const ids = { session_id: sessionId, execution_id: executionId, job_id: jobId };
  return { outcome: "claimed", ...ids, epoch: lease.term.epoch, pid: process.pid };
}

function toNo(no: Exclude<Awaited<ReturnType<typeof takeSession>>, OwnedRun>): WorkerReport {
  if (!isRefusal(no)) return { outcome: "attached", why: no.attached };
  const { code, message, next, facts } = no;
  return { outcome: "refused", code, message, next, facts };
}

/** Whoever asked may be gone by now, which changes nothing. */
async function report(line: WorkerReport): Promise<void> {
  process.stdout.on("error", (error) => logLine(`nobody listens: ${error.message}`));
  await new Promise<void>((resolve) => {
    process.stdout.write(`${JSON.stringify(line)}\n`, () => resolve());
  });
}
