import { type Refusal, refuse } from "../../base/refusal.ts";
import type { Generation } from "../../domain/evolution/generation.ts";
import { writtenSeed } from "../../domain/evolution/generation.ts";
import { completedGenerations, type Lineage } from "../../domain/evolution/lineage.ts";
import { regressionsOf } from "../../domain/evolution/regression.ts";
import type { GenerationStory } from "../../prompts/wonder.ts";

/** The last generation that was finished, as whoever thinks about the next one is told of it. */
export function storyOf(lineage: Lineage): GenerationStory | Refusal {
  const done = completedGenerations(lineage);
  const last = done.at(-1);
  const seed = last && writtenSeed(last);
  if (!last || !seed) {
    return refuse(
      "needs_seed",
      `The seed of ${lineage.lineage_id} is not among its rows`,
      "Begin another lineage with that seed as seed_content",
      { lineage_id: lineage.lineage_id },
    );
  }
  const results = (last.evaluation?.criteria ?? []).map(({ key, verdict, reason }) => {
    return { key, verdict, facts: verdict === "pass" ? null : reason };
  });
  return {
    seed,
    generation: last.number,
    score: last.evaluation?.score ?? 0,
    results,
    regressions: regressionsOf(done).map(({ key }) => key),
    tried: done.map(lineOf),
    asked: done.flatMap(({ wonder_questions }) => wonder_questions),
  };
}

/** Criteria that held when they were last looked at, and are neither asked for in other words nor checked otherwise since. */
export function keptCriteria(before: Generation, now: Generation): string[] {
  const [old, seed] = [writtenSeed(before), writtenSeed(now)];
  const held = new Set(
    before.evaluation?.criteria.filter(({ verdict }) => verdict === "pass").map(({ key }) => key) ?? [],
  );
  const same = (key: string) => {
    const [was, is] = [old, seed].map((one) => one?.criteria.find((criterion) => criterion.key === key));
    return was !== undefined && is !== undefined && JSON.stringify(was) === JSON.stringify(is);
  };
  return [...held].filter(same);
}

function lineOf({ number, evaluation, turns, error }: Generation): string {
  const open = evaluation?.criteria.filter(({ verdict }) => verdict !== "pass").map(({ key }) => key) ?? [];
  const steps = turns.flatMap((turn) => (turn.kind === "lateral" ? [`then thought as ${turn.persona}`] : []));
  const outcome = evaluation
    ? `score ${evaluation.score}, open: ${open.join(", ") || "none"}`
    : (error ?? "not judged");
  return [`generation ${number}: ${outcome}`, ...steps].join("; ");
}
