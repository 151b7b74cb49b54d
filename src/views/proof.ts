import type { CheckedCriterion, EvaluationRecord } from "../domain/evaluation/evaluation-record.ts";
import type { MechanicalResult } from "../domain/evaluation/mechanical.ts";

const SHORT = 12;

/** One page of Markdown for a pull request: what was asked for, what was found, by whom, and how to find it again. */
export function proofPage(record: EvaluationRecord, goal: string): string {
  const { evaluation_id, subject, stage1, completed } = record;
  const verdict = completed?.verdict ?? "open";
  const lines = [
    `# ${capital(verdict)}: ${plain(goal)}`,
    "",
    `Evaluation \`${evaluation_id}\` of tree \`${subject.tree_hash}\`${subject.commit === null ? "" : `, commit \`${subject.commit}\``}, by seed \`${subject.seed_hash}\`${subject.seed_id === null ? "" : ` (${plain(subject.seed_id)})`}${subject.session_id === null ? "" : `, run \`${subject.session_id}\``}.`,
    "",
    ...list(completed?.reasons ?? []),
    "## Criteria",
    "",
    row(["criterion", "verdict", "by", "command", "exit", "output"]),
    row(["---", "---", "---", "---", "---", "---"]),
    ...subject.criteria.map(({ key, description }) => {
      const decided = completed?.criteria.find((one) => one.key === key);
      const check = stage1?.checks.find((one) => one.criterion_key === key);
      return row([plain(description), decided?.verdict ?? "open", decided?.by ?? "nobody", ...ranCells(check)]);
    }),
    "",
    ...projectChecks(stage1?.mechanical ?? []),
    ...judges(record),
    "## How to verify this again",
    "",
    "```",
    `ouroboros verify ${evaluation_id}`,
    "```",
    "",
    "It runs every command above once more on that tree and says of each whether it comes to the same.",
    "",
  ];
  return lines.join("\n");
}

function projectChecks(mechanical: readonly MechanicalResult[]): string[] {
  const declared = mechanical.filter(({ verdict }) => verdict !== "not_applicable");
  if (declared.length === 0) return ["## Project checks", "", "The project declares none.", ""];
  return [
    "## Project checks",
    "",
    row(["check", "verdict", "why", "command", "exit", "output"]),
    row(["---", "---", "---", "---", "---", "---"]),
    ...declared.map((one) => {
      const where = one.folder === "." ? one.kind : `${one.kind} in ${one.folder}`;
      return row([plain(where), one.verdict, plain(one.reason), ...ranCells(one)]);
    }),
    "",
  ];
}

function judges({ stage2, stage3 }: EvaluationRecord): string[] {
  if (!stage2 && !stage3) return ["## Judges", "", "Nobody was asked: only checks decided.", ""];
  const forged = [...(stage2?.forged ?? []), ...(stage3?.forged ?? [])];
  const { judgement } = stage2 ?? {};
  return [
    "## Judges",
    "",
    ...list([
      ...(judgement
        ? [
            `${judgement.by.mind}${judgement.by.model === null ? "" : ` (${judgement.by.model})`}, ${INDEPENDENCE[judgement.independence]}: uncertainty ${judgement.uncertainty}, drift ${judgement.drift_score}, risk of being made for the check ${judgement.reward_hacking_risk}`,
          ]
        : []),
      ...(stage3 ? [`Consensus: ${stage3.tally.outcome}, ${stage3.tally.label}`] : []),
      ...forged.map(({ why }) => `A citation that does not hold: ${why}`),
    ]),
  ];
}

const INDEPENDENCE = {
  independent: "independent of who did the work",
  same_vendor: "of the same vendor as who did the work",
  self: "self-judged, so that it can only lower",
  unverified: "its independence unverified",
} as const;

type Ran = Pick<CheckedCriterion | MechanicalResult, "command" | "exit_code" | "output_hash">;

function ranCells(ran: Ran | undefined): string[] {
  if (!ran?.command) return ["none", "", ""];
  return [code(ran.command), String(ran.exit_code ?? "none"), code(ran.output_hash?.slice(0, SHORT) ?? "")];
}

function list(items: readonly string[]): string[] {
  return items.length === 0 ? [] : [...items.map((item) => `- ${plain(item)}`), ""];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** In one line and without anything that Markdown would make more of: what it shows was written by others. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[\\`*_{}[\]<>|#!~]/g, "\\$&");
}

/** In as many ticks as it takes. */
function code(text: string): string {
  if (text === "") return "";
  const line = text.replace(/\s+/g, " ").replaceAll("|", "\\|");
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return longest === 0 ? `${ticks}${line}${ticks}` : `${ticks} ${line} ${ticks}`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
