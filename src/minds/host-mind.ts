import { createOrder, forgetFaults, rejectResult } from "../store/orders/work-orders.ts";
import type { Continuation, Order, OrderBody } from "../store/orders/work-rows.ts";
import type { Store } from "../store/store.ts";
import type { Scope } from "../store/streams.ts";
import { fit, toAnswerSchema } from "./answer-schema.ts";
import { badAnswer, stopped } from "./fault.ts";
import type { Mind, Question, WorkOrder } from "./mind.ts";

/** How often an answer may fail to fit before the question is given up, as with every other mind. */
const MOST_BAD_ANSWERS = 2;

export interface HostMindOptions {
  readonly store: Store;
  /** Whose question it is: the same question in another scope is another order. */
  readonly scope: Scope;
  /** The call that finds the answer once it is there; null when the host is to come back by itself. */
  readonly continuation: Continuation | null;
}

/** The model in the MCP host: its first answer is an order for it, and the same question asked again finds what it submitted. */
export function hostMind({ store, scope, continuation }: HostMindOptions): Mind {
  return {
    name: "host",
    kind: "host",
    async ask(question, signal) {
      if (signal.aborted) return stopped({ mind: "host", model: null, attempts: 0, usage: null });
      const order = await createOrder(store, question.kind, bodyOf(question, scope, continuation));
      if (!order.result) return { status: "needs_host", work: toWorkOrder(order) };
      const attempts = 1 + order.faults.length;
      const found = fit(question.schema, order.result.value);
      if (found.fits) {
        return { status: "answered", value: found.value, by: { mind: "host", model: null }, usage: null, attempts };
      }
      // It fitted the JSON Schema when it was submitted; the question's own rules say more than that can.
      const open = await rejectResult(store, order, found.faults);
      if (open.faults.length < MOST_BAD_ANSWERS) return { status: "needs_host", work: toWorkOrder(open) };
      await forgetFaults(store, order.work_id);
      return badAnswer(found.faults, { mind: "host", model: null, attempts, usage: null });
    },
  };
}

function bodyOf(question: Question<unknown>, scope: Scope, continuation: Continuation | null): OrderBody {
  const { role, instructions, input, schema } = question;
  return { scope, role, instructions, input, answer_schema: toAnswerSchema(schema), continuation };
}

function toWorkOrder({ work_id, kind, body, faults }: Order): WorkOrder {
  const { instructions, input, answer_schema } = body;
  return {
    work_id,
    kind,
    instructions,
    input,
    answer_schema,
    submit_with: "ouroboros_submit",
    faults: faults.at(-1) ?? [],
  };
}
