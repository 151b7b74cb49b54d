import { readFileSync, realpathSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { OuroborosError } from "../base/errors.ts";
import { askProgram } from "../process/agent/ask-program.ts";
import { projectOf } from "../process/find-program.ts";
import { isNetwork } from "./agent-environment.ts";
import { type CliAgent, splitInstructions, startCliAgent } from "./cli-agent.ts";
import { CODEX_BEFORE, type CodexState, judgeCodex, readCodex } from "./codex-stream.ts";
import { type Program, probeProgram, resolveProgram } from "./program.ts";
import type { Runtime, Task } from "./runtime.ts";
import { toStrictSchema } from "./strict-schema.ts";

type Environment = Readonly<Record<string, string>>;

const SANDBOX: Record<Task["access"], string> = { read_only: "read-only", write: "workspace-write" };
const PATIENCE_MS = 10_000;
const Servers = v.array(v.looseObject({ name: v.string() }));

/** Codex, headless. */
export function createCodexRuntime(program: Program): Runtime {
  return {
    name: program.name,
    kind: "codex",
    probe: (signal) =>
      probeProgram(program, {
        needs: isCodexs,
        signal,
        isLoggedIn: (env, command) => isLoggedIn(env, command, signal),
      }),
    start: async (task, trustMs) => startCliAgent(task, trustMs, await codexAgent(program, task)),
  };
}

async function codexAgent(program: Program, task: Task): Promise<CliAgent<CodexState>> {
  ensureFolder(task.cwd);
  ensureHandle(task.resume);
  const { command, env } = resolveProgram(program, { folder: task.cwd, needs: isCodexs, env: task.env });
  const { instructions, prompt } = splitInstructions(task);
  const settings = await settingsFor(command, env, { cwd: task.cwd, instructions });
  // Any other schema would be refused by the provider, once the run is under way.
  const strict = task.answerSchema && toStrictSchema(task.answerSchema);
  const schema = strict === undefined ? null : await layOut(strict);
  return {
    command: [
      ...[...command, "exec", "--json", "--skip-git-repo-check", "-C", task.cwd, "--sandbox", SANDBOX[task.access]],
      ...settings.flatMap((one) => ["-c", one]),
      ...(task.model === undefined ? [] : [`--model=${task.model}`]),
      ...(schema === null ? [] : ["--output-schema", schema.path]),
      ...(task.resume === undefined ? [] : ["resume", task.resume]),
      "-",
    ],
    env,
    input: prompt,
    initial: CODEX_BEFORE,
    read: readCodex,
    judge: (state, end) => judgeCodex(state, end, schema !== null),
    release: async () => schema?.remove(),
  };
}

/**
 * Plugins, MCP servers and the project's own configuration off. An empty table does not take the user's servers away,
 * as tables are merged, so that each is switched off by its name.
 */
async function settingsFor(
  command: readonly string[],
  env: Environment,
  work: { cwd: string; instructions: string },
): Promise<string[]> {
  const base = ["features.plugins=false", "features.apps=false", `projects={${untrusted(work.cwd)}}`];
  const options = base.flatMap((one) => ["-c", one]);
  const answer = await askProgram([...command, ...options, "mcp", "list", "--json"], { env, timeoutMs: PATIENCE_MS });
  const servers = parseServers(answer?.code === 0 ? answer.stdout : "");
  if (servers === null) {
    throw new OuroborosError(
      "agent_not_started",
      `Codex did not say which MCP servers are configured: ${answer?.stderr.trim().slice(-500) || "it gave no answer"}`,
      "Run `codex mcp list` by hand and correct what it complains of",
    );
  }
  const off = servers.map(({ name }) => `${toml(name)}={enabled=false}`).join(",");
  const instructions = work.instructions === "" ? [] : [`developer_instructions=${toml(work.instructions)}`];
  return [...base, ...(off === "" ? [] : [`mcp_servers={${off}}`]), ...instructions];
}

/** Whatever the user trusted there as a person: here nobody is asked. Trust is looked up by folder and by checkout. */
function untrusted(cwd: string): string {
  const root = projectOf(cwd);
  const folders = new Set([cwd]);
  for (let at = realpathSync(cwd); ; at = dirname(at)) {
    folders.add(at);
    if (root === null || at === root || at === dirname(at)) break;
  }
  return [...folders].map((folder) => `${toml(folder)}={trust_level="untrusted"}`).join(",");
}

function parseServers(text: string): v.InferOutput<typeof Servers> | null {
  try {
    const parsed = v.safeParse(Servers, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

function ensureHandle(handle: string | undefined): void {
  // Anything else could be taken for a flag.
  if (handle === undefined || /^\w[\w-]*$/.test(handle)) return;
  const next = "Give the handle that the earlier run told, or none to begin anew";
  throw new OuroborosError("agent_not_started", `Codex has no conversation ${JSON.stringify(handle)}`, next);
}

function ensureFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const next = `Make sure that ${path} is a folder that may be entered.`;
  throw new OuroborosError("agent_not_started", `Codex could not be started: ${path} is not a folder`, next);
}

/** A TOML string: JSON's, but for one control character that JSON lets stand. */
function toml(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}

async function layOut(schema: object): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "ouroboros-codex-"));
  const path = join(folder, "answer.json");
  await writeFile(path, JSON.stringify(schema), { mode: 0o600 });
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** What Codex reads: its own variables and the way to the network. A provider's key of another name is passed by configuration. */
function isCodexs(name: string): boolean {
  if (/^CODEX_(THREAD_ID|SANDBOX\w*|SESSION_\w+|CI)$/.test(name)) return false;
  return /^(OPENAI|CODEX)_/.test(name) || isNetwork(name);
}

async function isLoggedIn(env: Environment, command: readonly string[], signal: AbortSignal): Promise<boolean | null> {
  if (env.OPENAI_API_KEY || env.CODEX_API_KEY) return true;
  const answer = await askProgram([...command, "login", "status"], { env, timeoutMs: PATIENCE_MS, signal });
  if (answer === null || answer.code === null) return null;
  if (answer.code === 0) return true;
  // Another provider has another login, of which this says nothing.
  return hasOwnProvider(env.CODEX_HOME ?? join(env.HOME ?? homedir(), ".codex")) ? null : false;
}

function hasOwnProvider(folder: string): boolean {
  try {
    return /^\s*model_provider\s*=/m.test(readFileSync(join(folder, "config.toml"), "utf8"));
  } catch {
    return false; // No configuration.
  }
}
