import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { SESSION_STATUSES } from "../../domain/session/session.ts";
import { cancelExecution } from "../../sessions/cancel-execution.ts";
import { defineTool } from "../tool.ts";

/** `ouroboros_cancel_execution`: a person's cancellation, which is final. */
export const ouroborosCancelExecution = defineTool({
  name: "ouroboros_cancel_execution",
  title: "Cancel execution",
  description:
    "Cancels a running or paused session for good, by session or execution id. Ask the person first: nothing resumes it afterwards.",
  toolset: "sessions",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  alwaysLoad: false,
  input: v.object({
    execution_id: v.pipe(
      v.string(),
      v.minLength(1),
      v.description("Id of the execution (exec_…) or of its session (orch_…)"),
    ),
    reason: v.optional(
      v.pipe(v.string(), v.maxLength(4096), v.description("Why, for the record")),
      "Cancelled by user",
    ),
  }),
  output: v.object({
    session_id: v.string(),
    execution_id: v.nullable(v.string()),
    previous_status: v.picklist(SESSION_STATUSES),
    new_status: v.picklist(["cancelled", "cancel_requested"]),
    reason: v.string(),
    cancelled_by: v.string(),
  }),
  async run({ execution_id, reason }, { context, signal, progress }) {
    let told = 0;
    const onProgress = (message: string) => void progress(++told, undefined, message);
    const done = await cancelExecution(context, { id: execution_id, reason, by: "mcp_tool", signal, onProgress });
    if (isRefusal(done)) return done;
    const words =
      done.new_status === "cancelled"
        ? `Execution ${execution_id} has been cancelled.`
        : `Execution ${execution_id} was asked to stop; its owner is on another machine and writes the end there.`;
    return { value: { ...done }, text: `${words}\nPrevious status: ${done.previous_status}\nReason: ${reason}` };
  },
});
