import { breathe } from "../../store/session/catch-up.ts";
import type { LeaseFilter } from "../../store/session/leases.ts";
import { adoptStartless } from "../../store/session/startless-sessions.ts";
import type { SessionContext } from "../session-context.ts";
import { JobsOfSessions, sweep, sweepJobs } from "./sweep.ts";
import type { SweptSession } from "./sweep-session.ts";

/** How a clean-up runs: under which batch, until when, and who hears of each group of judged sessions. */
export interface CleanUpOptions {
  readonly batchId: string;
  readonly signal: AbortSignal;
  /** Called after each slice, and waited for. */
  readonly onSwept: (swept: readonly SweptSession[]) => void | Promise<void>;
}

const SLICE = { maxSessions: 1_000, maxMs: 50 };

/** Judges every running session, or those of a filter, in slices that let requests be answered in between. */
export async function sweepEverything(
  context: SessionContext,
  options: CleanUpOptions,
  bounds: { readonly after: string; readonly leases: LeaseFilter } = { after: "", leases: "all" },
): Promise<void> {
  const { batchId, signal, onSwept } = options;
  const jobs = new JobsOfSessions(context);
  for (let after: string | undefined = bounds.after; after !== undefined && !signal.aborted; await breathe()) {
    const { swept, next } = await sweep(context, { ...SLICE, ...bounds, batchId, signal, jobs, after });
    await onSwept(swept);
    after = next;
  }
}

/** Takes in session streams that no status row ever announced; true when there were any, which then want to be judged. */
export async function adoptStreams({ store }: SessionContext, signal: AbortSignal): Promise<boolean> {
  let adopted = 0;
  for (let after: string | undefined = ""; after !== undefined && !signal.aborted; await breathe()) {
    const step = await adoptStartless(store, after);
    adopted += step.found;
    after = step.next;
  }
  return adopted > 0;
}

/** Closes the jobs of sessions that have ended; returns how many. */
export async function closeJobs(context: SessionContext, signal: AbortSignal): Promise<number> {
  let closed = 0;
  for (
    let before: number | undefined = Number.MAX_SAFE_INTEGER;
    before !== undefined && !signal.aborted;
    await breathe()
  ) {
    const step = await sweepJobs(context, before);
    closed += step.closed;
    before = step.next;
  }
  return closed;
}
