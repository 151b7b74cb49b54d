import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Interview } from "../../domain/interview/interview.ts";
import type { Kind } from "../../domain/interview/interview-events.ts";
import type { Minds } from "../../minds/minds.ts";
import { readInterview, unknownInterview } from "../../store/interviews.ts";
import type { Store } from "../../store/store.ts";
import type { Caller } from "../caller.ts";
import { readContextFile } from "./context-file.ts";
import { abortInterview, completeInterview } from "./end-interview.ts";
import { importInterview } from "./import-interview.ts";
import { planTurn, type Turn } from "./plan-turn.ts";
import { amendAnswer, recordAnswer, withdrawAnswer } from "./record-answer.ts";
import { idRefusal, startInterview } from "./start-interview.ts";

export const INTERVIEW_ACTIONS = ["start", "answer", "next", "status", "amend", "undo", "complete", "abort"] as const;
export type InterviewAction = (typeof INTERVIEW_ACTIONS)[number];

/** One call about an interview, as a tool or a terminal makes it. */
export interface InterviewRequest {
  readonly action?: InterviewAction | undefined;
  readonly kind: Kind;
  readonly context?: string | undefined;
  /** A file of the project, below `cwd`. */
  readonly contextFile?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly interviewId?: string | undefined;
  readonly answer?: string | undefined;
  readonly round?: number | undefined;
  readonly question?: string | undefined;
  readonly reason?: string | undefined;
  readonly cwd: string;
  readonly by: string;
}

export interface InterviewWorld {
  readonly store: Store;
  readonly minds: Minds;
  readonly home: string;
  /** What is known of a folder before anybody is asked about it; null where nothing is there. */
  readonly look: (cwd: string) => Promise<{ readonly isBrownfield: boolean; readonly text: string } | null>;
}

/**
 * Does what one call asks for: what was said is written first, then the interview is scored and asked on. `caller` gets the
 * id of the interview for the call that goes on with it.
 */
export async function interviewCall(
  world: InterviewWorld,
  request: InterviewRequest,
  caller: (interviewId: string) => Caller,
  signal: AbortSignal,
): Promise<Turn | Refusal> {
  const action = request.action ?? inferAction(request);
  if (isRefusal(action)) return action;
  if (action === "start") {
    const id = await start(world, request);
    return isRefusal(id) ? id : planTurn(world, id, caller(id), signal);
  }
  const { sessionId } = request;
  if (sessionId === undefined) return missing("session_id", `action "${action}" is about an interview`);
  const known = await findInterview(world, sessionId);
  if (isRefusal(known)) return known;
  const changed = await change(world.store, known, action, request);
  if (isRefusal(changed)) return changed;
  if (action === "status" || changed.status !== "in_progress") return { interview: changed, work: null };
  return planTurn(world, sessionId, caller(sessionId), signal);
}

/** What upstream's arguments mean without an action; an answer goes before everything, since it would be lost. */
function inferAction({ sessionId, answer, context, contextFile }: InterviewRequest): InterviewAction | Refusal {
  if (sessionId !== undefined && answer !== undefined) return "answer";
  if (context !== undefined || contextFile !== undefined) return "start";
  if (sessionId !== undefined) return "next";
  return missing("initial_context", "Must provide initial_context to start or session_id to resume");
}

async function start(world: InterviewWorld, request: InterviewRequest): Promise<string | Refusal> {
  const { context, contextFile, kind, cwd, interviewId, by } = request;
  const read = contextFile === undefined ? context : await readContextFile(contextFile, cwd, world.home);
  if (isRefusal(read)) return read;
  const parts = contextFile === undefined ? [context] : [context, read];
  const wish = parts.filter((one) => one !== undefined).join("\n\n");
  if (wish === "") return missing("initial_context", "an interview begins with a wish");
  const badId = interviewId === undefined ? undefined : idRefusal(interviewId);
  if (badId) return badId;
  const project = await world.look(cwd);
  return startInterview(world.store, { context: wish, kind, cwd, project, interviewId, by });
}

/** Interviews that upstream keeps in files are taken into the store when they are first asked for. */
export async function findInterview({ store, home }: InterviewWorld, sessionId: string): Promise<Interview | Refusal> {
  const found = await readInterview(store, sessionId);
  if (found) return found;
  const imported = await importInterview(store, home, sessionId);
  return imported ?? unknownInterview(sessionId);
}

function change(
  store: Store,
  interview: Interview,
  action: Exclude<InterviewAction, "start">,
  { answer, round, question, reason, by }: InterviewRequest,
): Promise<Interview | Refusal> | Interview | Refusal {
  const { interview_id: id } = interview;
  switch (action) {
    case "next":
    case "status":
      return interview;
    case "answer":
      if (answer === undefined) return missing("answer", "there is nothing to record");
      return recordAnswer(store, id, { answer, round, question, by });
    case "amend":
      if (answer === undefined || round === undefined) return missing("round and answer", "both say what changes");
      return amendAnswer(store, id, { answer, round, by });
    case "undo":
      return withdrawAnswer(store, id, { round, by });
    case "complete":
      return completeInterview(store, id, by);
    case "abort":
      return abortInterview(store, id, { by, reason: reason ?? null });
  }
}

function missing(argument: string, why: string): Refusal {
  return refuse("bad_arguments", `Cannot call without ${argument}: ${why}`, `Pass ${argument}`);
}
