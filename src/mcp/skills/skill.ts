import type { IdKind } from "../resources-completion.ts";

/** What a person may give with a verb: an argument of the tool that the skill is about, under the tool's own name for it. */
export interface SkillArgument {
  readonly name: string;
  readonly description: string;
  /** Completed from the store, or from these words. */
  readonly completes?: IdKind | readonly string[];
}

/** One verb of Ouroboros, written once: as a skill of the plugin, as a skill over MCP and as a prompt. */
export interface Skill {
  /** Its folder's name; no host has a command of this name. */
  readonly name: string;
  /** What is said after "ooo", and the prompt's name. */
  readonly verb: string;
  /** What stands behind the verb, in capitals. */
  readonly takes?: string;
  readonly title: string;
  /** When a model is to use it. */
  readonly description: string;
  /** What happens, for people. */
  readonly does: string;
  /** The tools its text names, without `ouroboros_`; without the first one there is nothing it could do. */
  readonly tools: readonly string[];
  /** Free words alone or not at all: hosts that cut at spaces would take the second word for the second argument. */
  readonly arguments: readonly SkillArgument[];
  /** Markdown. Tools stand in it as in `tools`, other skills as `ooo verb`, or by their name in the plugin. */
  readonly text: string;
}

/** How skills are told in one place, and which of their tools are there. */
export interface Voice {
  /** A tool's whole name. */
  readonly tool: (name: string) => string;
  /** The same in the course of the text; left out where whole names would make it hard to read. */
  readonly mention?: (name: string) => string;
  readonly loading: string;
  /** Before the name of another skill. */
  readonly prefix: string;
  readonly offers: (tool: string) => boolean;
  readonly says: (verb: string) => boolean;
}

/** In Claude Code's plugin, where every tool is offered and has the host's name. */
export const PLUGIN_VOICE: Voice = {
  tool: (name) => `mcp__plugin_ouroboros_ouroboros__ouroboros_${name}`,
  loading: "If they are not at hand, load them first with your tool search (`select:` and these names).",
  prefix: "ouroboros:",
  offers: () => true,
  says: () => true,
};

/** A skill's file. */
export function skillFile(skill: Skill, voice: Voice): string {
  const { name, description, title } = skill;
  return `---\nname: ${name}\ndescription: ${description}\n---\n\n# ${title}\n\n${skillSteps(skill, voice)}\n`;
}

/** What is to be done, as far as the tools that are offered reach. */
export function skillSteps(skill: Skill, voice: Voice): string {
  const { tool, mention = (name) => name, offers, loading, prefix } = voice;
  const tools = skill.tools.filter(offers).map((name) => `\`${tool(name)}\``);
  // A part is a line with what is indented below it.
  const parts = skill.text.split(/\n(?! {3})/).filter((part) => isPossible(part, skill, voice));
  let number = 0;
  const steps = parts.map((part) => part.replace(/^\d+(?=\. )/, () => String(++number))).join("\n");
  const text = steps
    .replaceAll("ouroboros:", prefix)
    .replace(/(?<=`)\w+(?=`)/g, (word) => (skill.tools.includes(word) ? mention(word) : word));
  return `Tools: ${tools.join(", ")}. ${loading}\n\n${text}`;
}

function isPossible(part: string, { tools }: Skill, { offers, says }: Voice): boolean {
  const verbs = [...part.matchAll(/`ooo (\w+)/g)].map(([, verb = ""]) => verb);
  return verbs.every(says) && tools.every((tool) => offers(tool) || !part.includes(`\`${tool}\``));
}
