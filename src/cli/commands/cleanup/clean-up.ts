import { newShortId } from "../../../base/ids.ts";
import { judgeSession, type SessionContext } from "../../../sessions/session-context.ts";
import { adoptStreams, closeJobs, sweepEverything } from "../../../sessions/sweep/clean-up.ts";
import type { SweptSession } from "../../../sessions/sweep/sweep-session.ts";
import { mustBeWritable } from "../../../store/append.ts";
import { breathe } from "../../../store/session/catch-up.ts";
import { openSessionIds } from "../../../store/session/leases.ts";

/** What a clean-up did, or would do. */
export interface CleanedUp {
  readonly dry_run: boolean;
  /** False when it was interrupted: the rest was not looked at. */
  readonly complete: boolean;
  /** Null when nothing was written. */
  readonly batch_id: string | null;
  readonly examined: number;
  /** How many sessions had which outcome. */
  readonly counts: Readonly<Record<string, number>>;
  readonly jobs_closed: number;
  /** The command that takes the cancellations back; null when there are none. */
  readonly undo: string | null;
  readonly sessions: readonly CleanedUpSession[];
}

interface CleanedUpSession {
  readonly session_id: string;
  readonly outcome: string;
  readonly liveness: string | null;
  readonly rule: string | null;
  readonly why: string | null;
}

const AT_ONCE = 50;
const OUTCOMES = {
  none: "spared",
  report: "reported",
  pause: "would_be_paused",
  cancel: "would_be_cancelled",
} as const;

/** Judges every running session and writes nothing about any. */
export async function rehearse(
  context: SessionContext,
  signal: AbortSignal,
  tell: (judged: number) => void,
): Promise<CleanedUp> {
  const { store } = context;
  await adoptStreams(context, signal);
  const sessions: CleanedUpSession[] = [];
  for (let after: string | undefined = ""; after !== undefined && !signal.aborted; ) {
    const ids: string[] = await openSessionIds(store, { after, limit: AT_ONCE, leases: "all" });
    for (const id of ids) {
      const verdict = (await judgeSession(context, id))?.verdict;
      if (verdict) sessions.push({ session_id: id, outcome: OUTCOMES[verdict.sweep], ...shown(verdict) });
      await breathe();
    }
    tell(sessions.length);
    after = ids.length < AT_ONCE ? undefined : ids.at(-1);
  }
  return { dry_run: true, complete: !signal.aborted, batch_id: null, ...summed(sessions), jobs_closed: 0, undo: null };
}

/** Judges every running session, carries the verdicts out under one batch id, and closes jobs of sessions that have ended. */
export async function cleanUp(
  context: SessionContext,
  signal: AbortSignal,
  tell: (judged: number) => void,
): Promise<CleanedUp> {
  mustBeWritable(context.store);
  await adoptStreams(context, signal);
  const batchId = newShortId("batch");
  const sessions: CleanedUpSession[] = [];
  const onSwept = (swept: readonly SweptSession[]) => {
    for (const { session_id, outcome, verdict } of swept) sessions.push({ session_id, outcome, ...shown(verdict) });
    tell(sessions.length);
  };
  await sweepEverything(context, { batchId, signal, onSwept });
  const jobsClosed = await closeJobs(context, signal);
  const wrote = sessions.some(({ outcome }) => outcome === "cancelled" || outcome === "paused");
  const cancelled = sessions.some(({ outcome }) => outcome === "cancelled");
  return {
    dry_run: false,
    complete: !signal.aborted,
    batch_id: wrote ? batchId : null,
    ...summed(sessions),
    jobs_closed: jobsClosed,
    undo: cancelled ? `ouroboros cleanup --undo ${batchId}` : null,
  };
}

function shown(verdict: { liveness: string; rule: string; why: string } | undefined) {
  return { liveness: verdict?.liveness ?? null, rule: verdict?.rule ?? null, why: verdict?.why ?? null };
}

function summed(sessions: readonly CleanedUpSession[]) {
  const counts: Record<string, number> = {};
  for (const { outcome } of sessions) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return { examined: sessions.length, counts, sessions };
}
