import type { Resource } from "@modelcontextprotocol/server";
import { type Skill as SkillEntry, skillEntry } from "@modelcontextprotocol/server/ext/skills";
import { type Offer, toolNamed } from "../catalogue.ts";
import { type Skill, skillFile, skillSteps, type Voice } from "./skill.ts";
import { SKILLS } from "./skills-catalogue.ts";

const FOLDER = "ouroboros";

/** The skills that have something to work with among the tools of an offer. */
export function offeredSkills(offer: Offer): readonly Skill[] {
  const { offers } = voiceOf(offer);
  return SKILLS.filter(({ tools: [main] }) => main !== undefined && offers(main));
}

/** What is to be done for a skill, with the tools of an offer by their plain names. */
export function offeredSteps(offer: Offer, skill: Skill): string {
  return skillSteps(skill, voiceOf(offer));
}

/** The entries that the skills extension lists: each skill's file with its digest. */
export function skillEntries(offer: Offer): Promise<SkillEntry[]> {
  const voice = voiceOf(offer);
  return Promise.all(
    offeredSkills(offer).map((skill) => skillEntry(`${FOLDER}/${skill.name}`, { "SKILL.md": skillFile(skill, voice) })),
  );
}

/** The same files as resources, for clients that do not know the extension. */
export function skillResources(offer: Offer): Resource[] {
  const voice = voiceOf(offer);
  return offeredSkills(offer).map((skill) => ({
    uri: uriOf(skill),
    name: skill.name,
    title: `Skill: ${skill.title}`,
    description: skill.description,
    mimeType: "text/markdown",
    size: Buffer.byteLength(skillFile(skill, voice)),
  }));
}

/** A skill's file by its URI; undefined when none of an offer is there. */
export function readSkill(offer: Offer, uri: string): string | undefined {
  const skill = offeredSkills(offer).find((one) => uriOf(one) === uri);
  return skill && skillFile(skill, voiceOf(offer));
}

function uriOf({ name }: Skill): string {
  return `skill://${FOLDER}/${name}/SKILL.md`;
}

/** Over MCP: the tools' own names, and no word of a tool that this server does not offer. */
function voiceOf(offer: Offer): Voice {
  const whole = (name: string) => `ouroboros_${name}`;
  const offers = (name: string) => toolNamed(offer, whole(name)) !== undefined;
  return {
    tool: whole,
    mention: whole,
    loading:
      "Your host may put something before these names. If they are not at hand, load them first with your tool search.",
    prefix: "",
    offers,
    says: (verb) =>
      SKILLS.some((skill) => skill.verb === verb && skill.tools[0] !== undefined && offers(skill.tools[0])),
  };
}
