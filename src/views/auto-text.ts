import type { AutoState } from "../domain/auto/auto-state.ts";
import { unreportedOf } from "../domain/run/ceiling.ts";
import { viewAuto } from "./auto.ts";
import { lineageGraph } from "./lineage-text.ts";
import { shortened } from "./run-text.ts";

const GOAL_CHARS = 160;
const WORDS_CHARS = 400;

/** An auto for a terminal or a model: how it stands, what was assumed, what was made, what it took and what helps. */
export function autoText(state: AutoState): string {
  const view = viewAuto(state);
  const { phase, blocker, next, seed_id, interview_session_id, current_round, repaired } = view;
  const why = blocker === null ? "" : `: ${shortened(blocker, WORDS_CHARS)}`;
  const rounds = `${current_round} of at most ${view.bounds.max_interview_rounds} rounds`;
  return [
    `${view.auto_session_id}: ${shortened(view.goal, GOAL_CHARS)}`,
    `${phase.replace("_", " ")}${why}`,
    ...(next === null ? [] : [next]),
    "",
    `Interview ${interview_session_id}: ${rounds}`,
    ...assumedLines(state),
    ...(seed_id === null ? [] : [`Seed ${seed_id}`, ...repaired.map((one) => `  mended ${one}`)]),
    ...lineageLines(state),
    ...spentLines(state),
    ...madeLines(state),
  ].join("\n");
}

/** The assumption ledger: what nobody decided but the mind that was asked to. */
function assumedLines({ auto, interview }: AutoState): string[] {
  const { assumptions } = auto;
  if (assumptions.length === 0) return [];
  const lines = assumptions.flatMap(({ round, question, answer, why, confidence, changes, alternatives }) => {
    const now = interview?.rounds.find(({ number }) => number === round)?.answer;
    const overruled =
      now && (now.source !== "assumed" || now.earlier.length > 0)
        ? [`     overruled: ${shortened(now.text, WORDS_CHARS)}`]
        : [];
    const others =
      alternatives.length === 0 ? [] : [`     or: ${alternatives.map((one) => shortened(one, 80)).join(" | ")}`];
    return [
      `  ${round}. ${shortened(question, WORDS_CHARS)}`,
      `     ${shortened(answer, WORDS_CHARS)} (${Math.round(100 * confidence)} % sure)`,
      `     why: ${shortened(why, WORDS_CHARS)}`,
      ...(changes === "" ? [] : [`     it changes: ${shortened(changes, WORDS_CHARS)}`]),
      ...others,
      ...overruled,
    ];
  });
  return [`Assumed in your place (${assumptions.length}):`, ...lines];
}

function lineageLines({ lineage, auto }: AutoState): string[] {
  if (!lineage) return [];
  return [`Lineage ${auto.lineage_id}, at most ${auto.bounds.generations} generations`, ...lineageGraph(lineage)];
}

function spentLines({ spent, auto }: AutoState): string[] {
  const { hours, tokens, cost_usd } = auto.bounds;
  const of = (bound: number | null) => (bound === null ? "" : ` of ${bound}`);
  const parts = [
    `${spent.hours.toFixed(2)}${of(hours)} hours`,
    ...(spent.tokens === null ? [] : [`${spent.tokens}${of(tokens)} tokens`]),
    ...(spent.cost_usd === null ? [] : [`${spent.cost_usd.toFixed(2)}${of(cost_usd)} US dollars`]),
  ];
  const unreported = unreportedOf(spent);
  return [`Took ${parts.join(", ")}${unreported.length === 0 ? "" : ` (${unreported.join(", ")})`}`];
}

function madeLines(state: AutoState): string[] {
  const { branch, commit, repository, base, cwd, lineage } = viewAuto(state);
  if (branch === null) return [];
  const run = lineage?.generations.findLast((one) => one.commit !== null)?.session_id;
  const diff = repository && base ? `git -C ${quoted(repository)} diff --binary ${base.slice(0, 12)} ${branch}` : null;
  return [
    `Branch ${branch} at ${commit?.slice(0, 12)}`,
    ...(diff === null ? [] : [`  see it:  ${diff}`, `  take it: ${diff} | git -C ${quoted(cwd)} apply`]),
    ...(run ? [`  proof:   ouroboros proof ${run}`] : []),
  ];
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
