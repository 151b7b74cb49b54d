import { toOrigin } from "../domain/run/origin.ts";
import { AUTO_CLEANUP, isTerminal, type Session, type SessionStatus } from "../domain/session/session.ts";
import type { Liveness } from "../domain/session/verdict.ts";
import { parseTimestamp, toIsoTimestamp } from "../domain/timestamp.ts";
import { planResume, type ResumePlan } from "../sessions/resume/resume-plan.ts";
import { findSeed } from "../sessions/resume/seed-lookup.ts";
import { judgeSession, type SessionContext } from "../sessions/session-context.ts";
import { readOrigin } from "../store/session/run-records.ts";
import { readProgress } from "../store/session/session-progress.ts";
import { listSessions } from "../store/session/sessions.ts";

/** A session that is not over for good: how far it is, what stopped it, and what resuming it would do. */
export interface ResumableView {
  readonly session_id: string;
  readonly status: SessionStatus;
  readonly liveness: Liveness;
  readonly goal: string | null;
  readonly cwd: string | null;
  readonly machine: string | null;
  readonly branch: string | null;
  readonly last_activity_at: string | null;
  readonly steps_done: number | null;
  readonly steps_total: number | null;
  readonly host_session_id: string | null;
  readonly project_dir: string | null;
  readonly job_id: string | null;
  /** What resuming it would do now; `needs_seed` when it would, but nobody knows its seed. */
  readonly would: ResumePlan["action"] | "needs_seed";
  readonly why: string;
}

const STATUSES = ["running", "paused", "failed", "cancelled"] as const;

/** Sessions that are running or paused, then those that ended in a way that can be taken back; the latest first. */
export async function resumableSessions(context: SessionContext, limit: number): Promise<ResumableView[]> {
  const pages = await Promise.all(STATUSES.map((status) => listSessions(context.store, { limit, status })));
  const candidates = pages
    .flatMap(({ sessions }) => sessions)
    .filter(({ status, status_by }) => status !== "cancelled" || status_by === AUTO_CLEANUP);
  const newest = candidates.sort(openFirst).slice(0, limit);
  const views: ResumableView[] = [];
  for (const session of newest) {
    const view = await toView(context, session);
    if (view) views.push(view);
  }
  return views;
}

/** What is not over at all goes before every end that could be taken back, however recent: it must not fall off the list. */
function openFirst(a: Session, b: Session): number {
  return Number(isTerminal(a.status)) - Number(isTerminal(b.status)) || (a.status_at < b.status_at ? 1 : -1);
}

async function toView(context: SessionContext, { session_id }: Session): Promise<ResumableView | undefined> {
  const judgement = await judgeSession(context, session_id);
  if (!judgement) return undefined;
  const { session, newestAt } = judgement.facts;
  const origin = toOrigin(await readOrigin(context.store, session_id));
  const plan = planResume(judgement, { self: context.identity, machine: origin.machine, force: false });
  if (plan.action === "ended") return undefined;
  const goesOn = plan.action === "claim" || plan.action === "reopen";
  const knowsSeed = !goesOn || (await findSeed(context, { seedHash: origin.seed_hash, seedId: session.seed_id }));
  const { keys } = await readProgress(context.store, session);
  return {
    session_id,
    status: session.status,
    liveness: judgement.verdict.liveness,
    goal: session.goal,
    cwd: session.cwd,
    machine: origin.host ?? origin.machine,
    branch: origin.branch,
    last_activity_at: newestAt === undefined ? iso(session.status_at) : toIsoTimestamp(newestAt),
    steps_done: count(keys.completed_count),
    steps_total: count(keys.total_count),
    host_session_id: origin.host_session_id,
    project_dir: origin.project_dir,
    job_id: origin.job_id,
    would: knowsSeed ? plan.action : "needs_seed",
    why: plan.why,
  };
}

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : null;
}

function iso(stored: string): string | null {
  const at = parseTimestamp(stored);
  return at === undefined ? null : toIsoTimestamp(at);
}
