import * as v from "valibot";
import type { InterviewView } from "../views/interview.ts";
import type { Asks } from "./asking.ts";
import type { ToolAnswer } from "./tool.ts";

/** Chosen to put a question off; upstream's hosts send it as it stands. */
const DECIDE_LATER = "[decide_later]";

/** What both interview tools answer with. What is in the parts stands in the answer itself; naming each key here would cost every turn. */
export const INTERVIEW_OUTPUT = v.looseObject({
  session_id: v.string(),
  status: v.picklist(["question", "needs_host", "needs_turn", "completed", "aborted"]),
  round: v.nullable(v.number()),
  question: v.nullable(v.looseObject({ text: v.string() })),
  answered_rounds: v.number(),
  ambiguity: v.nullable(v.looseObject({ score: v.number(), ready: v.boolean() })),
  completion: v.looseObject({ streak: v.number(), required: v.number() }),
  missing: v.array(v.looseObject({ dimension: v.string(), what: v.string() })),
  work: v.nullable(v.looseObject({ work_id: v.string() })),
  next_action: v.looseObject({ tool: v.string() }),
});

/** An interview as a host is told of it; `tool` is the one that goes on with it. */
export function interviewAnswer(
  view: InterviewView,
  { tool, isNew, isPersonAsked }: { readonly tool: string; readonly isNew: boolean; readonly isPersonAsked: boolean },
): ToolAnswer<v.InferInput<typeof INTERVIEW_OUTPUT>> {
  const { kind: _, question, ambiguity, completion, missing, work, decide_later, ...rest } = view;
  const value = {
    ...rest,
    question: question && { ...question },
    ambiguity: ambiguity && { ...ambiguity },
    completion: { ...completion },
    missing: missing.map((one) => ({ ...one })),
    decide_later: [...decide_later],
    work: work && { ...work },
    next_action: { ...nextAction(view, tool) },
  };
  const head = isNew ? `Interview started. Session ID: ${view.session_id}` : `Session ID: ${view.session_id}`;
  const text = [head, "", ...body(view, tool), ...standing(view)].join("\n");
  const asks = isPersonAsked ? undefined : asksOf(view);
  return { value, text, ...(asks && { asks }) };
}

/** The state that comes back with a person's answer: whose question it was. */
export const AskedState = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ session_id: v.string(), round: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
);

interface NextAction {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** In words, too: some hosts show their model the structured value and nothing else. */
  readonly say: string;
}

function nextAction(view: InterviewView, tool: string): NextAction {
  const { status, session_id, round, work, kind, question } = view;
  switch (status) {
    case "needs_host":
      return { tool: "ouroboros_submit", arguments: { work_id: work?.work_id ?? null }, say: THINK };
    case "completed": {
      const next =
        kind === "product"
          ? { tool, arguments: { session_id, action: "generate" } }
          : { tool: "ouroboros_generate_seed", arguments: { session_id } };
      return { ...next, say: "The interview is complete: write it down" };
    }
    case "question":
      return { tool, arguments: { session_id, round }, say: whoAnswers(question?.ask ?? "person", tool) };
    case "aborted":
      return { tool, arguments: {}, say: "It was given up; start another one" };
    case "needs_turn":
      return { tool, arguments: { session_id }, say: "The next question is being thought about: call again" };
  }
}

const THINK =
  "The answer is kept. Do the work order yourself now: follow work.instructions on work.input, and hand the result to ouroboros_submit with this work_id. The next question comes back from there";

function whoAnswers(ask: "person" | "code", tool: string): string {
  return ask === "code"
    ? `Look this up in the project's files and answer with "[from-code] …"; where they do not say it, ask the person`
    : `Ask the person, offer the suggestions and "${DECIDE_LATER}", and pass on what they say with ${tool}`;
}

function body(view: InterviewView, tool: string): string[] {
  const { status, question, ambiguity, session_id, work } = view;
  const score = ambiguity && !ambiguity.stale ? `(ambiguity: ${ambiguity.score.toFixed(2)}) ` : "";
  switch (status) {
    case "question":
      return question ? asked(question, score, tool) : [];
    case "needs_host": {
      const faults =
        work && work.faults.length > 0 ? [`Your last result was not taken: ${work.faults.join("; ")}`] : [];
      return [`${THINK}.`, ...faults];
    }
    case "completed":
      return [
        `Interview completed. ${score}Session ID: ${session_id}`,
        `Next: ${view.kind === "product" ? `${tool} with action "generate"` : "ouroboros_generate_seed"} with session_id="${session_id}".`,
      ];
    case "aborted":
      return ["This interview was given up. What was said stays readable."];
    case "needs_turn":
      return [`No question is open yet. Call ${tool} with this session_id for the next one; nothing is asked twice.`];
  }
}

function asked(question: NonNullable<InterviewView["question"]>, score: string, tool: string): string[] {
  const { text, suggestions, ask, why, reframed_from, classification } = question;
  return [
    `${score}${text}`,
    ...suggestions.map((one, index) => `  ${index + 1}. ${one}`),
    ...(why === "" ? [] : [`Why: ${why}`]),
    ...(reframed_from ? [`Technical question behind it: ${reframed_from}`] : []),
    ...(classification === "later" ? [`It may be skipped: "${DECIDE_LATER}".`] : []),
    `${whoAnswers(ask, tool)}.`,
  ];
}

/** What is still missing and why, after every turn. */
function standing({ status, ambiguity, missing, completion }: InterviewView): string[] {
  if (status === "completed" || status === "aborted" || !ambiguity) return [];
  const low = ambiguity.dimensions.filter(({ meets_floor }) => !meets_floor);
  const stale = ambiguity.stale ? ", before the last answer" : "";
  return [
    "",
    `Clear so far (needs ambiguity ${ambiguity.threshold} or less; now ${ambiguity.score.toFixed(2)}${stale}; ${completion.streak} of ${completion.required} clear turns):`,
    ...low.map(({ name, clarity, floor, why }) => `- ${name} ${clarity.toFixed(2)} of ${floor.toFixed(2)}: ${why}`),
    ...missing.map(({ dimension, what }) => `- missing (${dimension}): ${what}`),
  ];
}

/** A question to the person, as a form: it is theirs to answer, not the model's. */
function asksOf({ status, question, round, session_id }: InterviewView): Asks | undefined {
  if (status !== "question" || question?.ask !== "person" || round === null) return undefined;
  return {
    message: question.text,
    suggestions: [...question.suggestions, DECIDE_LATER],
    state: JSON.stringify({ session_id, round }),
  };
}
