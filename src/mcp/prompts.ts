import type { GetPromptResult, Prompt } from "@modelcontextprotocol/server";
import { type Refusal, refuse } from "../base/refusal.ts";
import { type Offer, whyNotOffered } from "./catalogue.ts";
import { offeredSkills, offeredSteps } from "./skills/offered-skills.ts";
import type { SkillArgument } from "./skills/skill.ts";
import { SKILLS } from "./skills/skills-catalogue.ts";

/** Claude Code cuts what was typed at its spaces, and shows the model all of it beside the prompt. */
const CUT = "\nSome hosts pass on only the first word: where you see more of what they typed, take all of it.";

/** The verbs as prompts, which hosts show to people as commands. */
export function offeredPrompts(offer: Offer): Prompt[] {
  return offeredSkills(offer).map((skill) => ({
    name: skill.verb,
    title: skill.title,
    description: `${skill.does.charAt(0).toUpperCase()}${skill.does.slice(1)}`,
    // Each is optional: what is missing the skill says how to find.
    arguments: skill.arguments.map(({ name, description }) => ({ name, description, required: false })),
  }));
}

/** What a verb puts into the conversation: what the person gave, for which tool, and the steps. */
export function promptNamed(
  offer: Offer,
  verb: string,
  given: Readonly<Record<string, string>> = {},
): GetPromptResult | Refusal {
  const skill = offeredSkills(offer).find((one) => one.verb === verb);
  if (!skill) return notOffered(offer, verb);
  const isFree = skill.arguments.some(({ completes }) => completes === undefined);
  const values = skill.arguments.flatMap(({ name }) => (given[name]?.trim() ? [[name, given[name]] as const] : []));
  const words =
    values.length === 0
      ? "They gave nothing with it."
      : `They gave, as arguments of \`ouroboros_${skill.tools[0]}\`: ${JSON.stringify(Object.fromEntries(values))}${isFree ? CUT : ""}`;
  const text = `The person says to Ouroboros: ${verb}. ${words}\n\n${offeredSteps(offer, skill)}`;
  return { description: skill.does, messages: [{ role: "user", content: { type: "text", text } }] };
}

/** What an argument of a verb is completed from; undefined where people write freely. */
export function completedFrom(verb: string, argument: string): SkillArgument["completes"] {
  return SKILLS.find((skill) => skill.verb === verb)?.arguments.find(({ name }) => name === argument)?.completes;
}

function notOffered(offer: Offer, verb: string): Refusal {
  const tool = SKILLS.find((skill) => skill.verb === verb)?.tools[0];
  const why = tool && whyNotOffered(offer, `ouroboros_${tool}`);
  const there = offeredSkills(offer).map((skill) => skill.verb);
  return why || refuse("not_found", `Unknown prompt: ${verb}`, `There are: ${there.join(", ")}`, { prompts: there });
}
