import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import type { Interview } from "../../../domain/interview/interview.ts";
import { viewInterview } from "../../../views/interview.ts";
import {
  type InterviewRequest,
  type InterviewWorld,
  interviewCall,
} from "../../../workflows/interview/interview-call.ts";
import type { Answer, Cli } from "../../command.ts";
import { startProgress } from "../../progress.ts";
import { lines } from "../../render.ts";
import { inTerminalWords } from "./in-terminal-words.ts";
import { transcriptLines, turnLines } from "./turn-text.ts";
import { terminalCaller } from "./world.ts";
import { proseStyle } from "./wrap.ts";

/** What a turn outside a dialogue is made with. */
export interface TurnTools {
  readonly cli: Cli;
  readonly world: InterviewWorld;
  readonly mind: string | undefined;
  readonly brief: boolean;
}

export type TurnAction = Pick<InterviewRequest, "action" | "answer" | "round" | "reason">;

/** One turn of an interview, and how it stands then. */
export async function oneTurn(tools: TurnTools, interviewId: string, action: TurnAction): Promise<Answer | Refusal> {
  const interview = await takeTurn(tools, interviewId, action);
  return isRefusal(interview) ? interview : shown(tools, interview, action.action === "status");
}

/** Gives one answer after the other, until there are no more or no more are needed; shows how it stands then. */
export async function answerAll(
  tools: TurnTools,
  interviewId: string,
  answers: readonly string[],
): Promise<Answer | Refusal> {
  let interview = await takeTurn(tools, interviewId, { action: "next" });
  for (const answer of answers) {
    if (isRefusal(interview) || interview.status !== "in_progress") break;
    interview = await takeTurn(tools, interviewId, { action: "answer", answer, round: openRound(interview) });
  }
  return isRefusal(interview) ? interview : shown(tools, interview, false);
}

/** Does one thing to an interview and, where it goes on, has the next question asked; says so when that takes long. */
export async function takeTurn(
  { cli, world, mind }: TurnTools,
  sessionId: string,
  action: TurnAction,
): Promise<Interview | Refusal> {
  const progress = startProgress(process.stderr, "Thinking about the next question …");
  try {
    const request = { ...action, kind: "developer", cwd: process.cwd(), sessionId, by: "user" } as const;
    const done = await interviewCall(world, request, () => terminalCaller(mind), cli.interruption.signal);
    return isRefusal(done) ? inTerminalWords(done, sessionId) : done.interview;
  } finally {
    progress.done();
  }
}

function openRound({ rounds }: Interview): number | undefined {
  return rounds.findLast(({ answer }) => answer === null)?.number;
}

function shown({ cli, brief }: TurnTools, interview: Interview, isWhole: boolean): Answer {
  const style = proseStyle(cli.style);
  const view = viewInterview(interview, null);
  const { session_id, status } = view;
  const { work: _, ...value } = view;
  const said = isWhole ? [...transcriptLines(style, interview), ""] : [];
  const text = lines([
    `${session_id}: ${IN_WORDS[status]}`,
    "",
    ...said,
    ...turnLines(style, view, { brief }),
    ...after(view),
  ]);
  return { json: isWhole ? { ...value, rounds: interview.rounds } : value, text };
}

const IN_WORDS = {
  question: "a question is open",
  needs_host: "the host's model has something to think about",
  needs_turn: "no question is open yet",
  completed: "clear enough to build",
  aborted: "given up",
} as const;

function after({ status, session_id, round, kind }: ReturnType<typeof viewInterview>): string[] {
  switch (status) {
    case "question":
      return ["", `Answer: ouroboros interview answer ${session_id} TEXT --round ${round}`];
    case "completed":
      return ["", `Next: ouroboros ${kind === "product" ? "pm" : "seed"} generate ${session_id}`];
    case "aborted":
      return [];
    default:
      return ["", `Next: ouroboros interview next ${session_id}`];
  }
}
