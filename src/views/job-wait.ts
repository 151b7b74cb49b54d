import { delay } from "../base/delay.ts";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import { type WaitFor, wakes } from "../domain/job-news.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { jobEvents, newestRowidOfAll, someJobEvent } from "../store/jobs/jobs.ts";
import { type EventLine, toEventLine } from "./event-list.ts";
import { type JobView, type SeenJob, seeJob } from "./job.ts";

export interface JobWait {
  readonly jobId: string;
  /** The newest event the caller knows of. */
  readonly cursor: number;
  readonly timeoutMs: number;
  readonly waitFor: WaitFor;
  /** `linked` also hands out the events after the cursor. */
  readonly stream: "progress" | "linked";
  readonly signal: AbortSignal;
  /** Told when the picture has changed, and often enough for a client to know that the call is alive. */
  readonly tell: (view: JobView, waitedMs: number) => Promise<void>;
}

/** How a job stands at the end of a wait, and why the wait is over. */
export interface JobWaitView extends JobView {
  /** Whether what was waited for has come. */
  readonly changed: boolean;
  readonly wait_timed_out: boolean;
  /** Events after the cursor, oldest first; with more to come the cursor stands at the last of them. */
  readonly stream_events?: readonly EventLine[];
  readonly stream_has_more?: boolean;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 1_000;
/** A dead owner and a request to cancel leave no event behind. */
const LOOK_AGAIN_MS = 2_000;
const TELL_MS = 10_000;
const EVENTS_AT_ONCE = 20;

/** Waits until a matching event is there, the job has ended, the time is over, or the caller is gone. */
export async function jobWait(context: SessionContext, wait: JobWait): Promise<JobWaitView | Refusal> {
  const { store } = context;
  const began = performance.now();
  const waited = () => performance.now() - began;
  const first = await seeJob(context, wait.jobId);
  if (isRefusal(first)) return first;
  let seen = first;
  let matched = await hasNews(context, seen, wait.cursor, wait.waitFor);
  let told = { picture: pictureOf(first.view), at: 0 };
  let seenAt = waited();
  for (let pause = FIRST_PAUSE_MS; !isOver(); pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    await delay(Math.min(pause, Math.max(1, wait.timeoutMs - waited())), wait.signal);
    if (wait.signal.aborted) break;
    const isQuiet = (await newestRowidOfAll(store)) === seen.judged.picture.storeRowid;
    if (!isQuiet || waited() - seenAt >= LOOK_AGAIN_MS) {
      const before = seen.judged.picture.newestRowid;
      const now = await seeJob(context, wait.jobId, seen.judged.job);
      if (isRefusal(now)) return now;
      seen = now;
      seenAt = waited();
      if (now.judged.picture.newestRowid > before) pause = FIRST_PAUSE_MS;
      matched = (await hasNews(context, now, before, wait.waitFor)) || hasTurned(wait.waitFor, first.view, now.view);
    }
    const picture = pictureOf(seen.view);
    if (picture !== told.picture || waited() - told.at >= TELL_MS) {
      told = { picture, at: waited() };
      await wait.tell(seen.view, told.at);
    }
  }
  const { view } = seen;
  const changed = matched || view.status !== first.view.status || (view.is_terminal && view.cursor > wait.cursor);
  const wait_timed_out = !matched && !view.is_terminal && !wait.signal.aborted;
  const linked = wait.stream === "linked" ? await linkedEvents(context, seen, wait.cursor) : {};
  return { ...view, changed, wait_timed_out, ...linked };

  function isOver(): boolean {
    return matched || seen.view.is_terminal || wait.signal.aborted || waited() >= wait.timeoutMs;
  }
}

async function hasNews(
  { store }: SessionContext,
  { judged }: SeenJob,
  after: number,
  waitFor: WaitFor,
): Promise<boolean> {
  const upto = judged.picture.newestRowid;
  if (upto <= after) return false;
  return waitFor === "raw" || someJobEvent(store, judged.scopes, { after, upto }, (type) => wakes(waitFor, type));
}

/** What upstream only tells in its progress rows, which are far too many to wake anybody by themselves. */
function hasTurned(waitFor: WaitFor, before: JobView, now: JobView): boolean {
  if (waitFor === "terminal") return false;
  if (waitFor === "phase_change") return now.current_phase !== before.current_phase || now.status !== before.status;
  return now.ac_completed !== before.ac_completed || now.status !== before.status;
}

async function linkedEvents({ store }: SessionContext, { view, judged }: SeenJob, after: number) {
  const bounds = { after, upto: view.cursor, limit: EVENTS_AT_ONCE + 1 };
  const events = await jobEvents(store, judged.scopes, bounds);
  const page = events.slice(0, EVENTS_AT_ONCE).map(toEventLine);
  const hasMore = events.length > page.length;
  return {
    stream_events: page,
    stream_has_more: hasMore,
    cursor: hasMore ? (page.at(-1)?.rowid ?? view.cursor) : view.cursor,
  };
}

function pictureOf({ status, ac_completed, current_phase, activity, message }: JobView): string {
  return JSON.stringify([status, ac_completed, current_phase, activity, message]);
}
