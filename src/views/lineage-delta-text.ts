import type { GenerationDelta } from "../domain/evolution/generation-delta.ts";
import { deltaMarkdown } from "../domain/seed/delta-markdown.ts";
import { shortened } from "./run-text.ts";

const DESCRIPTION_CHARS = 88;

/** What is different in the later of two generations: its score, the criteria that turned, and its seed. */
export function lineageDeltaText({ from, to, score, turned, similarity, seed }: GenerationDelta): string {
  const alike = similarity === null ? [] : [`ontologies alike to ${(100 * similarity).toFixed(0)} %`];
  const criteria = turned.map(({ key, description, from, to }) => {
    const verdicts = `${from ?? "no criterion"} → ${to ?? "no criterion"}`;
    return `${shortened(key, DESCRIPTION_CHARS)}  ${verdicts}  ${shortened(description, DESCRIPTION_CHARS)}`;
  });
  return [
    `generation ${from} → ${to}`,
    `score ${scoreText(score.from)} → ${scoreText(score.to)}`,
    ...alike,
    ...(criteria.length === 0 ? ["no criterion turned"] : criteria),
    "",
    seed === null
      ? "One of the seeds is not at hand, so what changed in them cannot be shown"
      : deltaMarkdown(seed).trimEnd(),
  ].join("\n");
}

function scoreText(score: number | null): string {
  return score === null ? "none" : score.toFixed(2);
}
