import { failpoint } from "../base/failpoint.ts";
import type { Step } from "../domain/run/steps.ts";
import type { WorkDesk } from "../runtimes/host-runtime.ts";
import { patiently } from "../sessions/owner/patiently.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { withdrawOthers } from "../store/orders/open-orders.ts";
import { createOrder } from "../store/orders/work-orders.ts";
import { STEP_WORK } from "../store/orders/work-rows.ts";

/**
 * Where a run lays a step out for a host's agents: a work order under the step's own stream. The same step is the same
 * order, so whoever owns the run next finds what was handed in; a step that has failed is another one when it is tried again,
 * as it is then told what went wrong.
 */
export function workDesk({ store }: SessionContext, { sessionId, lease }: OwnedRun, step: Step): WorkDesk {
  return {
    async offer({ instructions, input, answerSchema, cwd }) {
      const body = {
        scope: { aggregateType: "execution", aggregateId: step.scope },
        session_id: sessionId,
        cwd,
        role: "work",
        instructions,
        input,
        answer_schema: answerSchema,
        continuation: { tool: "ouroboros_resume_session", arguments: { session_id: sessionId } },
      };
      failpoint("offer:before");
      const { work_id, result } = await patiently(() => createOrder(store, STEP_WORK, body), lease.lost);
      failpoint("offer:after");
      return { workId: work_id, handedIn: result };
    },
  };
}

/** Takes back what was laid out for this run and is not waited for any more: its seed or what is asked for a step has changed. */
export async function clearDesk(
  { store }: SessionContext,
  { lease }: OwnedRun,
  awaited: readonly string[],
): Promise<void> {
  failpoint("withdraw:before");
  await patiently(() => withdrawOthers(store, lease.term, { kind: STEP_WORK, awaited }), lease.lost);
  failpoint("withdraw:after");
}
