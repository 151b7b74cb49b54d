import { isRefusal, type Refusal, refuse } from "../../../base/refusal.ts";
import type { SessionContext } from "../../../sessions/session-context.ts";
import { submitWork } from "../../../sessions/submit-work.ts";
import { openOrders } from "../../../store/orders/open-orders.ts";
import { PERSON_QUESTION } from "../../../store/orders/work-rows.ts";
import type { CriterionView, RunTree } from "../../../views/run-tree.ts";

/** A criterion whose agent has left a decision to a person. */
export type Asking = CriterionView & { readonly question: NonNullable<CriterionView["question"]> };

const MOST_CHARS = 4_000;

/** The criteria of a run that wait for an answer. */
export function askingOf({ criteria }: RunTree): Asking[] {
  return criteria.filter((one): one is Asking => one.question !== null);
}

/** Gives a person's answer to the question of a criterion; the first one that is given stays. */
export async function answerQuestion(
  { store }: SessionContext,
  { session_id }: RunTree,
  { index, question }: Asking,
  text: string,
): Promise<undefined | Refusal> {
  const answer = text.trim();
  if (answer === "" || answer.length > MOST_CHARS) {
    return refuse("bad_answer", `An answer has 1 to ${MOST_CHARS} characters`, "Say it in a few words");
  }
  // What it is asked by stands in the store, which others write to: only an order of this kind and run is answered.
  const orders = await openOrders(store, PERSON_QUESTION, session_id);
  if (!orders.some(({ work_id }) => work_id === question.work_id)) {
    const message = `The question of criterion ${index} waits for no answer any more`;
    return refuse("already_answered", message, `\`ouroboros status ${session_id}\` shows how the run stands`);
  }
  const submission = { workId: question.work_id, result: { answer }, claimEpoch: undefined };
  const submitted = await submitWork(store, submission, () => []);
  return isRefusal(submitted) ? submitted : undefined;
}
