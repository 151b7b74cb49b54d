import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRefusal } from "../../src/base/refusal.ts";
import { readConfig } from "../../src/config.ts";
import { configuredRuntimes, openRuntime } from "../../src/runtimes/configured-runtimes.ts";
import { selectRuntime } from "../../src/runtimes/runtime-settings.ts";

let home: string;
const path = process.env.PATH;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ouroboros-settings-"));
  mkdirSync(join(home, "bin"));
  process.env.PATH = join(home, "bin");
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(home, { recursive: true, force: true });
});

function install(...names: string[]): void {
  for (const name of names) writeFileSync(join(home, "bin", name), "#!/bin/sh\necho 1.2.3\n", { mode: 0o755 });
}

async function selected(yaml: string, asked?: string, env: Record<string, string> = {}) {
  writeFileSync(join(home, "config.yaml"), yaml);
  const { runtimes } = await readConfig({}, { OUROBOROS_HOME: home, ...env });
  const found = selectRuntime(runtimes, asked);
  return isRefusal(found) ? found.code : `${found.name}:${found.kind}`;
}

const MINE = "runtimes: { mine: { command: [my-agent] } }\n";
const CHOSEN = "orchestrator: { runtime_backend: claude_code }\n";

test("the agent asked for goes before the environment's, that before the file's, that before the only one", async () => {
  install("claude", "codex");
  const env = { OUROBOROS_AGENT_RUNTIME: "codex_cli" };
  expect(await selected(MINE + CHOSEN, "mine", env)).toBe("mine:command");
  expect(await selected(MINE + CHOSEN, undefined, env)).toBe("codex:codex");
  expect(await selected(MINE + CHOSEN)).toBe("claude:claude");
  expect(await selected(MINE)).toBe("mine:command");
});

test("with nothing said, the only one installed is used; of two, none is guessed", async () => {
  expect(await selected("")).toBe("no_runtime");
  install("gemini");
  expect(await selected("")).toBe("gemini:acp");
  install("codex");
  expect(await selected("")).toBe("codex:codex");
  install("claude");
  expect(await selected("")).toBe("no_runtime");
});

test("the host is there for whoever names it, is never picked unasked, and nobody else may have its name", async () => {
  expect(await selected("")).toBe("no_runtime");
  expect(await selected(MINE, "host")).toBe("host:host");
  expect(await selected("orchestrator: { runtime_backend: host }\n")).toBe("host:host");
  expect(await selected(MINE, undefined, { OUROBOROS_AGENT_RUNTIME: "host" })).toBe("host:host");
  await expect(selected("runtimes: { host: { command: [x] } }")).rejects.toMatchObject({ code: "bad_config" });
});

test("the file may say how long a step and an agent's silence may last, in minutes", async () => {
  const limits = async (yaml: string) => {
    writeFileSync(join(home, "config.yaml"), yaml);
    const { runtimes, unknownKeys } = await readConfig({}, { OUROBOROS_HOME: home });
    expect(unknownKeys).toEqual([]);
    return runtimes.limits;
  };
  expect(await limits("")).toEqual({ totalMs: undefined, idleMs: undefined });
  expect(await limits("execution: { step_timeout_minutes: 90, idle_timeout_minutes: 0.5 }\n")).toEqual({
    totalMs: 90 * 60_000,
    idleMs: 30_000,
  });
  await expect(limits("execution: { step_timeout_minutes: 0 }\n")).rejects.toMatchObject({ code: "bad_config" });
});

test("a name that nobody knows is refused, and nothing else used in its place", async () => {
  expect(await selected(MINE, "other")).toBe("no_runtime");
  expect(await selected(MINE, "toString")).toBe("no_runtime");
  expect(await selected(`${MINE}orchestrator: { runtime_backend: hermes }\n`)).toBe("no_runtime");
});

test("the configuration may give a known agent another program, and another agent a known way of speaking", async () => {
  const yaml = `runtimes:
  claude: { command: [/opt/claude, --debug] }
  house: { command: [house-agent], kind: codex, env: [HOUSE_KEY] }
  records: { command: [my-agent], output: jsonl }
`;
  writeFileSync(join(home, "config.yaml"), yaml);
  const { runtimes } = await readConfig({}, { OUROBOROS_HOME: home });
  expect(selectRuntime(runtimes, "claude")).toMatchObject({ kind: "claude", command: ["/opt/claude", "--debug"] });
  expect(selectRuntime(runtimes, "house")).toMatchObject({ kind: "codex", env: ["HOUSE_KEY"] });
  expect(selectRuntime(runtimes, "records")).toMatchObject({ kind: "command", output: "jsonl" });
  expect(configuredRuntimes(runtimes).map(({ name }) => name)).toEqual(
    expect.arrayContaining(["claude", "house", "records", "codex", "gemini"]),
  );
  await expect(selected("runtimes: { x: { command: [x], kind: telepathy } }")).rejects.toMatchObject({
    code: "bad_config",
  });
});

test("a probe tells who is there, in which version, and whether somebody is logged in", async () => {
  install("claude");
  const before = { HOME: process.env.HOME, ANTHROPIC_API_KEY: process.env.ANTHROPIC_API_KEY };
  process.env.HOME = home;
  delete process.env.ANTHROPIC_API_KEY;
  try {
    const claude = openRuntime({ name: "claude", command: ["claude"], kind: "claude" });
    const absent = openRuntime({ name: "codex", command: ["codex"], kind: "codex" });
    const signal = AbortSignal.timeout(60_000);
    process.env.PATH = `${join(home, "bin")}:${path}`;
    expect(await claude.probe(signal)).toMatchObject({ installed: true, version: "1.2.3", logged_in: false });
    mkdirSync(join(home, ".claude"));
    writeFileSync(join(home, ".claude/.credentials.json"), "{}");
    expect(await claude.probe(signal)).toMatchObject({ logged_in: true });
    process.env.PATH = join(home, "bin");
    expect(await absent.probe(signal)).toMatchObject({
      installed: false,
      version: null,
      note: expect.stringContaining("Install codex"),
    });
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});
