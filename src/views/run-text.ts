import type { CriterionState } from "./run-criterion.ts";
import type { CriterionView, RunTree } from "./run-tree.ts";

/** A criterion's state as one column. */
export const MARKS: Readonly<Record<CriterionState, string>> = {
  pending: "○",
  in_progress: "◐",
  waiting: "?",
  completed: "●",
  failed: "✖",
  blocked: "⊘",
};

/** What a reader looks for first, where not all fits. */
const ORDER: readonly CriterionState[] = ["waiting", "in_progress", "failed", "blocked", "pending", "completed"];
const REASON_CHARS = 160;

/** The criteria to show where there is room for so many, in their order. */
export function mostTelling(criteria: readonly CriterionView[], most: number): CriterionView[] {
  const first = [...criteria].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.index - b.index);
  return first.slice(0, Math.max(0, most)).sort((a, b) => a.index - b.index);
}

/** How a criterion stands, in words that change only when it does. */
export function standingWords(criterion: CriterionView): string {
  const { state, outcome, reason, attempts, waits_for, blocked_by, question } = criterion;
  const edited =
    criterion.edited_checks.length === 0
      ? ""
      : `; it changed ${criterion.edited_checks.join(", ")}, and the original decided: look at that`;
  const why = reason === null ? "" : `: ${shortened(reason, REASON_CHARS)}`;
  switch (state) {
    case "completed":
      if (outcome === "proven") return `proven: its check failed before and holds now${edited}`;
      if (outcome === "kept") return `kept: its check held before anybody worked, and does still${edited}`;
      return outcome === null ? "done" : `${outcome}${why}`;
    case "failed":
      return `failed${why}`;
    case "blocked":
      return `blocked by ${numbers(blocked_by)}`;
    case "waiting":
      return question === null ? "waiting" : `asks: ${shortened(question.question, REASON_CHARS)}`;
    case "in_progress":
      return attempts > 1 ? `attempt ${attempts}` : "at work";
    case "pending":
      return waits_for.length > 0 ? `waits for ${numbers(waits_for)}` : "pending";
  }
}

/** What is being done for it at this moment; empty when nothing is, as far as anybody has recorded. */
export function activityWords({ now }: CriterionView): string {
  if (now === null) return "";
  if (now.doing === "check") return "checking";
  return now.tool === null ? "agent working" : `${now.tool} ${shortened(now.input ?? "", 60)}`.trim();
}

/** Tokens and money as reported; null where no agent has ended yet. */
export function spentWords({ spent, unreported }: RunTree): string | null {
  if (spent.agents === 0) return null;
  const { tokens, cost_usd } = spent;
  const known = [
    tokens === null ? [] : [`${tokens.toLocaleString("en-US")} tokens`],
    cost_usd === null ? [] : [`$${cost_usd.toFixed(2)}`],
  ].flat();
  const missing = unreported.length === 0 ? "" : ` (${unreported.join(", ")})`;
  return `${known.length === 0 ? "nothing reported" : known.join(", ")}${missing}`;
}

/** What the whole run waits for, if it does. */
export function waitingWords({ waiting }: RunTree): string | null {
  if (waiting === null) return null;
  const until = waiting.until === null ? "" : `, until ${waiting.until.slice(0, 19).replace("T", " ")} UTC`;
  return `${waiting.reason.replaceAll("_", " ")}${waiting.why === null ? "" : ` (${shortened(waiting.why, 300)})`}${until}`;
}

/** What has changed between two looks at a run, a line each; everything but what is pending at the first. */
export function changesBetween(before: RunTree | undefined, now: RunTree): string[] {
  const old = new Map(before?.criteria.map((one) => [one.index, linesOf(one)]));
  const news = now.criteria.map((one) => {
    const known = old.get(one.index) ?? (one.state === "pending" ? linesOf(one) : []);
    return { one, lines: linesOf(one).filter((line) => !known.includes(line)) };
  });
  const lines = news.flatMap((criterion) => criterion.lines);
  for (const { one, lines: changed } of news) {
    const { question, index } = one;
    if (question && changed.length > 0)
      lines.push(`  answer: ouroboros answer ${now.session_id} ${index} TEXT (else: ${question.default})`);
  }
  if (now.total > 0 && (before?.done !== now.done || before.total !== now.total)) {
    lines.push(`${now.done} of ${now.total} steps done`);
  }
  const waits = waitingWords(now);
  if (waits !== null && (before === undefined || waits !== waitingWords(before))) lines.push(`waiting: ${waits}`);
  return lines;
}

/** Text of the store for one line, no longer than this. */
export function shortened(text: string, chars: number): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
  return line.length <= chars ? line : `${line.slice(0, chars - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** A criterion on a line: its mark, number, name and how it stands. */
export function lineOf(criterion: CriterionView): string {
  const { index, state, description } = criterion;
  return `${MARKS[state]} ${index} ${shortened(description, 88)}: ${standingWords(criterion)}`;
}

/** What a criterion was split into, a line each; none where it is whole, or done. */
export function partLines({ index, state, parts }: CriterionView): string[] {
  if (parts === null || state === "completed") return [];
  return parts.map((part) => {
    const { number, description } = part;
    return `  ${MARKS[part.state]} ${index}.${number} ${shortened(description, 88)}`;
  });
}

function linesOf(criterion: CriterionView): string[] {
  return [lineOf(criterion), ...partLines(criterion)];
}

function numbers(indices: readonly number[]): string {
  return indices.join(", ");
}
