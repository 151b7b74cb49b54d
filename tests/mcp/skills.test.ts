import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Offer, offeredTools } from "../../src/mcp/catalogue.ts";
import { offeredSkills, offeredSteps } from "../../src/mcp/skills/offered-skills.ts";
import { PLUGIN_VOICE, skillFile } from "../../src/mcp/skills/skill.ts";
import { SKILLS } from "../../src/mcp/skills/skills-catalogue.ts";
import { STANDARD_TOOLSETS, TOOLSETS } from "../../src/mcp/toolsets.ts";

const FILES = join(import.meta.dirname, "../../plugin/skills");
const TOOLS = offeredTools({ toolsets: TOOLSETS, readOnly: false }).map(({ name }) => name);
/** Every choice of toolsets there is, each with and without `--read-only`. */
const OFFERS: readonly Offer[] = [...Array(2 ** TOOLSETS.length).keys()].flatMap((bits) => {
  const toolsets = TOOLSETS.filter((_, at) => bits & (1 << at));
  return [true, false].map((readOnly) => ({ toolsets, readOnly }));
});

describe("each skill of the plugin is written from the one source (UPDATE_SNAPS=1 renews it)", () => {
  test.each(SKILLS.map((skill) => [skill.name, skill] as const))("%s", (name, skill) => {
    const path = join(FILES, name, "SKILL.md");
    const text = skillFile(skill, PLUGIN_VOICE);
    if (process.env.UPDATE_SNAPS === "1") {
      mkdirSync(join(FILES, name), { recursive: true });
      writeFileSync(path, text);
    }
    if (!existsSync(path)) throw new Error(`No file of the skill ${name}: run this test once with UPDATE_SNAPS=1`);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("and no folder is left of a skill that is gone", () => {
    expect(readdirSync(FILES).sort()).toEqual(SKILLS.map(({ name }) => name).sort());
  });
});

describe("what every skill says", () => {
  test.each(SKILLS.map((skill) => [skill.name, skill] as const))(
    "%s names each of its tools in its text, and no other",
    (_, { text, tools }) => {
      const called = [...text.matchAll(/`([a-z_]+)`/g)].map(([, word]) => `ouroboros_${word}`);
      const named = new Set(called.filter((name) => TOOLS.includes(name)));
      expect([...named].sort()).toEqual(tools.map((name) => `ouroboros_${name}`).sort());
      // It must not be only by a prefix in the text that a tool is named: those are put there for each host.
      expect(text).not.toMatch(/ouroboros_|mcp__/);
    },
  );

  test("verbs and names are unique, and every verb somebody is told to say exists", () => {
    const verbs = SKILLS.map(({ verb }) => verb);
    expect(new Set(verbs).size).toBe(SKILLS.length);
    expect(new Set(SKILLS.map(({ name }) => name)).size).toBe(SKILLS.length);
    const said = SKILLS.flatMap(({ text }) => [...text.matchAll(/`ooo (\w+)/g)].map(([, verb = ""]) => verb));
    expect(said.filter((verb) => !verbs.includes(verb))).toEqual([]);
  });
});

describe("under every choice of --toolsets and --read-only", () => {
  test("skills name only tools that are offered, by their plain names, and only verbs that are there", () => {
    for (const offer of OFFERS) {
      const offered = offeredTools(offer).map(({ name }) => name);
      const skills = offeredSkills(offer);
      const verbs = skills.map(({ verb }) => verb);
      for (const skill of skills) {
        const text = offeredSteps(offer, skill);
        const words = [...text.matchAll(/`(?:ouroboros_)?([a-z_]+)`/g)].map(([, word]) => `ouroboros_${word}`);
        const missing = words.filter((name) => TOOLS.includes(name) && !offered.includes(name));
        const said = [...text.matchAll(/`ooo (\w+)/g)].map(([, verb = ""]) => verb);
        const silent = said.filter((verb) => !verbs.includes(verb));
        expect({ offer, skill: skill.name, missing, silent }).toEqual({
          offer,
          skill: skill.name,
          missing: [],
          silent: [],
        });
        expect(text).not.toContain("mcp__");
      }
    }
  });

  test("a step that is left out leaves no hole in the numbers", () => {
    for (const offer of OFFERS) {
      for (const skill of offeredSkills(offer)) {
        const numbers = [...offeredSteps(offer, skill).matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
        expect(numbers).toEqual(numbers.map((_, at) => at + 1));
      }
    }
  });

  test("a server that only reads has the skill that reads, without what it may not call", () => {
    const offer = { toolsets: STANDARD_TOOLSETS, readOnly: true };
    const skills = offeredSkills(offer);
    expect(skills.map(({ name }) => name)).toEqual(["run-status"]);
    const [status] = skills;
    const text = status ? offeredSteps(offer, status) : "";
    expect(text).toContain("`ouroboros_session_status`");
    expect(text).not.toContain("resume_session");
  });

  test("with everything offered, everything is there", () => {
    expect(offeredSkills({ toolsets: TOOLSETS, readOnly: false })).toEqual([...SKILLS]);
  });
});
