import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RuntimeListView } from "../../src/views/runtime-list.ts";
import { marked, until } from "../support/agent-processes.ts";
import { type CliHome, openHome } from "./support/ouroboros.ts";
import {
  acpScript,
  CLAUDE_SAYS_ITS_VERSION,
  codexScript,
  configure,
  type SmallAgents,
  smallAgents,
} from "./support/small-agents.ts";

setDefaultTimeout(60_000);

describe("runtimes", () => {
  test("shows each agent that is here with version, login and what it can, and of the others those built in", async () => {
    await using home = await openHome();
    const agents = smallAgents(home);
    agents.put("claude", CLAUDE_SAYS_ITS_VERSION);
    agents.put("codex", codexScript(true));
    agents.put("gemini", acpScript("greets"));
    agents.put("own-agent", "echo should not be started");
    configure(home, "runtimes:\n  mine: { command: [own-agent], output: jsonl }\n  gone: { command: [gone-agent] }\n");
    mkdirSync(join(home.home, ".claude"));
    writeFileSync(join(home.home, ".claude/.credentials.json"), "{}");
    const { runtimes } = await listed(home, agents);
    expect(runtimes.map(({ name }) => name).toSorted()).toEqual(["claude", "codex", "gemini", "gone", "host", "mine"]);
    const of = (name: string) => runtimes.find((one) => one.name === name);
    const all = { write: true, read_only: "held", resume: true, schema: true };
    expect(of("claude")).toMatchObject({ installed: true, version: "2.9.1", logged_in: true, can: all });
    expect(of("codex")).toMatchObject({ installed: true, version: "0.99.0", logged_in: true, can: all });
    expect(of("gemini")).toMatchObject({ kind: "acp", installed: true, version: "1.2.3", logged_in: null });
    expect(of("gemini")?.can).toMatchObject({ read_only: "asked", schema: false });
    expect(of("mine")).toMatchObject({ kind: "command", configured: true, installed: true, version: null });
    expect(of("mine")?.can).toEqual({ write: true, read_only: "no", resume: false, schema: true });
    expect(of("gone")).toMatchObject({ configured: true, installed: false });
    expect(of("host")).toMatchObject({ kind: "host", configured: false, installed: true, can: { write: true } });
  });

  test("asks for nothing that costs: versions, logins and greetings alone, and a program nobody knows is not started", async () => {
    await using home = await openHome();
    const agents = smallAgents(home);
    agents.put("claude", CLAUDE_SAYS_ITS_VERSION);
    agents.put("codex", codexScript(false));
    agents.put("gemini", acpScript("greets"));
    agents.put("own-agent", "exit 1");
    configure(home, "runtimes:\n  mine: { command: [own-agent] }\n");
    const { runtimes } = await listed(home, agents);
    expect(runtimes.find(({ name }) => name === "codex")).toMatchObject({ logged_in: false });
    expect(agents.asked().toSorted()).toEqual([
      "claude --version",
      "codex --version",
      "codex login status",
      "gemini --acp",
    ]);
  });

  test("waits for nobody longer than for the slowest bound, says so meanwhile, and leaves nobody behind", async () => {
    await using home = await openHome();
    const agents = smallAgents(home);
    const hangs = `case "$*" in *--version*) while :; do /bin/sleep 0.2; done;; esac`;
    agents.put("claude", hangs);
    agents.put("codex", hangs);
    agents.put("gemini", acpScript("mute"));
    const run = crypto.randomUUID();
    const { code, stdout, stderr } = await home.run(["runtimes", "--json"], { ...agents.env, OUROBOROS_TEST: run });
    expect(code).toBe(0);
    const { runtimes }: RuntimeListView = JSON.parse(stdout);
    const programs = runtimes.filter(({ kind }) => kind !== "host");
    expect(programs).toHaveLength(3);
    for (const { installed, version, note } of programs) {
      expect({ installed, version }).toEqual({ installed: true, version: null });
      expect(note).toMatch(/did not/);
    }
    expect(stderr).toContain("Asking each agent what it is");
    // Guards carry the variable; agents have only what they are given, and their home.
    const left = () => [...marked("OUROBOROS_TEST", run), ...marked("HOME", home.home)];
    await until(() => left().length === 0, "guards and agents are gone");
  });

  test("says who would be picked for work and for each role, from a terminal and by a host, and why", async () => {
    await using home = await openHome();
    const agents = smallAgents(home);
    agents.put("codex", codexScript(true));
    configure(home, "minds: { fast: openai, deep: anthropic }\n");
    const { picks, providers } = await listed(home, agents, { OPENAI_API_KEY: "sk-PLANTED-0001" });
    expect(picks.work).toEqual({ name: "codex", model: null, why: "codex is the only one installed" });
    const of = (role: string) => picks.minds.find((one) => one.role === role);
    expect(of("fast")?.here).toMatchObject({ name: "openai", why: "minds.fast is openai" });
    expect(of("fast")?.in_host).toMatchObject({ name: "openai" });
    expect(of("standard")?.here).toMatchObject({ name: "codex", why: "auto without a host: codex is installed" });
    expect(of("standard")?.in_host).toMatchObject({ name: "host" });
    expect(of("deep")?.here).toMatchObject({ code: "mind_unavailable", next: expect.stringContaining("key") });
    expect(providers).toEqual(["openai"]);
    const chosen = await listed(home, agents, { OUROBOROS_AGENT_RUNTIME: "claude_code" });
    expect(chosen.picks.work).toMatchObject({
      name: "claude",
      why: "OUROBOROS_AGENT_RUNTIME is claude_code, but it is not installed",
    });
  });

  test("is a table for people with the next step below, lines for programs, and never the key", async () => {
    await using home = await openHome();
    const agents = smallAgents(home);
    agents.put("claude", CLAUDE_SAYS_ITS_VERSION);
    const key = { ...agents.env, OPENAI_API_KEY: "sk-PLANTED-0001", OUROBOROS_AGENT_RUNTIME: "nobody" };
    const people = await home.run(["runtimes"], { ...key, FORCE_COLOR: "1" });
    const text = Bun.stripANSI(people.stdout);
    expect(text).toMatch(/^NAME +KIND +INSTALLED +VERSION +LOGGED IN +CAN +NOTE$/m);
    expect(text).toMatch(/^claude +claude +yes +2\.9\.1 +no +write, read-only, resume, schema/m);
    expect(text).toMatch(/^work +nobody +Cannot choose/m);
    expect(text).toMatch(/^→ Name /m);
    const programs = await home.run(["runtimes"], key);
    expect(programs.stdout).toContain("claude\tclaude\tyes\t2.9.1\tno\t");
    for (const { stdout, stderr } of [people, programs]) expect(stdout + stderr).not.toContain("PLANTED");
  });
});

