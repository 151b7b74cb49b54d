import { describe, expect } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { marked, until } from "../support/agent-processes.ts";
import { QUIET } from "./support/claude.ts";
import { type ClientName, clientProgram, hasClient } from "./support/clients.ts";
import { codexConfiguration } from "./support/codex.ts";
import { type FakeModelApi, openModelApi } from "./support/fake-model-api.ts";
import type { ModelRequest } from "./support/fake-model-request.ts";
import type { Failure, Step } from "./support/model-step.ts";
import { BINARY } from "./support/ouroboros-server.ts";
import { realPart } from "./support/real-part.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";

/** What differs between the agents that are asked: how they find their model, and how that one answers and looks around. */
interface AgentMind {
  readonly name: ClientName;
  readonly title: string;
  readonly command: readonly string[];
  prepare(sandbox: Sandbox, modelUrl: string): Promise<Record<string, string>>;
  readonly answers: (value: object) => Step[];
  /** Says how many files are in its folder, then tries to make one there and another at `path`. */
  readonly looksAround: (path: string) => Step[];
  /** Who has an answer that does not fit given back: the agent itself holds its model to the schema, or we do. */
  readonly repairs: "itself" | "by us";
}

const AGENTS: readonly AgentMind[] = [
  {
    name: "claude",
    title: "Claude Code as a mind",
    command: [clientProgram("claude")],
    prepare: async (_, url) => ({
      ...QUIET,
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: "no-key",
      CLAUDE_CODE_MAX_RETRIES: "0",
    }),
    answers: (input) => [{ tool: "StructuredOutput", input }],
    looksAround: (file_path) => [
      { tool: "Glob", input: { pattern: "**/*" } },
      { tool: "Write", input: { file_path, content: "no" }, unoffered: true },
      { tool: "Bash", input: { command: `echo no >${file_path}`, description: "write" }, unoffered: true },
    ],
    repairs: "itself",
  },
  {
    name: "codex",
    title: "Codex as a mind",
    command: ["node", clientProgram("codex")],
    async prepare({ home }, url) {
      await mkdir(join(home, ".codex"));
      const other = { name: "other", command: "touch", args: [join(home, "started")], env: {} };
      await writeFile(join(home, ".codex/config.toml"), codexConfiguration(other, url));
      return { MODEL_KEY: "no-key" };
    },
    answers: (value) => [{ text: JSON.stringify(value) }],
    looksAround: (path) => [
      {
        tool: "exec_command",
        input: { cmd: `echo FILES: $(ls -A | wc -l); echo no >made.txt && echo MADE; echo no >${path} && echo MADE` },
      },
    ],
    repairs: "by us",
  },
];

const SCHEMA = {
  type: "object",
  properties: { verdict: { enum: ["pass", "fail"] }, score: { type: "number", minimum: 0, maximum: 1 } },
  required: ["verdict", "score"],
  additionalProperties: false,
};
const GOOD = { verdict: "pass", score: 0.5 };
const BAD = { verdict: "maybe", score: 7 };

