import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { pauseWords } from "../../domain/session/pause-reason.ts";
import { mustReadTree } from "../../views/run-tree.ts";
import { type SessionStatusView, sessionStatus } from "../../views/session-status.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { fields } from "../render.ts";
import { outcomeJson, outcomeOf, outcomeText } from "./run/outcome-text.ts";

/** `ouroboros status ID` */
export function status({ style }: Cli, flags: SharedFlags, id: string): Promise<Answer | Refusal> {
  return look(flags, async (context) => {
    const view = await sessionStatus(context, id);
    if (isRefusal(view)) return view;
    const outcome = await outcomeOf(await mustReadTree(context, view.session_id));
    const text = fields(style, [
      ["Session", view.session_id],
      ["Status", view.status],
      ["Liveness", `${view.liveness}: ${view.why}`],
      ["Goal", view.goal],
      ["Execution", view.execution_id],
      ["Seed", view.seed_id],
      ["Folder", view.cwd],
      ["Started", utc(view.started_at)],
      ["Last activity", utc(view.last_activity_at)],
      ["Status since", utc(view.status_at)],
      ["By", view.status_by],
      ["Reason", view.reason && pauseWords(view.reason)],
      ["Messages", view.messages_processed],
      ["Criteria", criteria(view)],
    ]);
    return { json: { ...view, ...outcomeJson(outcome) }, text: text + outcomeText(outcome) };
  });
}

function criteria({ progress }: SessionStatusView): string | null {
  const { completed_count: done, total_count: total } = progress;
  return typeof done === "number" && typeof total === "number" ? `${done} of ${total} done` : null;
}

function utc(stored: string | null): string | null {
  return stored === null ? null : `${stored.replace("T", " ").slice(0, 19)} UTC`;
}
