import { type Refusal, refuse } from "../base/refusal.ts";
import { jsonIn } from "../minds/extract-json.ts";
import type { JsonSchema } from "../minds/mind.ts";
import { type Submitted as Stored, submitResult } from "../store/orders/submit-result.ts";
import { extendClaim } from "../store/orders/work-claims.ts";
import { type Continuation, type Order, readOrder } from "../store/orders/work-rows.ts";
import type { Store } from "../store/store.ts";

export interface WorkSubmission {
  readonly workId: string;
  readonly result: unknown;
  /** Missing for work that was not claimed. */
  readonly claimEpoch: number | undefined;
}

export interface SubmittedWork {
  readonly work_id: string;
  readonly kind: string;
  /** `superseded`: kept, but not used: somebody else had claimed the work meanwhile. */
  readonly outcome: "accepted" | "already_accepted" | "superseded";
  /** What goes on now that the answer is there. */
  readonly continuation: Continuation | null;
}

/** What is wrong with an answer, by path; empty when it fits the schema. */
export type AnswerCheck = (schema: JsonSchema, answer: unknown) => readonly string[];

/** Takes a host's answer to a work order: checked before it counts, stored once, and the same again is no fault. */
export async function submitWork(
  store: Store,
  submission: WorkSubmission,
  check: AnswerCheck,
): Promise<SubmittedWork | Refusal> {
  const { workId, claimEpoch = 0 } = submission;
  const order = await readOrder(store, workId);
  if (!order) return unknownWork(workId);
  const meant = meantBy(submission.result, order.body.answer_schema, check);
  if (meant.faults.length > 0) {
    // Trying again takes its time: whoever holds the work goes on holding it.
    if (claimEpoch > 0) await extendClaim(store, workId, claimEpoch);
    return badResult(order, meant.faults);
  }
  const stored = await submitResult(store, order, { workId, result: meant.value, claimEpoch });
  return toAnswer(stored, order, claimEpoch);
}

/** Models like to send an object as the text of one: what fits counts. */
function meantBy(result: unknown, schema: JsonSchema, check: AnswerCheck) {
  const faults = check(schema, result);
  if (faults.length === 0 || typeof result !== "string") return { value: result, faults };
  for (const value of jsonIn(result)) {
    const found = check(schema, value);
    if (found.length === 0) return { value, faults: found };
  }
  return { value: result, faults };
}

function toAnswer(stored: Stored, order: Order, claimEpoch: number): SubmittedWork | Refusal {
  const { work_id, kind, body } = order;
  switch (stored) {
    case "accepted":
      return { work_id, kind, outcome: "accepted", continuation: body.continuation };
    case "already":
      return { work_id, kind, outcome: "already_accepted", continuation: body.continuation };
    case "superseded":
      return { work_id, kind, outcome: "superseded", continuation: null };
    case "answered":
      return refuse(
        "already_answered",
        `Cannot submit another result for ${work_id}: one was accepted already, and it stays`,
        again(order, "to see what came of it"),
        { work_id },
      );
    case "not_claimed":
      return refuse(
        "not_claimed",
        `Cannot submit for ${work_id} under claim ${claimEpoch}: that claim was never given`,
        "Pass the claim_epoch you were given, or leave it out for work that you did not claim",
        { work_id, claim_epoch: order.claim_epoch },
      );
    case "expired":
      return refuse(
        "work_expired",
        `Cannot submit for ${work_id}: it was not asked for again in a long time`,
        again(order, "to be asked afresh, then submit under the work_id it gives"),
        { work_id },
      );
    case "unknown":
      return unknownWork(work_id);
  }
}

function again({ body }: Order, why: string): string {
  const { continuation } = body;
  return continuation === null
    ? `Call the tool that handed out this work again ${why}`
    : `Call ${continuation.tool} again ${why}`;
}

/** There is no such order. */
export function unknownWork(workId: string): Refusal {
  return refuse(
    "unknown_work",
    `There is no work order ${JSON.stringify(workId.slice(0, 100))} in this store`,
    "Copy the work_id from the answer that said needs_host or from your claim, or call that tool again for a fresh one",
  );
}

function badResult({ work_id, body }: Order, faults: readonly string[]): Refusal {
  return refuse(
    "bad_result",
    `Cannot accept this result for ${work_id}: ${faults.join("; ")}`,
    "Correct the result and submit it again under the same work_id: nothing is lost",
    { work_id, faults, answer_schema: body.answer_schema },
  );
}