for (const agent of AGENTS) {
  const { answers, looksAround, repairs } = agent;

  describe(agent.title, () => {
    const real = realPart(agent.name, hasClient(agent.name));

    real("answers in the form that is asked for, with what it took", async () => {
      await using given = await prepared(agent, () => answers(GOOD));
      const { code, told } = await given.ask();
      expect(code).toBe(0);
      expect(told).toMatchObject({ answer: GOOD, mind: agent.name, kind: "agent", attempts: 1 });
      expect(told.usage).toMatchObject({ input_tokens: 10, output_tokens: 5 });
      expect(given.model.requests.map(({ turnsTaken }) => turnsTaken)).toEqual([0]);
      expect(given.model.requests[0]?.text).toContain("Is it four?");
    });

    real(`has an answer that does not fit given back once, ${repairs}, with what is wrong`, async () => {
      const isOurRepair = /It does not fit/;
      await using given = await prepared(agent, ({ text }) =>
        isOurRepair.test(text) ? answers(GOOD) : [...answers(BAD), ...answers(GOOD)],
      );
      const { code, told } = await given.ask();
      expect([code, told.answer]).toEqual([0, GOOD]);
      expect(told.attempts).toBe(repairs === "by us" ? 2 : 1);
      // Both tries are paid for.
      expect(told.usage).toMatchObject({ input_tokens: 20, output_tokens: 10 });
      const { text = "", turnsTaken } = given.model.requests[1] ?? {};
      expect([given.model.requests.length, turnsTaken]).toEqual([2, repairs === "by us" ? 0 : 1]);
      for (const part of ["maybe", "verdict: ", "score: "]) expect(text).toContain(part);
    });

    real("has words in place of the form given back, too, and takes an answer that stands among them", async () => {
      await using given = await prepared(agent, ({ text }) =>
        text.includes("It does not fit")
          ? [{ text: `Here: ${JSON.stringify(GOOD)}` }, { text: `So: ${JSON.stringify(GOOD)}` }]
          : [{ text: "It may be." }, { text: "Or not." }],
      );
      expect(await given.ask()).toMatchObject({ code: 0, told: { answer: GOOD, attempts: 2 } });
    });

    real("is told from one that is not logged in, and from one that is limited", async () => {
      for (const [status, error] of [
        [401, "mind_unauthorized"],
        [429, "mind_limited"],
      ] as const) {
        await using given = await prepared(agent, () => [{ status }]);
        const { code, told } = await given.ask();
        expect([code, told.error?.code]).toEqual([2, error]);
        // Agents try again by themselves: nothing here does so on top of that.
        expect(given.model.requests).toHaveLength(1);
      }
    });

    real("thinks in an empty folder and can write nowhere", async () => {
      await using given = await prepared(agent, (_, { home }) => [
        ...looksAround(join(home, "escaped")),
        ...answers(GOOD),
      ]);
      expect(await given.ask()).toMatchObject({ code: 0, told: { answer: GOOD } });
      const { toolResults = [] } = given.model.requests.at(-1) ?? {};
      expect(toolResults).toHaveLength(looksAround("").length);
      // Where the system has no sandbox to give, Codex starts no command at all.
      expect(toolResults[0]).not.toMatch(/FILES: [^0]|MADE/);
      if (agent.name === "claude") {
        expect(toolResults[0]).toBe("No files found");
        const offered = given.model.requests[0]?.offered ?? [];
        expect(offered).toEqual(expect.arrayContaining(["Glob", "Grep", "Read", "StructuredOutput"]));
        expect(offered.filter((tool) => /bash|shell|write|edit|task|agent|web|mcp/i.test(tool))).toEqual([]);
      }
      expect(existsSync(join(given.sandbox.home, "escaped"))).toBe(false);
    });
  });
}

interface Prepared extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly model: FakeModelApi;
  /** `ouroboros ask`, as a person types it. */
  ask(): Promise<{ code: number | null; told: Told }>;
}

/** What it says with --json, an answer or an error. */
interface Told {
  readonly answer?: unknown;
  readonly usage?: unknown;
  readonly attempts?: number;
  readonly error?: { readonly code: string };
}

async function prepared(
  agent: AgentMind,
  script: (asked: ModelRequest, sandbox: Sandbox) => readonly (Step | Failure)[],
): Promise<Prepared> {
  const sandbox = await openSandbox();
  const { home } = sandbox;
  const model = await openModelApi((asked) => script(asked, sandbox));
  const env = await agent.prepare(sandbox, model.url);
  const schema = join(home, "answer.json");
  const runtime = { command: agent.command, env: ["MODEL_KEY"] };
  await mkdir(join(home, ".ouroboros"));
  await writeFile(join(home, ".ouroboros/config.yaml"), JSON.stringify({ runtimes: { [agent.name]: runtime } }));
  await writeFile(schema, JSON.stringify(SCHEMA));
  return {
    sandbox,
    model,
    async ask() {
      const args = ["ask", "--json", "--mind", agent.name, "--schema", schema, "Is it four?"];
      const { code, stdout, stderr } = await sandbox.run(BINARY, args, { env });
      if (stdout === "") throw new Error(`It said nothing: ${stderr}`);
      // Neither the agent nor the folder it was in outlives the question.
      await until(() => marked("HOME", home).length === 0, "the agent and its guard are gone");
      expect(readdirSync(join(home, "tmp")).filter((name) => name.startsWith("ouroboros-"))).toEqual([]);
      return { code, told: JSON.parse(stdout) };
    },
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}
