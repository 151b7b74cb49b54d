import { existsSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../clients");
const PLATFORM = `${process.platform}-${process.arch}`;
const EXE = process.platform === "win32" ? ".exe" : "";

/**
 * What is started for each client. The Claude Code packages hold only a stub until an install script has linked the
 * platform's binary; scripts stay off here, so that binary is named itself.
 */
const PROGRAMS = {
  claude: `node_modules/@anthropic-ai/claude-code-${PLATFORM}/claude${EXE}`,
  "claude-197": `node_modules/claude-197/node_modules/@anthropic-ai/claude-code-${PLATFORM}/claude${EXE}`,
  codex: "node_modules/@openai/codex/bin/codex.js",
  gemini: "node_modules/@google/gemini-cli/bundle/gemini.js",
  inspector: "node_modules/@modelcontextprotocol/inspector/cli/build/cli.js",
  "sdk-v1": "node_modules/@modelcontextprotocol/sdk/package.json",
  "sdk-v2": "node_modules/@modelcontextprotocol/client/package.json",
};

export type ClientName = keyof typeof PROGRAMS;

/** The program of a pinned client, installed or not. */
export function clientProgram(name: ClientName): string {
  return join(FOLDER, PROGRAMS[name]);
}

export function hasClient(name: ClientName): boolean {
  return existsSync(clientProgram(name));
}

/** Throws, with the command that installs them, when a pinned client is missing. */
export function ensureClients(...names: ClientName[]): void {
  const missing = names.filter((name) => !hasClient(name));
  if (missing.length === 0) return;
  throw new Error(`Cannot drive ${missing.join(", ")}: not installed; run "npm ci --prefix tests/e2e/clients"`);
}
