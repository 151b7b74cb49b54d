import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRefusal } from "../../src/base/refusal.ts";
import { offeredTools, toDefinition } from "../../src/mcp/catalogue.ts";
import { completedFrom, offeredPrompts, promptNamed } from "../../src/mcp/prompts.ts";
import { SKILLS } from "../../src/mcp/skills/skills-catalogue.ts";
import { STANDARD_TOOLSETS, TOOLSETS } from "../../src/mcp/toolsets.ts";
import { eventsOf } from "../e2e/support/agent-events.ts";
import { QUIET } from "../e2e/support/claude.ts";
import { clientProgram, hasClient } from "../e2e/support/clients.ts";
import { openModelApi } from "../e2e/support/fake-model-api.ts";
import { realPart } from "../e2e/support/real-part.ts";
import { openSandbox } from "../e2e/support/sandbox.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

const PATHS = ["seed_path", "scan_root"];
const ALL = { toolsets: TOOLSETS, readOnly: false };
const STANDARD = { toolsets: STANDARD_TOOLSETS, readOnly: false };

describe("a prompt for each verb", () => {
  test("has a title, says what happens, and describes its arguments; none of them has to be given", () => {
    const prompts = offeredPrompts(ALL);
    expect(prompts.map(({ name }) => name)).toEqual(SKILLS.map(({ verb }) => verb));
    for (const { title, description, arguments: args = [] } of prompts) {
      expect([title, description].every(Boolean)).toBe(true);
      for (const { description, required } of args)
        expect({ said: Boolean(description), required }).toEqual({ said: true, required: false });
    }
  });

  test("its arguments are the tool's own, under the tool's names, and as text", () => {
    const definitions = offeredTools(ALL).map(toDefinition);
    for (const { verb, tools, arguments: args } of SKILLS) {
      const tool = definitions.find(({ name }) => name === `ouroboros_${tools[0]}`);
      const properties = tool?.inputSchema.properties as Record<string, { type?: unknown; enum?: unknown } | undefined>;
      const types = args.map(({ name }) => properties[name]?.type);
      expect({ verb, types }).toEqual({ verb, types: args.map(() => "string") });
      for (const { name, completes } of args) {
        if (typeof completes === "object") expect<unknown>(properties[name]?.enum).toEqual([...completes]);
      }
    }
  });

  test("names the tool, what the person gave for it, and the steps", () => {
    const text = textOf(promptNamed(ALL, "run", { seed_id: "seed_1", seed_path: " ", invented: "x" }));
    expect(text).toContain('arguments of `ouroboros_execute_seed`: {"seed_id":"seed_1"}');
    expect(text).toContain("1. Say before you start");
    expect(text).not.toContain("invented");
    expect(textOf(promptNamed(ALL, "run"))).toContain("They gave nothing with it");
  });

  test("keeps a person's words whole, whatever is in them", () => {
    const words = 'a diary "that\nnobody" reads `ü`';
    expect(textOf(promptNamed(ALL, "interview", { initial_context: words }))).toContain(JSON.stringify(words));
  });

  test("of a tool that is not offered is not there, and asked for it says what the person can do", () => {
    expect(offeredPrompts(STANDARD).map(({ name }) => name)).not.toContain("evolve");
    const refusal = promptNamed(STANDARD, "evolve");
    expect(refusal).toMatchObject({ code: "not_offered", next: expect.stringContaining("--toolsets") });
    expect(promptNamed({ ...ALL, readOnly: true }, "cancel")).toMatchObject({
      next: expect.stringContaining("--read-only"),
    });
  });

  test("that nobody knows is refused with those there are", () => {
    expect(promptNamed(STANDARD, "toString")).toMatchObject({
      code: "not_found",
      next: expect.stringContaining("interview, seed, run"),
    });
    expect(completedFrom("toString", "x")).toBeUndefined();
  });

  test("takes free words as its only argument, since hosts cut them at spaces", () => {
    for (const { verb, arguments: args } of SKILLS) {
      const free = args.filter(({ name, completes }) => completes === undefined && !PATHS.includes(name));
      expect({ verb, alone: free.length === 0 || args.length === 1 }).toEqual({ verb, alone: true });
    }
  });

  test("ids are completed wherever an argument is one", () => {
    const ids = SKILLS.flatMap(({ verb, arguments: args }) =>
      args.flatMap(({ name }) => (name.endsWith("_id") ? [[verb, name] as const] : [])),
    );
    expect(ids.length).toBeGreaterThan(5);
    for (const [verb, name] of ids) expect(completedFrom(verb, name)).toBeString();
  });
});

describe("Claude Code", () => {
  realPart("Claude Code", hasClient("claude"))(
    "shows the verbs as commands, and its model reads a whole wish",
    async () => {
      await using sandbox = await openSandbox();
      await using model = await openModelApi([{ text: "told" }]);
      const server = { command: process.execPath, args: [MAIN, "mcp", "serve"] };
      writeFileSync(join(sandbox.project, "mcp.json"), JSON.stringify({ mcpServers: { ouroboros: server } }));
      const prompt = "/mcp__ouroboros__interview a diary that nobody else can read";
      const options = [
        "--output-format",
        "stream-json",
        "--verbose",
        "--mcp-config",
        "mcp.json",
        "--strict-mcp-config",
      ];
      const { code, stdout, stderr } = await sandbox.run(clientProgram("claude"), ["-p", prompt, ...options], {
        env: { ...QUIET, ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: "no-key", CLAUDE_CODE_MAX_RETRIES: "0" },
      });
      expect(code, stderr).toBe(0);
      const init = eventsOf(stdout).find(({ subtype }) => subtype === "init");
      const verbs = offeredPrompts(STANDARD).map(({ name }) => `mcp__ouroboros__${name}`);
      expect(init?.slash_commands).toEqual(expect.arrayContaining(verbs));
      const read = model.requests.map(({ text }) => text).join("\n");
      expect(read).toContain("a diary that nobody else can read");
      expect(read).toContain("take all of it");
      expect(read).toContain("Call `ouroboros_interview` with `initial_context`");
    },
  );
});

function textOf(result: ReturnType<typeof promptNamed>): string {
  const content = isRefusal(result) ? undefined : result.messages[0]?.content;
  if (content?.type !== "text") throw new Error(`Expected a prompt, got ${JSON.stringify(result)}`);
  return content.text;
}
