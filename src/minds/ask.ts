import { delay } from "../base/delay.ts";
import type { Refusal } from "../base/refusal.ts";
import type { Usage } from "../runtimes/runtime.ts";
import { type Fitting, fit, toAnswerSchema } from "./answer-schema.ts";
import { jsonIn } from "./extract-json.ts";
import { addUsage, badAnswer, type Fault, stopped, toRefusal } from "./fault.ts";
import type { Answered, JsonSchema, Question } from "./mind.ts";

/** One question as it is put, once. */
export interface Turn {
  readonly instructions: string;
  readonly prompt: string;
  readonly answerSchema: JsonSchema;
  /** Where an agent may look. */
  readonly folder?: string | undefined;
  /** What is left of the call's time. */
  readonly limitMs: number;
}

/** What was said to it: `structured` where the speaker itself held the model to the schema. */
export interface Said {
  readonly text: string;
  readonly structured: unknown;
  readonly model: string | null;
  readonly usage: Usage | null;
}

/** Puts a question once, without tries of its own. Settles soon after its signal aborts, with nothing left behind. */
export interface Speaker {
  readonly name: string;
  readonly model: string | null;
  say(turn: Turn, signal: AbortSignal): Promise<Said | Fault>;
}

/** How often a call may ask in all, its one repair included, and how long it waits in between. */
export interface Patience {
  readonly tries: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export const PATIENCE: Patience = { tries: 4, firstPauseMs: 500, longestPauseMs: 20_000 };
const DEADLINE_MS = 180_000;
const MOST_QUOTED = 20_000;

/** Asks until the answer fits: one budget of tries, one repair with what was wrong, one deadline over everything. */
export async function ask<T>(
  speaker: Speaker,
  question: Question<T>,
  signal: AbortSignal,
  patience: Patience = PATIENCE,
): Promise<Answered<T> | Refusal> {
  const deadlineMs = question.deadlineMs ?? DEADLINE_MS;
  const deadline = performance.now() + deadlineMs;
  const late = AbortSignal.timeout(deadlineMs);
  const either = AbortSignal.any([signal, late]);
  const answerSchema = toAnswerSchema(question.schema);
  let prompt = promptOf(question, answerSchema);
  let model = speaker.model;
  let usage: Usage | null = null;
  let attempts = 0;
  let repaired = false;
  const spent = () => ({ mind: speaker.name, model, attempts, usage });
  const tooLate = () =>
    toRefusal({ kind: "timed_out", message: `no answer within ${deadlineMs} ms`, retryAfterMs: null }, spent());

  for (;;) {
    if (signal.aborted) return stopped(spent());
    if (late.aborted) return tooLate();
    attempts++;
    const limitMs = Math.max(1, deadline - performance.now());
    const { instructions, folder } = question;
    const said = await speaker.say({ instructions, prompt, answerSchema, folder, limitMs }, either);
    usage = addUsage(usage, said.usage);
    if ("kind" in said) {
      if (signal.aborted) return stopped(spent());
      if (late.aborted) return tooLate();
      const pauseMs = pauseAfter(said, attempts, patience);
      // A wait that outlasts the deadline is refused now: whoever asked may have something better to do.
      if (pauseMs === undefined || performance.now() + pauseMs >= deadline) return toRefusal(said, spent());
      await delay(pauseMs, either);
      continue;
    }
    model = said.model ?? model;
    const found = understand(question, said);
    if (found.fits) {
      return { status: "answered", value: found.value, by: { mind: speaker.name, model }, usage, attempts };
    }
    if (repaired || attempts >= patience.tries) return badAnswer(found.faults, spent());
    repaired = true;
    prompt = repairOf(question, answerSchema, said, found.faults);
  }
}

function pauseAfter({ again, retryAfterMs }: Fault, attempts: number, patience: Patience): number | undefined {
  if (!again || attempts >= patience.tries) return undefined;
  const { firstPauseMs, longestPauseMs } = patience;
  const backOff = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempts - 1)) * (0.5 + Math.random());
  return Math.max(retryAfterMs ?? 0, backOff);
}

/** The first thing said that fits; when nothing does, what is wrong with the likeliest. */
function understand<T>({ schema }: Question<T>, { text, structured }: Said): Fitting<T> {
  const meant = structured === undefined || structured === null ? jsonIn(text) : [structured];
  let first: Fitting<T> | undefined;
  for (const value of meant) {
    const found = fit(schema, value);
    if (found.fits) return found;
    first ??= found;
  }
  return first ?? { fits: false, faults: ["answer: there is no JSON object in it"] };
}

function promptOf({ input }: Question<unknown>, answerSchema: JsonSchema): string {
  return `${input}

Answer with one JSON object that fits this JSON Schema, and with nothing else:
${JSON.stringify(answerSchema)}`;
}

function repairOf(
  question: Question<unknown>,
  answerSchema: JsonSchema,
  said: Said,
  faults: readonly string[],
): string {
  const answer = said.text === "" ? JSON.stringify(said.structured) : said.text;
  return `${promptOf(question, answerSchema)}

Your last answer was:
${(answer ?? "").slice(0, MOST_QUOTED)}

It does not fit:
${faults.map((fault) => `- ${fault}`).join("\n")}

Give the whole object again, corrected.`;
}
