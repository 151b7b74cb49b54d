import { realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, relative, resolve, sep } from "node:path";
import { type Origin, toOrigin } from "../domain/run/origin.ts";
import { pauseWords } from "../domain/session/pause-reason.ts";
import { isReopenable, isTerminal, SESSION_STATUSES, type Session } from "../domain/session/session.ts";
import { parseTimestamp } from "../domain/timestamp.ts";
import { planResume, type ResumePlan } from "../sessions/resume/resume-plan.ts";
import { judgeSession, type SessionContext } from "../sessions/session-context.ts";
import { readOrigin } from "../store/session/run-records.ts";
import { readProgress } from "../store/session/session-progress.ts";
import { listSessions } from "../store/session/sessions.ts";
import { type CardLine, writeCard } from "./resume-card-text.ts";

const LOOKED_AT = 200;
/** Sessions that are asked which host they belong to, or judged: a hook waits for the card. */
const AT_MOST = 50;
const SHOWN = 3;
const OLDEST_MICROS = 7 * 24 * 3600e6;

/**
 * What a model that opens a project should know: work there that runs, with what it has spent, and work that was
 * interrupted in the last days. Plain text of at most 300 tokens; empty when there is nothing to say.
 */
export async function resumeCard(
  context: SessionContext,
  where: { readonly cwd: string; readonly hostSessionId: string | null },
): Promise<string> {
  const found: Found[] = [];
  for (const session of await candidates(context, where)) {
    const one = await look(context, session);
    if (one) found.push(one);
  }
  found.sort((a, b) => Number(b.isRunning) - Number(a.isRunning) || b.at - a.at);
  const lines: CardLine[] = [];
  for (const one of found.slice(0, SHOWN)) lines.push(await toLine(context, one));
  return writeCard(lines, found.length - lines.length);
}

interface Found {
  readonly session: Session;
  readonly origin: Origin;
  readonly plan: ResumePlan;
  readonly isRunning: boolean;
  /** Latest activity, and the present, both in microseconds by the store. */
  readonly at: number;
  readonly now: number;
}

/** Sessions of this folder or this host session that are not over for good, newest first. */
async function candidates(
  { store }: SessionContext,
  { cwd, hostSessionId }: { readonly cwd: string; readonly hostSessionId: string | null },
): Promise<Session[]> {
  const open = SESSION_STATUSES.filter((status) => status !== "completed");
  const pages = await Promise.all(open.map((status) => listSessions(store, { limit: LOOKED_AT, status })));
  const sessions = pages
    .flatMap((page) => page.sessions)
    .filter((session) => !isTerminal(session.status) || isReopenable(session))
    .sort((a, b) => (a.status_at < b.status_at ? 1 : -1));
  const folders = await spellings(cwd);
  const isHere = (session: Session) => session.cwd !== null && folders.some((folder) => belongs(session.cwd, folder));
  const mine = new Set(sessions.filter(isHere));
  if (hostSessionId !== null) {
    for (const session of sessions.filter((one) => !mine.has(one)).slice(0, AT_MOST)) {
      const origin = toOrigin(await readOrigin(store, session.session_id));
      if (origin.host_session_id === hostSessionId) mine.add(session);
    }
  }
  return sessions.filter((session) => mine.has(session)).slice(0, AT_MOST);
}

async function look(context: SessionContext, { session_id }: Session): Promise<Found | undefined> {
  const judgement = await judgeSession(context, session_id);
  if (!judgement) return undefined;
  const { session, newestAt, now } = judgement.facts;
  const origin = toOrigin(await readOrigin(context.store, session_id));
  const plan = planResume(judgement, { self: context.identity, machine: origin.machine, force: false });
  if (plan.action === "ended") return undefined;
  const isRunning = session.status === "running" && judgement.verdict.liveness === "live";
  // A pause or an end is as old as it is, whatever a straggler has written since.
  const at = (session.status === "running" ? newestAt : undefined) ?? parseTimestamp(session.status_at) ?? 0;
  return isRunning || now - at <= OLDEST_MICROS ? { session, origin, plan, isRunning, at, now } : undefined;
}

async function toLine({ store }: SessionContext, { session, origin, plan, isRunning, at, now }: Found) {
  const { keys } = await readProgress(store, session);
  const since = parseTimestamp(session.status_at);
  return {
    sessionId: session.session_id,
    goal: session.goal,
    state: isRunning ? running(plan, origin) : stopped(session, plan, origin),
    done: count(keys.completed_count),
    total: count(keys.total_count),
    elapsedSeconds: isRunning && since !== undefined && since <= now ? (now - since) / 1e6 : null,
    agoSeconds: isRunning ? null : Math.max(0, now - at) / 1e6,
    tokens: count(keys.estimated_tokens),
    costUsd: amount(keys.estimated_cost_usd),
  };
}

function running({ action }: ResumePlan, origin: Origin): string {
  if (action === "attach") return "running";
  if (action === "elsewhere") return `running ${elsewhere(origin)}`;
  return action === "cancelling" ? "being cancelled" : "probably running";
}

function stopped({ status, reason }: Session, { action, why }: ResumePlan, origin: Origin): string {
  const what =
    status === "running" ? `interrupted: ${why}` : reason === null ? status : `${status}: ${pauseWords(reason)}`;
  if (action === "elsewhere") return `${elsewhere(origin)}; ${what}`;
  return action === "needs_attention" ? `needs attention: ${why}` : what;
}

function elsewhere({ host, branch }: Origin): string {
  return `on another machine${host === null ? "" : ` (${host}${branch === null ? "" : `, ${branch}`})`}`;
}

/** The folder as given and as the file system calls it: hosts name it either way. */
async function spellings(cwd: string): Promise<string[]> {
  const given = resolve(cwd);
  const real = await realpath(given).catch(() => given);
  return [...new Set([given, real])];
}

/** Work in the folder, inside it, or in a project around it; but what runs in the home or the root is not every project's. */
function belongs(sessionFolder: string | null, folder: string): boolean {
  if (sessionFolder === null) return false;
  const work = resolve(sessionFolder);
  if (isWithin(work, folder)) return true;
  return isWithin(folder, work) && work !== homedir() && dirname(work) !== work;
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && resolve(folder, way) === path;
}

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function amount(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}
