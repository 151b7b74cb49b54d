import { PLUGIN_VOICE, type Skill, skillFile } from "../../../src/mcp/skills/skill.ts";
import { SKILLS } from "../../../src/mcp/skills/skills-catalogue.ts";

/** How one host names what skills speak of. */
interface Dialect {
  readonly tool: (name: string) => string;
  /** What stands behind the list of tools. */
  readonly note: string;
  /** Before a skill's name where another one refers to it. */
  readonly reference: string;
  /** Before its own name, where the host has but one room for all skills. */
  readonly own: string;
}

/** Codex puts the plugin's name before its skills and keeps a server's tools in a namespace; a plugin's server stands in the plugin's folder. */
export const CODEX: Dialect = {
  tool: (name) => `ouroboros_${name}`,
  note: "They are those of the MCP server `ouroboros`. Give every tool that takes a folder the project's, absolute: the server does not stand in it.",
  reference: "ouroboros:",
  own: "",
};

/** Gemini CLI names a tool after its server, and shares one list of skills among all extensions. */
export const GEMINI: Dialect = {
  tool: (name) => `mcp_ouroboros_ouroboros_${name}`,
  note: "They are those of the MCP server `ouroboros`.",
  reference: "ouroboros-",
  own: "ouroboros-",
};

/** The skills as one host reads them: the text of each file, by its path. */
export function hostSkills({ tool, note, reference, own }: Dialect): Readonly<Record<string, string>> {
  const voice = { ...PLUGIN_VOICE, tool, loading: note, prefix: reference };
  const named = (skill: Skill) => ({ ...skill, name: own + skill.name });
  const files = SKILLS.map(named).map((skill) => [`skills/${skill.name}/SKILL.md`, skillFile(skill, voice)]);
  return Object.fromEntries(files);
}
