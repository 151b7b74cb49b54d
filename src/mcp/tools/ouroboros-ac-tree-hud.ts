import * as v from "valibot";
import { isRefusal, refuse } from "../../base/refusal.ts";
import { SESSION_STATUSES } from "../../domain/session/session.ts";
import {
  activityWords,
  MARKS,
  mostTelling,
  partLines,
  shortened,
  spentWords,
  standingWords,
  waitingWords,
} from "../../views/run-text.ts";
import { type CriterionView, type RunTree, runTree } from "../../views/run-tree.ts";
import { withoutNulls } from "../job-answer.ts";
import { defineTool } from "../tool.ts";

const LABEL_CHARS = 88;

/** `ouroboros_ac_tree_hud`: a run's criteria at a glance. */
export const ouroborosAcTreeHud = defineTool({
  name: "ouroboros_ac_tree_hud",
  title: "Criteria of a run",
  description:
    "Shows each criterion of a run: state, what its check said, what its agent does now, its question for a person. Reads only.",
  toolset: "sessions",
  effect: "reads",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  alwaysLoad: false,
  input: v.object({
    session_id: v.optional(v.pipe(v.string(), v.minLength(1), v.description("orch_… or exec_…"))),
    execution_id: v.optional(v.pipe(v.string(), v.minLength(1), v.description("Instead of session_id"))),
    cursor: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.description("From the answer before")), 0),
    max_nodes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.description("At most this many")), 50),
  }),
  output: v.looseObject({
    session_id: v.string(),
    status: v.picklist(SESSION_STATUSES),
    cursor: v.number(),
    changed: v.boolean(),
  }),
  async run({ session_id, execution_id, cursor, max_nodes }, { context }) {
    const id = session_id ?? execution_id;
    if (id === undefined) return refuse("bad_arguments", "No run is named", "Pass session_id or execution_id");
    const tree = await runTree(context, id);
    if (isRefusal(tree)) return tree;
    const ids = { session_id: tree.session_id, status: tree.status, cursor: tree.cursor };
    if (cursor > 0 && tree.cursor <= cursor) {
      return { value: { ...ids, changed: false }, text: `No change since cursor ${cursor}.` };
    }
    const shown = mostTelling(tree.criteria, max_nodes);
    const { execution_id: execution, job_id, done, total, workspace, spent, waiting } = tree;
    const value = {
      ...ids,
      changed: true,
      ...withoutNulls({ execution_id: execution, job_id, workspace, waiting }),
      done,
      total,
      spent,
      criteria: shown.map((one) => compact(one)),
    };
    return { value, text: textOf(tree, shown) };
  },
});

function compact({ description, waits_for, blocked_by, reason, now, parts, ...rest }: CriterionView) {
  return withoutNulls({
    ...rest,
    parts: parts?.map((part) => ({ ...part, description: shortened(part.description, LABEL_CHARS) })),
    description: shortened(description, LABEL_CHARS),
    reason: reason && shortened(reason, 300),
    now: now && withoutNulls(now),
    waits_for: waits_for.length > 0 ? waits_for : null,
    blocked_by: blocked_by.length > 0 ? blocked_by : null,
  });
}

function textOf(tree: RunTree, shown: readonly CriterionView[]): string {
  const { session_id, status, liveness, phase, done, total, workspace, cursor } = tree;
  const state = status === "running" ? `running (${liveness})` : status;
  const hidden = total - shown.length;
  const lines = [
    `${session_id} ${state}, ${done} of ${total} criteria done${phase === null || status !== "running" ? "" : `, ${phase}`}`,
    workspace?.branch ? `Branch: ${workspace.branch}` : null,
    prefixed("Spent as reported: ", spentWords(tree)),
    prefixed("Waiting: ", waitingWords(tree)),
    ...shown.flatMap((one) => nodeOf(one)),
    hidden > 0 ? `… and ${hidden} more` : null,
    `Cursor: ${cursor}`,
  ];
  return lines.filter((line) => line !== null).join("\n");
}

function nodeOf(criterion: CriterionView): string[] {
  const { index, description, state, question } = criterion;
  const doing = activityWords(criterion);
  const line = `${MARKS[state]} ${index} ${shortened(description, LABEL_CHARS)} [${standingWords(criterion)}${doing === "" ? "" : `; ${doing}`}]`;
  const parts = partLines(criterion);
  if (question === null) return [line, ...parts];
  const options = question.options.length === 0 ? "" : `, options: ${question.options.join(" | ")}`;
  const answer = `ouroboros_submit {"work_id":"${question.work_id}","result":{"answer":"…"}}`;
  return [line, ...parts, `    ask the person, then ${answer} (default: ${question.default}${options})`];
}

function prefixed(label: string, words: string | null): string | null {
  return words === null ? null : label + words;
}
