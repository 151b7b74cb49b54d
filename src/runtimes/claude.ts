import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isNetwork } from "./agent-environment.ts";
import { CLAUDE_BEFORE, type ClaudeState, claudeHasAnswered, judgeClaude, readClaude } from "./claude-stream.ts";
import { type CliAgent, splitInstructions, startCliAgent } from "./cli-agent.ts";
import { jsonLine } from "./json-line.ts";
import { type Program, probeProgram, resolveProgram } from "./program.ts";
import type { Runtime, Task } from "./runtime.ts";

/** Neither hooks nor MCP servers, whosever they are; of settings the user's own, since a login may stand there. */
const ALWAYS = [
  ...["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"],
  ...["--strict-mcp-config", "--mcp-config", '{"mcpServers":{}}'],
  ...["--setting-sources", "user", "--settings", '{"disableAllHooks":true}'],
];
/**
 * Tools that are not named are not there at all, whatever the user's settings allow. Nobody is asked: what neither these
 * nor the user's settings allow, such as a look into the web, is denied.
 */
const ACCESS: Record<Task["access"], readonly string[]> = {
  read_only: ["--permission-mode", "dontAsk", "--tools", "Read,Glob,Grep"],
  write: [
    ...["--permission-mode", "acceptEdits"],
    ...["--tools", "Bash,Edit,Glob,Grep,NotebookEdit,Read,Task,TodoWrite,WebFetch,WebSearch,Write"],
    ...["--allowedTools", "Bash"],
  ],
};
/** Claude Code, headless. */
export function createClaudeRuntime(program: Program): Runtime {
  return {
    name: program.name,
    kind: "claude",
    probe: (signal) => probeProgram(program, { needs: isClaudes, signal, isLoggedIn }),
    start: async (task, trustMs) => startCliAgent(task, trustMs, claudeAgent(program, task)),
  };
}

function claudeAgent(program: Program, task: Task): CliAgent<ClaudeState> {
  const { command, env } = resolveProgram(program, { folder: task.cwd, needs: isClaudes, env: task.env });
  const { instructions, prompt } = splitInstructions(task);
  return {
    command: [
      ...command,
      ...ALWAYS,
      ...ACCESS[task.access],
      ...flag("--model", task.model),
      ...flag("--resume", task.resume),
      ...flag("--append-system-prompt", instructions || undefined),
      ...flag("--json-schema", task.answerSchema && JSON.stringify(task.answerSchema)),
    ],
    // A task has one end: nothing of it goes on in the background after its result.
    env: { CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1", ...env },
    input: `${JSON.stringify({ type: "user", message: { role: "user", content: prompt } })}\n`,
    initial: CLAUDE_BEFORE,
    read: readClaude,
    hasAnswered: claudeHasAnswered,
    judge: (state, end) => judgeClaude(state, end, task.answerSchema !== undefined),
  };
}

/** A value that begins with a dash would be read as a flag. */
function flag(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name}=${value}`];
}

/** What Claude Code reads: its own variables, those of the cloud it is told to use, and the way to the network. */
function isClaudes(name: string): boolean {
  if (OF_A_SESSION.test(name)) return false;
  if (/^(ANTHROPIC|CLAUDE)_|^DISABLE_(TELEMETRY|ERROR_REPORTING|AUTOUPDATER)$|^API_TIMEOUT_MS$/.test(name)) return true;
  if (process.env.CLAUDE_CODE_USE_BEDROCK && /^AWS_/.test(name)) return true;
  if (
    process.env.CLAUDE_CODE_USE_VERTEX &&
    /^(GOOGLE_APPLICATION_CREDENTIALS|GOOGLE_CLOUD_PROJECT|CLOUD_ML_REGION|VERTEX_\w+)$/.test(name)
  )
    return true;
  return isNetwork(name);
}

/** Of the Claude Code that this process was started by, if it was. */
const OF_A_SESSION =
  /^CLAUDE_(PROJECT_DIR|PLUGIN_\w+|ENV_FILE|CODE_(SESSION_ID|ENTRYPOINT|MESSAGING_\w+|SSE_PORT|REMOTE\w*|CHILD\w*))$/;

function isLoggedIn(env: Readonly<Record<string, string>>): Promise<boolean | null> {
  const folder = env.CLAUDE_CONFIG_DIR ?? join(env.HOME ?? homedir(), ".claude");
  if (LOGINS.some((name) => (env[name] ?? "") !== "")) return Promise.resolve(true);
  if (existsSync(join(folder, ".credentials.json"))) return Promise.resolve(true);
  const settings = readSettings(join(folder, "settings.json"));
  if (settings?.apiKeyHelper !== undefined) return Promise.resolve(true);
  if (typeof settings?.env === "object" && settings.env !== null) {
    const { env: set } = settings;
    if (LOGINS.some((name) => name in set)) return Promise.resolve(true);
  }
  // There it is kept in the system's keychain.
  return Promise.resolve(process.platform === "darwin" ? null : false);
}

const LOGINS = [
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "CLAUDE_CODE_OAUTH_TOKEN",
  "CLAUDE_CODE_USE_BEDROCK",
  "CLAUDE_CODE_USE_VERTEX",
];

function readSettings(path: string): Readonly<Record<string, unknown>> | null {
  try {
    return jsonLine(readFileSync(path, "utf8"));
  } catch {
    return null; // None, which is most people's.
  }
}
