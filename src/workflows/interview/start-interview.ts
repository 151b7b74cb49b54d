import { newHexId } from "../../base/ids.ts";
import { type Refusal, refuse } from "../../base/refusal.ts";
import { INTERVIEW_STARTED, type Kind } from "../../domain/interview/interview-events.ts";
import { beginInterview } from "../../store/interviews.ts";
import type { Store } from "../../store/store.ts";
import { cleanText } from "./clean-text.ts";

/** Upstream's limit for what an interview begins with. */
export const MOST_CONTEXT_CHARS = 50_000;
const PREVIEW_CHARS = 500;
const ID = /^interview_[a-z0-9_]{1,26}$/;

export interface StartRequest {
  readonly context: string;
  readonly kind: Kind;
  /** Where the project is, if there is one. */
  readonly cwd: string | null;
  readonly project: { readonly isBrownfield: boolean; readonly text: string } | null;
  /** Chosen by the caller, so that it may call again after a lost answer. */
  readonly interviewId?: string | undefined;
  readonly by: string;
}

/** Begins an interview; resolves with its id. The wish is in the store before anybody is asked for a question. */
export async function startInterview(store: Store, request: StartRequest): Promise<string | Refusal> {
  const { interviewId = newHexId("interview"), kind, cwd, project, by } = request;
  const fault = idRefusal(interviewId);
  if (fault) return fault;
  const context = cleanText(request.context);
  if (context === "")
    return refuse("bad_context", "Cannot start: the wish is empty", "Say in a sentence what you want");
  if (context.length > MOST_CONTEXT_CHARS) {
    return refuse(
      "context_too_long",
      `Cannot start with ${context.length} characters: at most ${MOST_CONTEXT_CHARS} are taken`,
      "Pass a summary, and keep the rest for the answers",
      { max_chars: MOST_CONTEXT_CHARS, recoverable: true },
    );
  }
  const started = {
    initial_context: context.slice(0, PREVIEW_CHARS).toWellFormed(),
    context,
    kind,
    cwd,
    is_brownfield: project?.isBrownfield ?? false,
    project: project?.text ?? null,
    by,
  };
  const begun = await beginInterview(store, interviewId, [[INTERVIEW_STARTED, started]]);
  if (begun === "written") return interviewId;
  return refuse(
    "interview_exists",
    `Cannot start ${interviewId}: there is an interview of this id`,
    "Go on with it by its session_id, or start another one without an id",
    { session_id: interviewId },
  );
}

/** An id of ours or of upstream's, as may stand in a file's name. */
export function isInterviewId(id: string): boolean {
  return ID.test(id);
}

/** Why an id that a caller chose cannot be one. */
export function idRefusal(id: string): Refusal | undefined {
  if (isInterviewId(id)) return undefined;
  return refuse(
    "bad_id",
    `Cannot use ${JSON.stringify(id.slice(0, 100))} as an interview's id`,
    "Leave it out, or pass interview_ with lower-case letters, digits and underscores behind it",
  );
}
