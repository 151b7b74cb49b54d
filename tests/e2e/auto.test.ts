// From one sentence to a branch whose work was checked, by the compiled binary: the host of a window thinks for it, or real Claude Code.
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AutoHome } from "../support/auto-home.ts";
import { gitIn } from "../support/run-library.ts";
import { GOAL, SCRIPTS, thinkAlong } from "./support/auto-story.ts";
import { QUIET } from "./support/claude.ts";
import { clientProgram, hasClient } from "./support/clients.ts";
import { openModelApi } from "./support/fake-model-api.ts";
import type { ModelRequest } from "./support/fake-model-request.ts";
import { type RpcServer, startServer } from "./support/json-rpc-client.ts";
import type { Step } from "./support/model-step.ts";
import { BINARY, callTool, handshake } from "./support/ouroboros-server.ts";
import { realPart } from "./support/real-part.ts";
import { openSandbox } from "./support/sandbox.ts";

const PATIENT_MS = 60_000;
const LIMIT = { timeout: 240_000 };

test("a host does all the thinking, one work order after the other, also in a second window", LIMIT, async () => {
  using home = new AutoHome({ mind: "host" });
  home.note("lazy-2");
  const first = await openWindow(home);
  const begun = await told(first, "ouroboros_auto", { goal: GOAL, cwd: home.folder, efficiency_mode: "adaptive" });
  expect(begun).toMatchObject({ status: "needs_host", phase: "interview", ignored: ["efficiency_mode"] });
  const decided = await thought(first, await thought(first, begun));
  expect(decided).toMatchObject({ status: "needs_host", current_round: 1, assumptions: [{ round: 1 }] });
  first.kill("SIGKILL");

  await using second = await openWindow(home);
  const resume = { resume: begun.auto_session_id };
  const kinds: string[] = [];
  let now = await told(second, "ouroboros_auto", resume);
  while (now.status === "needs_host" || now.status === "running") {
    if (now.status === "needs_host") {
      kinds.push(String(workOf(now).kind));
      now = await thought(second, now);
    } else {
      if (now.job_id) {
        const wait = { job_id: now.job_id, wait_for: "terminal", timeout_seconds: 30 };
        await told(second, "ouroboros_job_wait", wait);
      }
      now = await told(second, "ouroboros_auto", resume);
    }
  }
  expect(now).toMatchObject({ status: "complete", phase: "complete", stop_reason_code: "outcome_reached" });
  expect(now.lineage).toMatchObject({ conductor: null, generations: [{ met: 1 }, { met: 2 }] });
  expect(kinds.filter((kind) => kind === "auto.assume")).toHaveLength(3);
  expect(kinds.slice(-4)).toEqual(["seed.draft", "evolution.wonder", "evolution.reflect", "evaluation.judge"]);
  expect(gitIn(String(now.repository), "show", `${now.branch}:greet.sh`)).toContain("Hello");
  for (const type of ["interview.started", "interview.seeded", "lineage.created"]) {
    expect([type, home.events(type).length]).toEqual([type, 1]);
  }
  expect(home.events("orchestrator.session.started")).toHaveLength(2);
});

realPart("claude", hasClient("claude"))(
  "Claude Code decides, writes the seed, works and judges; nobody says a word in between",
  async () => {
    await using sandbox = await openSandbox();
    await using model = await openModelApi(claudeModel);
    const { home } = sandbox;
    mkdirSync(join(home, ".ouroboros"));
    const runtimes = { real: { kind: "claude", command: [clientProgram("claude")] } };
    const minds = { fast: "real", standard: "real", deep: "real" };
    const config = { runtimes, minds, orchestrator: { runtime_backend: "real", plan_with_mind: false } };
    writeFileSync(join(home, ".ouroboros/config.yaml"), JSON.stringify(config));
    const env = {
      ...QUIET,
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: "no-key",
      CLAUDE_CODE_MAX_RETRIES: "0",
    };
    const ran = await sandbox.run(BINARY, ["auto", GOAL, "--rounds", "3", "--json"], { env, limit: 85_000 });
    expect(ran.code, `${ran.stderr}\n${ran.stdout}`).toBe(0);
    const said = JSON.parse(ran.stdout);
    expect(said).toMatchObject({ phase: "complete", lineage: { generations: [{ met: 2 }] } });
    expect(said.assumptions).toHaveLength(3);
    // Its own account of what it took, in the interview and in the work.
    expect(said.spent.agents_with_tokens).toBe(said.spent.agents);
    expect(gitIn(said.repository, "show", `${said.branch}:part.sh`)).toContain("Bye");
  },
);

/** A model that thinks along where it is asked in a form, and writes the script of a criterion where it is to work. */
function claudeModel({ text }: ModelRequest): readonly Step[] {
  const { messages } = JSON.parse(text) as { messages: { role: string; content: string | { text?: string }[] }[] };
  const asked = messages
    .filter(({ role }) => role === "user")
    .flatMap(({ content }) => (typeof content === "string" ? [content] : content.map((part) => part.text ?? "")))
    .join("\n");
  const [, input, schema] = /([[{]\n[\s\S]*\n[\]}])\n\nAnswer with [^\n]*\n(\{.*\})/.exec(asked) ?? [];
  if (input !== undefined && schema !== undefined) {
    return [{ tool: "StructuredOutput", input: thinkAlong(input, schema).answer }];
  }
  const number = Number(/criterion (\d) of \d/.exec(text)?.[1]);
  const folder = /[^"\\\s]+\/worktrees\/[^"\\\s]+\/ac\d-\d/.exec(text)?.[0] ?? "";
  const { file, text: content } = SCRIPTS[number - 1] ?? SCRIPTS[0];
  return [
    { tool: "Write", input: { file_path: join(folder, file), content: `${content}\n` } },
    { text: `Criterion ${number} is done` },
  ];
}

type Told = Readonly<Record<string, unknown>>;

async function openWindow(home: AutoHome): Promise<RpcServer> {
  const server = startServer({
    command: BINARY,
    args: ["mcp", "serve", "--toolsets", "all"],
    env: home.environment(),
    cwd: "/",
  });
  await handshake(server);
  return server;
}

async function told(window: RpcServer, tool: string, args: Told): Promise<Told> {
  const { isError, structuredContent, content } = await callTool(window, tool, args, PATIENT_MS);
  if (isError || !structuredContent) throw new Error(`${tool}: ${content[0]?.text}`);
  return structuredContent;
}

/** Does a work order as the host's model would, and what the waiting tool says then. */
async function thought(window: RpcServer, { work }: Told): Promise<Told> {
  const { work_id, input, answer_schema } = workOf({ work });
  const result = thinkAlong(input, JSON.stringify(answer_schema)).answer;
  const { answer } = await told(window, "ouroboros_submit", { work_id, result });
  return answer as Told;
}

function workOf({ work }: Told) {
  return work as { work_id: string; kind: string; input: string; answer_schema: object };
}
