import type { CriterionVerdict } from "../domain/evolution/evaluation-summary.ts";
import type { Generation, Turn } from "../domain/evolution/generation.ts";
import { type Lineage, type Rewind, spentByLineage } from "../domain/evolution/lineage.ts";
import { nextStep } from "../domain/evolution/next-step.ts";
import { STOP_REASONS } from "../domain/evolution/stop-reasons.ts";
import { unreportedOf } from "../domain/run/ceiling.ts";
import { shortened } from "./run-text.ts";

const GOAL_CHARS = 160;
const WORDS_CHARS = 200;
const ID_CHARS = 60;

/** A generation's phase as one column. */
const MARKS: Readonly<Record<Generation["phase"], string>> = {
  wondering: "◐",
  reflecting: "◐",
  seeding: "◐",
  executing: "◐",
  evaluating: "◐",
  completed: "●",
  failed: "✖",
  cancelled: "⊘",
  interrupted: "⊘",
};

/** A lineage for a terminal or a model: how it stands, what it took, its graph, and what comes next. */
export function lineageText(lineage: Lineage): string {
  const { lineage_id, goal, status, ending, unread_rows } = lineage;
  const why = ending === null ? "" : `, ${ending.code}: ${shortened(ending.message, WORDS_CHARS)}`;
  const unread = unread_rows === 0 ? [] : [`${unread_rows} of its rows cannot be read and count for nothing`];
  return [
    `${shortened(lineage_id, ID_CHARS)}: ${shortened(goal, GOAL_CHARS)}`,
    `${status.replaceAll("_", " ")}${why}`,
    ...spentLines(lineage),
    ...unread,
    "",
    ...lineageGraph(lineage),
    "",
    nextWords(lineage),
  ].join("\n");
}

/** Generations from the first to the last, each followed by what was done about it and by what a rewind to it gave up. */
export function lineageGraph({ generations, rewinds, forked_from }: Lineage): string[] {
  const fork =
    forked_from === null
      ? []
      : [`╷ forked from ${shortened(forked_from.lineage_id, ID_CHARS)}, generation ${forked_from.generation}`];
  return [...fork, ...timeline(generations, rewinds, undefined)];
}

/** One line of generations: the lineage's own, or the one that a rewind gave up. */
function timeline(generations: readonly Generation[], rewinds: readonly Rewind[], of: Rewind | undefined): string[] {
  const own = rewinds.filter((_, index) => givenUpBy(rewinds, index) === of);
  return generations.flatMap((one) => [
    generationLine(one),
    ...one.turns.map((turn) => `│   ${turnWords(turn)}`),
    ...own
      .filter(({ to }) => to === one.number)
      .flatMap((rewind) => [
        `├─┐ rewound from ${rewind.from}; given up:`,
        ...timeline(rewind.discarded, rewinds, rewind).map((line) => `│ ${line}`),
      ]),
  ]);
}

/** The later rewind, if any, that gave up the generation this one went back to. */
function givenUpBy(rewinds: readonly Rewind[], index: number): Rewind | undefined {
  const to = rewinds[index]?.to ?? 0;
  return rewinds.slice(index + 1).find((later) => later.to < to);
}

function generationLine(one: Generation): string {
  const { number, phase, seed_id, evaluation, branch, commit, open_phase, error } = one;
  const criteria = evaluation?.criteria ?? [];
  const where = [branch, commit?.slice(0, 12)].filter((part) => typeof part === "string").join(" at ");
  const parts = [
    seed_id === null ? "no seed yet" : shortened(seed_id, ID_CHARS),
    evaluation?.score == null ? "" : evaluation.score.toFixed(2),
    criteria.length === 0 ? "" : `${count(criteria, "pass")} of ${criteria.length} met`,
    phase === "completed" ? verdictWords(one) : phaseWords(phase, open_phase),
    phase === "failed" && error !== null ? shortened(error, WORDS_CHARS) : "",
    shortened(where, WORDS_CHARS),
  ];
  return `${MARKS[phase]} ${number}  ${parts.filter((part) => part !== "").join("  ")}`;
}

function verdictWords({ evaluation }: Generation): string {
  if (evaluation === null) return "not evaluated";
  return evaluation.checked ? evaluation.verdict : `${evaluation.verdict} by upstream, unchecked`;
}

function phaseWords(phase: Generation["phase"], open: Generation["open_phase"]): string {
  return phase === open || open === null ? phase : `${phase} in ${open}`;
}

function turnWords(turn: Turn): string {
  switch (turn.kind) {
    case "ended": {
      const action = STOP_REASONS[turn.code].replaceAll("_", " ");
      return `→ ${action}, ${turn.code}: ${shortened(turn.message, WORDS_CHARS)}`;
    }
    case "lateral": {
      const against = turn.pattern === null ? "" : ` against ${shortened(turn.pattern, ID_CHARS)}`;
      return `→ lateral step: ${shortened(turn.persona, ID_CHARS)}${against}`;
    }
    case "reopened":
      return `→ reopened by ${shortened(turn.by, ID_CHARS)}`;
  }
}

function spentLines(lineage: Lineage): string[] {
  const spent = spentByLineage(lineage);
  const { agents, tokens, cost_usd } = spent;
  const known = [
    tokens === null ? [] : [`${tokens.toLocaleString("en-US")} tokens`],
    cost_usd === null ? [] : [`$${cost_usd.toFixed(2)}`],
  ].flat();
  if (agents === 0 && known.length === 0) return [];
  const missing = unreportedOf(spent);
  const without = missing.length === 0 ? "" : ` (${missing.join(", ")})`;
  return [`spent as reported: ${known.length === 0 ? "nothing reported" : known.join(", ")}${without}`];
}

function nextWords(lineage: Lineage): string {
  const step = nextStep(lineage);
  switch (step.do) {
    case "begin":
      return `next: generation ${step.generation} begins, ${step.phase}`;
    case "go_on":
      return `next: generation ${step.generation} goes on, ${step.phase}`;
    case "nothing":
      return step.status === "stagnated" || step.status === "stopped"
        ? "next: nothing by itself; a lateral step, a rewind or reopening it leads on"
        : "next: nothing by itself; a rewind or reopening it leads on";
  }
}

function count(criteria: readonly { readonly verdict: CriterionVerdict }[], verdict: CriterionVerdict): number {
  return criteria.filter((one) => one.verdict === verdict).length;
}
