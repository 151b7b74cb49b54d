import * as v from "valibot";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";

import { completedGenerations, type Lineage } from "../../domain/evolution/lineage.ts";
import { GENERATION_COMPLETED, PHASE_CHANGED } from "../../domain/evolution/lineage-events.ts";
import { childOf } from "../../domain/seed/child-of.ts";
import { fromYaml, toYaml } from "../../domain/seed/seed-yaml.ts";
import { toIsoTimestamp } from "../../domain/timestamp.ts";
import { REFLECT_INSTRUCTIONS, reflectAnswer, reflectInput } from "../../prompts/reflect.ts";
import { type GenerationStory, WonderAnswer } from "../../prompts/wonder.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { saveSeed } from "../../store/seeds.ts";
import { rememberSeedMadeHere } from "../../trust/made-here.ts";
import { seedConsent } from "../../trust/seed-consent.ts";
import { keepSeedFile } from "../seed/keep-seed-file.ts";
import { stillThinking } from "../still-thinking.ts";
import { askAbout } from "./ask-about.ts";
import { seedFacts } from "./begin-lineage.ts";
import type { EvolutionCall, Phased } from "./evolution-call.ts";
import { storyOf } from "./generation-story.ts";
import { currentGeneration, heldUp, tellGeneration } from "./tell-generation.ts";
import { thinkAs } from "./think-as.ts";

const Partial = v.object({ wonder: v.optional(v.fallback(v.nullable(WonderAnswer), null), null) });

/** What the specification is to become, in a mind's view; the answer fits only where it asks for no less. */
export async function reflect(
  context: SessionContext,
  lineage: Lineage,
  call: EvolutionCall,
  signal: AbortSignal,
): Promise<Phased | Refusal> {
  const story = storyOf(lineage);
  if (isRefusal(story)) return story;
  const generation = currentGeneration(lineage);
  const { wonder } = v.parse(Partial, generation.partial);
  const question = {
    role: "deep",
    kind: "evolution.reflect",
    instructions: await thinkAs(context.home, lineage, REFLECT_INSTRUCTIONS),
    input: reflectInput(story, wonder),
    schema: reflectAnswer(story.seed, passingIn(story)),
  } as const;
  const asked = await askAbout(
    context,
    lineage,
    call,
    question,
    ({ value }) =>
      tellGeneration(context, lineage, { generation, phase: "reflecting" }, [
        PHASE_CHANGED,
        { phase: "seeding", partial_state: { reflection: value } },
      ]),
    signal,
  );
  if (asked === null) return stillThinking(lineage.lineage_id, { lineage_id: lineage.lineage_id });
  if (isRefusal(asked)) return heldUp(lineage, asked);
  return "needs" in asked ? { status: "needs_host", lineage, work: asked.needs } : { lineage: asked };
}

/** Writes down what was reflected on, as a child of the seed before; the same again where nothing in it is another. */
export async function writeSeed(
  context: SessionContext,
  lineage: Lineage,
  call: EvolutionCall,
): Promise<Phased | Refusal> {
  const { store, home } = context;
  const generation = currentGeneration(lineage);
  const told = (next: Readonly<Record<string, unknown>>) => tellSeed(context, lineage, next);
  // The first seed of a lineage on paper is the one it was begun with.
  if (completedGenerations(lineage).length === 0) return told({});
  const story = storyOf(lineage);
  if (isRefusal(story)) return story;
  const before = completedGenerations(lineage).at(-1);
  const parent = fromYaml(before?.seed_json ?? "");
  if (isRefusal(parent)) return parent;
  const parentId = before?.seed_id ?? "";
  const reflection = v.safeParse(reflectAnswer(story.seed, passingIn(story)), generation.partial.reflection);
  if (!reflection.success) {
    return refuse(
      "bad_reflection",
      `What was reflected on for generation ${generation.number} cannot be read`,
      "Rewind the lineage by one generation, then go on",
      { lineage_id: lineage.lineage_id },
    );
  }
  const at = toIsoTimestamp(store.stamp());
  const child = childOf(parent, reflection.output, { parentId, at, passing: passingIn(story) });
  if (isRefusal(child)) {
    if (child.code !== "no_change" || !before) return child;
    const { seed_id, seed_hash, seed_json } = before;
    return told({ seed_id, seed_hash, seed_json });
  }
  const { document, seed, decided } = child;
  const yaml = toYaml(document);
  const saved = await saveSeed(store, { yaml, createdBy: call.by, decided });
  if (isRefusal(saved)) return saved;
  // Who has agreed to the parent has made this one: their own minds have, on their machine.
  const consent = await seedConsent({ home, consent: "ask" }, toYaml(parent));
  if (!isRefusal(consent)) await rememberSeedMadeHere(home, document);
  await keepSeedFile(home, saved.seed_id, yaml);
  return told(seedFacts(document, seed));
}

async function tellSeed(
  context: SessionContext,
  lineage: Lineage,
  facts: Readonly<Record<string, unknown>>,
): Promise<Phased | Refusal> {
  const at = { generation: currentGeneration(lineage), phase: "seeding" } as const;
  const next = lineage.executes ? [PHASE_CHANGED, { phase: "executing", ...facts }] : [GENERATION_COMPLETED, facts];
  const told = await tellGeneration(context, lineage, at, next as [string, Record<string, unknown>]);
  return isRefusal(told) ? told : { lineage: told };
}

function passingIn({ results }: GenerationStory): ReadonlySet<string> {
  return new Set(results.filter(({ verdict }) => verdict === "pass").map(({ key }) => key));
}
