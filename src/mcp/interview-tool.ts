import type * as v from "valibot";
import { safeParse } from "valibot";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import type { Kind } from "../domain/interview/interview-events.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { viewInterview } from "../views/interview.ts";
import {
  type InterviewAction,
  type InterviewRequest,
  type InterviewWorld,
  interviewCall,
} from "../workflows/interview/interview-call.ts";
import { lookAtProject } from "../workflows/interview/look-at-project.ts";
import { AskedState, type INTERVIEW_OUTPUT, interviewAnswer } from "./interview-answer.ts";
import { projectFolder } from "./project-folder.ts";
import type { ToolAnswer, ToolCall } from "./tool.ts";

/** No call blocks longer: some hosts give up at 60 seconds. `_OUROBOROS_CALL_PATIENCE_MS` shortens it, so that tests need not wait. */
export const PATIENCE_MS = Math.min(Number(process.env._OUROBOROS_CALL_PATIENCE_MS) || 40_000, 40_000);

/** The arguments both interview tools share. */
interface InterviewInput {
  readonly action?: InterviewAction | undefined;
  readonly initial_context?: string | undefined;
  readonly context_file?: string | undefined;
  readonly session_id?: string | undefined;
  readonly answer?: string | undefined;
  readonly round?: number | undefined;
  readonly last_question?: string | undefined;
  readonly interview_id?: string | undefined;
  readonly cwd?: string | undefined;
}

/** One call of an interview tool. On a call that comes back with a person's answer, that answer is what it is about. */
export async function holdInterview(
  kind: Kind,
  tool: string,
  input: InterviewInput,
  { context, signal, said }: ToolCall,
): Promise<ToolAnswer<v.InferInput<typeof INTERVIEW_OUTPUT>> | Refusal> {
  const asked = said && safeParse(AskedState, said.state);
  const request = asked?.success ? fromPerson(asked.output, said?.answer ?? null) : fromModel(input);
  const cwd = projectFolder(input.cwd);
  if (isRefusal(cwd)) return cwd;
  const turn = await interviewCall(
    interviewWorld(context, signal),
    { ...request, kind, cwd, by: "mcp_tool" },
    (session_id) => ({ hasHost: true, continuation: { tool, arguments: { session_id } }, patienceMs: PATIENCE_MS }),
    signal,
  );
  if (isRefusal(turn)) return turn;
  const isNew = input.session_id === undefined && said === undefined;
  const view = viewInterview(turn.interview, turn.work);
  // Looking at it puts no form before anybody; it is also how a model reads a question whose form could not be shown.
  const isPersonAsked = said !== undefined || input.action === "status";
  return interviewAnswer(view, { tool, isNew, isPersonAsked });
}

/** What interviews and seeds are made with on behalf of one call. */
export function interviewWorld({ store, minds, home }: SessionContext, signal: AbortSignal): InterviewWorld {
  return { store, minds, home, look: (cwd) => lookAtProject(cwd, home, signal) };
}

type Request = Omit<InterviewRequest, "kind" | "cwd" | "by">;

function fromModel(input: InterviewInput): Request {
  return {
    action: input.action,
    context: input.initial_context,
    contextFile: input.context_file,
    sessionId: input.session_id,
    interviewId: input.interview_id,
    answer: input.answer,
    round: input.round,
    question: input.last_question,
  };
}

/** One who did not want to answer is not asked again at once: the model is told the question. */
function fromPerson({ session_id, round }: { session_id: string; round: number }, answer: string | null): Request {
  if (answer === null) return { action: "status", sessionId: session_id };
  return { action: "answer", sessionId: session_id, round, answer };
}
