import * as v from "valibot";
import { newId } from "../base/ids.ts";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import { AGENT_ENDED, type Step } from "../domain/run/steps.ts";
import type { Question } from "../minds/mind.ts";
import type { Engine } from "./engine.ts";

/** What a question takes of a run. */
export type Asking = Pick<Engine, "context" | "run" | "log" | "usages">;

const Amount = v.nullable(v.number());
const Usage = v.fallback(v.nullable(v.object({ input_tokens: Amount, output_tokens: Amount, cost_usd: Amount })), null);

/** Puts a question about a step to one of the user's minds. What that took counts to what the run has taken. */
export async function askMind<T>(
  { context, run, log, usages }: Asking,
  step: Step,
  question: Question<T>,
): Promise<T | Refusal> {
  const { store, minds } = context;
  const host = { store, scope: { aggregateType: "execution", aggregateId: step.scope }, continuation: null };
  // A worker has no host at its other end: it may be long gone.
  const mind = await minds.open({ role: question.role, hasHost: false, host });
  if (isRefusal(mind)) return mind;
  const answer = await mind.ask(question, run.lease.lost);
  if (!isRefusal(answer) && answer.status === "needs_host") throw new Error("A worker's mind has no host");
  const usage = v.parse(Usage, isRefusal(answer) ? answer.facts.usage : answer.usage);
  usages.push(usage);
  const said = { session_attempt_id: newId(), purpose: question.kind, mind: mind.name, usage };
  await log.note(step, AGENT_ENDED, said);
  return isRefusal(answer) ? answer : answer.value;
}