describe("doctor on agents", () => {
  test.each([
    ["no agent is here", "", {}, ["no_agent"]],
    ["the chosen one is not installed", "", { OUROBOROS_AGENT_RUNTIME: "codex" }, ["no_agent", "agent_not_installed"]],
    ["the chosen one is nobody", "orchestrator: { runtime_backend: nobdy }\n", {}, ["no_agent", "unknown_runtime"]],
    [
      "a configured one has no program",
      "runtimes: { x: { command: [gone] } }\n",
      {},
      ["no_agent", "agent_not_installed"],
    ],
    ["a role names nobody", "minds: { fast: nobdy }\n", {}, ["no_agent", "unknown_mind"]],
    ["the environment names nobody", "", { OUROBOROS_LLM_BACKEND: "nobdy" }, ["no_agent", "unknown_mind"]],
    ["a key of minds is nobody's", "minds: { quick: host }\n", {}, ["no_agent", "unknown_config_key"]],
  ])("when %s says so with a next step", async (_, yaml, env, codes) => {
    await using home = await openHome({ events: 20, sessions: 1 });
    const agents = smallAgents(home);
    agents.put("git", "exit 1");
    configure(home, yaml);
    const { code, stdout } = await home.run(["doctor", "--json"], {
      ...agents.env,
      ...(env as Record<string, string>),
    });
    expect(code).toBe(0);
    const { problems } = JSON.parse(stdout);
    expect(problems.map((one: { code: string }) => one.code).toSorted()).toEqual(codes.toSorted());
    for (const { next } of problems) expect(next.length).toBeGreaterThan(20);
  });

  test("says that git is missing, which runs need", async () => {
    await using home = await openHome({ events: 20, sessions: 1 });
    configure(home, "orchestrator: { runtime_backend: host }\n");
    const { stdout } = await home.run(["doctor", "--json"], smallAgents(home).env);
    expect(JSON.parse(stdout)).toMatchObject({ git: null, problems: [{ code: "git_missing" }] });
  });

  test("has nothing to say where the host is chosen, though no agent is here", async () => {
    await using home = await openHome({ events: 20, sessions: 1 });
    const agents = smallAgents(home);
    agents.put("git", "exit 1");
    configure(home, "orchestrator: { runtime_backend: host }\n");
    const { stdout } = await home.run(["doctor", "--json"], agents.env);
    expect(JSON.parse(stdout)).toMatchObject({ problems: [], agents: { installed: [], work: "host" } });
    expect((await listed(home, agents)).picks.work).toMatchObject({
      name: "host",
      why: "orchestrator.runtime_backend is host",
    });
  });

  test("starts nobody, and has nothing to say against one agent that is installed and known words", async () => {
    await using home = await openHome({ events: 20, sessions: 1 });
    const agents = smallAgents(home);
    agents.put("git", "exit 1");
    agents.put("claude", CLAUDE_SAYS_ITS_VERSION);
    configure(
      home,
      "minds: { fast: ollama/small, deep: claude, providers: { ollama: { base_url: 'http://127.0.0.1:9/v1' } } }\n",
    );
    configure(home, "llm: { backend: claude_code }\norchestrator: { runtime_backend: claude_code }\n");
    const { stdout } = await home.run(["doctor", "--json"], { ...agents.env, OUROBOROS_LLM_BACKEND: "litellm" });
    const { problems, agents: found } = JSON.parse(stdout);
    expect(problems).toEqual([]);
    expect(found).toMatchObject({
      installed: ["claude"],
      work: "claude",
      minds: { fast: "ollama/small", deep: "claude" },
    });
    expect(agents.asked()).toEqual([]);
  });

  test("warns of credentials that others can read, and shows nothing of them", async () => {
    await using home = await openHome({ events: 20, sessions: 1 });
    const agents = smallAgents(home);
    agents.put("git", "exit 1");
    agents.put("claude", CLAUDE_SAYS_ITS_VERSION);
    const path = join(home.home, "credentials.yaml");
    writeFileSync(path, "providers: { openai: { api_key: sk-PLANTED-0001 } }\n", { mode: 0o644 });
    const { stdout, stderr } = await home.run(["doctor"], agents.env);
    expect(stdout).toContain(`Cannot use ${path}: others may read it (its mode is 0644)`);
    expect(stdout).toContain(`→ Run: chmod 600 ${path}`);
    expect(stdout + stderr).not.toContain("PLANTED");
  });
});

async function listed(home: CliHome, agents: SmallAgents, env: Record<string, string> = {}): Promise<RuntimeListView> {
  const { code, stdout, stderr } = await home.run(["runtimes", "--json"], { ...agents.env, ...env });
  expect([code, stderr.replaceAll(/^(Asking|Waiting for) .*\n/gm, "")]).toEqual([0, ""]);
  return JSON.parse(stdout);
}
