import { delay } from "../base/delay.ts";
import type { Step } from "../domain/run/steps.ts";
import type { PersonQuestion } from "../prompts/person-question.ts";
import { patiently } from "../sessions/owner/patiently.ts";
import { submitResult } from "../store/orders/submit-result.ts";
import { createOrder } from "../store/orders/work-orders.ts";
import { type Order, PERSON_QUESTION, readOrder } from "../store/orders/work-rows.ts";
import type { Store } from "../store/store.ts";
import type { Engine } from "./engine.ts";

const LOOK_MS = 2_000;

/** A question an agent has left for a person, in the inbox of its run. */
export interface Asked {
  readonly workId: string;
  readonly question: PersonQuestion;
}

/** Puts an agent's question where people and hosts find it: a work order that anybody may answer, once. */
export async function askPerson({ context, run }: Engine, step: Step, question: PersonQuestion): Promise<Asked> {
  const body = {
    scope: { aggregateType: "execution", aggregateId: step.scope },
    session_id: run.sessionId,
    role: "person",
    instructions: "An agent cannot go on without this decision. Ask the person; answer in their words.",
    input: JSON.stringify({ criterion: step.criterion, ...question }),
    answer_schema: {
      type: "object",
      properties: { answer: { type: "string", minLength: 1, maxLength: 4_000 } },
      required: ["answer"],
    },
    continuation: null,
  };
  const { work_id } = await patiently(() => createOrder(context.store, PERSON_QUESTION, body), run.lease.lost);
  return { workId: work_id, question };
}

/** The answer once somebody has given it; the question's default when nobody has in time, or when the run is not ours any more. */
export async function answerOf({ context, run, settings }: Engine, { workId, question }: Asked): Promise<string> {
  const until = performance.now() + settings.questionMs;
  while (performance.now() < until && !run.lease.lost.aborted) {
    const answer = answerIn(await readOrder(context.store, workId).catch(() => undefined));
    if (answer !== undefined) return answer;
    await delay(LOOK_MS, run.lease.lost);
  }
  return run.lease.lost.aborted ? question.default : settle(context.store, workId, question);
}

/** The default becomes the answer, so that one that comes later is told that it is too late; one that came just now goes before it. */
async function settle(store: Store, workId: string, question: PersonQuestion): Promise<string> {
  const order = await readOrder(store, workId);
  if (order) await submitResult(store, order, { workId, result: { answer: question.default }, claimEpoch: 0 });
  return answerIn(await readOrder(store, workId)) ?? question.default;
}

function answerIn(order: Order | undefined): string | undefined {
  const value = order?.result?.value;
  return typeof value === "object" && value !== null && "answer" in value ? String(value.answer) : undefined;
}
