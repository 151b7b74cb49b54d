import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Lineage } from "../../domain/evolution/lineage.ts";
import { completedGenerations } from "../../domain/evolution/lineage.ts";
import { loadMind, MINDS, type MindName } from "../../prompts/nine-minds/load-mind.ts";
import { mindText } from "../../prompts/nine-minds/mind-prompt.ts";

const MOST_CHARS = 8_000;

/** One of the nine minds in words: the user's own, from `personas/NAME.md` of the Ouroboros home, or ours. No project has a say in it. */
export async function personaText(home: string, name: MindName): Promise<string> {
  const own = await readFile(join(home, "personas", `${name}.md`), "utf8").catch(() => undefined);
  return mindText(await loadMind(name), own?.slice(0, MOST_CHARS));
}

/** Instructions for whoever thinks about a lineage; after a step aside, as the mind that was chosen then. */
export async function thinkAs(home: string, lineage: Lineage, instructions: string): Promise<string> {
  const turn = completedGenerations(lineage)
    .at(-1)
    ?.turns.findLast(({ kind }) => kind === "lateral");
  const name = MINDS.find((one) => turn?.kind === "lateral" && one === turn.persona);
  if (name === undefined) return instructions;
  return `${instructions}\n\nThe lineage stands still. Think as this mind does, and answer in the form asked for:\n\n${await personaText(home, name)}`;
}
