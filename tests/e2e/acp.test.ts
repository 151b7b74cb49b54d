import { afterEach, beforeEach, describe, expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAcpRuntime } from "../../src/runtimes/acp/acp-runtime.ts";
import type { AgentMessage, AgentRun, Task } from "../../src/runtimes/runtime.ts";
import { type FakeGeminiApi, openGeminiApi } from "../fixtures/agents/acp/fake-gemini-api.ts";
import { agentTest, marked } from "../support/agent-processes.ts";
import { realPart } from "./support/real-part.ts";

const GEMINI = join(import.meta.dirname, "clients/node_modules/@google/gemini-cli/bundle/gemini.js");
const gemini = realPart("Gemini CLI", existsSync(GEMINI));
const LIMITS = { firstOutputMs: 60_000, idleMs: 60_000, totalMs: 80_000 };

let here: ReturnType<typeof agentTest>;
let home: string;
let project: string;

beforeEach(() => {
  here = agentTest();
  home = join(realpathSync(here.folder), "home");
  project = join(home, "project");
  for (const folder of [home, project, join(home, ".gemini"), join(home, "tmp")]) mkdirSync(folder);
  writeFileSync(
    join(home, ".gemini/settings.json"),
    JSON.stringify({
      security: { auth: { selectedType: "gemini-api-key" } },
      privacy: { usageStatisticsEnabled: false },
      general: { enableAutoUpdate: false },
    }),
  );
});
afterEach(() => here.end());

const runtime = createAcpRuntime({ name: "gemini", command: ["node", GEMINI, "--acp"] });

function start(model: FakeGeminiApi, task: Partial<Task> = {}): Promise<AgentRun> {
  const env = {
    ...here.env,
    HOME: home,
    TMPDIR: join(home, "tmp"),
    GEMINI_API_KEY: "no-key",
    GOOGLE_GEMINI_BASE_URL: model.url,
    GEMINI_CLI_TRUST_WORKSPACE: "true",
    // Else what is started is only a launcher of the real one.
    GEMINI_CLI_NO_RELAUNCH: "true",
  };
  // A model is named: left to choose, it asks another model first.
  const given = {
    prompt: "Do it",
    cwd: project,
    access: "write" as const,
    model: "gemini-2.5-flash",
    env,
    limits: LIMITS,
  };
  return runtime.start({ ...given, ...task }, 60_000);
}

async function readAll(run: AgentRun): Promise<AgentMessage[]> {
  const messages: AgentMessage[] = [];
  for await (const message of run.begin()) messages.push(message);
  return messages;
}

describe("a real ACP agent", () => {
  gemini("answers, writes a file with its own tool inside the folder and none outside, and goes on later", async () => {
    const inside = join(project, "made.txt");
    const outside = join(home, "escaped.txt");
    await using model = await openGeminiApi([
      { tool: "write_file", args: { file_path: inside, content: "made by the agent\n" } },
      { tool: "write_file", args: { file_path: outside, content: "made by the agent\n" } },
      { tool: "run_shell_command", args: { command: "echo ran > ran.txt" } },
      { text: "All done." },
    ]);
    const run = await start(model);
    const messages = await readAll(run);
    const outcome = await run.outcome;
    expect(outcome).toMatchObject({ ending: "succeeded", text: "All done.", error: null, exit_code: 0 });
    expect(outcome.usage?.input_tokens).toBeGreaterThan(0);
    const session = { kind: "session", handle: outcome.handle, model: "gemini-2.5-flash" };
    expect(messages.filter(({ kind }) => kind === "session")).toEqual([session as AgentMessage]);
    expect(messages.flatMap((message) => (message.kind === "tool_ended" ? [message.ok] : []))).toEqual([
      true,
      false,
      true,
    ]);
    expect(readFileSync(inside, "utf8")).toBe("made by the agent\n");
    expect(existsSync(outside)).toBe(false);
    expect(readFileSync(join(project, "ran.txt"), "utf8")).toBe("ran\n");

    // It names a session's file by the minute, and overwrites it when asked to load it in the same one.
    const chats = join(home, ".gemini/tmp/project/chats");
    for (const name of readdirSync(chats))
      renameSync(join(chats, name), join(chats, name.replace(/-\d{4}-/, "-2001-")));
    // Of an earlier session it sends fewer turns than there were.
    await using again = await openGeminiApi(Array(9).fill({ text: "Still here." }));
    const later = await start(again, { resume: outcome.handle ?? "" });
    const more = await readAll(later);
    expect(await later.outcome).toMatchObject({ ending: "succeeded", text: "Still here.", handle: outcome.handle });
    expect(more.map(({ kind }) => kind)).toEqual(["session", "text"]);
    expect(JSON.stringify(again.conversations.at(-1))).toContain("All done.");
  });

  gemini("that only reads gets no file written", async () => {
    const path = join(project, "made.txt");
    await using model = await openGeminiApi([
      { tool: "write_file", args: { file_path: path, content: "no" } },
      { text: "I may not." },
    ]);
    const run = await start(model, { access: "read_only" });
    await readAll(run);
    expect(await run.outcome).toMatchObject({ ending: "succeeded", text: "I may not." });
    expect(existsSync(path)).toBe(false);
  });

  gemini("is cancelled in the middle of what it says, and nothing of it is left", async () => {
    await using model = await openGeminiApi([{ text: "One moment", hold: true }]);
    const run = await start(model);
    let isStopped = false;
    for await (const message of run.begin()) {
      if (message.kind !== "text" || isStopped) continue;
      isStopped = true;
      void run.stop(10_000);
    }
    expect(isStopped).toBe(true);
    expect(await run.outcome).toMatchObject({ ending: "stopped", text: "One moment" });
    expect(marked("OUROBOROS_AGENT_MARKER", run.group?.marker ?? "")).toEqual([]);
  });

  gemini("that is not logged in says how one could", async () => {
    writeFileSync(join(home, ".gemini/settings.json"), "{}");
    await using model = await openGeminiApi([]);
    const run = await start(model, { env: { ...here.env, HOME: home, TMPDIR: join(home, "tmp") } });
    await readAll(run);
    const { ending, error } = await run.outcome;
    expect(ending).toBe("unauthorized");
    expect(error).toContain("it offers: Log in with Google");
  });
});
