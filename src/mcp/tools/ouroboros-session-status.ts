import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { pauseWords } from "../../domain/session/pause-reason.ts";
import { SESSION_STATUSES } from "../../domain/session/session.ts";
import { type SessionStatusView, sessionStatus } from "../../views/session-status.ts";
import { defineTool } from "../tool.ts";

const Text = v.nullable(v.string());

/** `ouroboros_session_status`: the truth about one session. */
export const ouroborosSessionStatus = defineTool({
  name: "ouroboros_session_status",
  title: "Session status",
  description:
    "Shows what one Ouroboros session is doing: its status, whether its owner is alive and why, progress, ids and times. Reads only.",
  toolset: "sessions",
  effect: "reads",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  alwaysLoad: true,
  input: v.object({
    session_id: v.pipe(
      v.string(),
      v.minLength(1),
      v.description("Id of the session (orch_…); the id of its execution (exec_…) is taken too"),
    ),
  }),
  output: v.object({
    session_id: v.string(),
    status: v.picklist(SESSION_STATUSES),
    liveness: v.picklist(["live", "stale", "stuck", "unknown", "paused", "ended"]),
    why: v.string(),
    is_active: v.boolean(),
    is_completed: v.boolean(),
    is_failed: v.boolean(),
    execution_id: Text,
    seed_id: Text,
    goal: Text,
    cwd: Text,
    started_at: v.string(),
    last_activity_at: Text,
    status_at: v.string(),
    status_by: Text,
    reason: Text,
    messages_processed: v.number(),
    progress: v.record(v.string(), v.unknown()),
  }),
  async run({ session_id }, { context }) {
    const status = await sessionStatus(context, session_id);
    if (isRefusal(status)) return status;
    const uri = `ouroboros://session/${encodeURIComponent(status.session_id)}`;
    const link = { uri, name: status.session_id, description: "This session as a resource" };
    return { value: { ...status }, text: describe(status), links: [link] };
  },
});

function describe(status: SessionStatusView): string {
  const lines = [
    `Session: ${status.session_id}`,
    `Status: ${status.status}${status.is_active ? ` (${status.liveness}: ${status.why})` : ""}`,
    `Goal: ${status.goal ?? "unknown"}`,
    `Execution ID: ${status.execution_id ?? "unknown"}`,
    `Messages processed: ${status.messages_processed}`,
    `Started: ${status.started_at}, last activity: ${status.last_activity_at ?? "unknown"}`,
  ];
  const done = status.progress.completed_count;
  const total = status.progress.total_count;
  if (typeof done === "number" && typeof total === "number") lines.push(`Criteria: ${done} of ${total} done`);
  if (status.reason !== null) lines.push(`Reason: ${pauseWords(status.reason)}`);
  return lines.join("\n");
}
