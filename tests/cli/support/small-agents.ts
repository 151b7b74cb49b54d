import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CliHome } from "./ouroboros.ts";

const ACP_AGENT = join(import.meta.dirname, "../../fixtures/agents/acp/scripted-agent.ts");

/** A folder with agents made small, as the only entry of the search path. */
export interface SmallAgents {
  readonly env: Readonly<Record<string, string>>;
  /** Each start of one of them, as its name and what it was called with. */
  asked(): string[];
  put(name: string, script: string): void;
}

/** Nobody is installed here but who is put here. */
export function smallAgents({ home }: CliHome): SmallAgents {
  const folder = join(home, "programs");
  const log = join(home, "asked");
  mkdirSync(folder);
  return {
    env: { PATH: folder },
    asked: () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []),
    put(name, script) {
      const path = join(folder, name);
      writeFileSync(path, `#!/bin/sh\necho "${name} $*" >>"${log}"\n${script}\n`);
      chmodSync(path, 0o755);
    },
  };
}

export const CLAUDE_SAYS_ITS_VERSION = `case "$*" in *--version*) echo "2.9.1 (Claude Code)";; esac`;

/** Codex with a version, logged in or not. */
export function codexScript(isLoggedIn: boolean): string {
  return `case "$*" in *--version*) echo "codex-cli 0.99.0";; *"login status"*) exit ${isLoggedIn ? 0 : 1};; esac`;
}

/** An ACP agent that greets, or that says nothing for ever. */
export function acpScript(behaviour: "greets" | "mute"): string {
  return `exec "${process.execPath}" "${ACP_AGENT}" ${behaviour}`;
}

/** Claude Code's dialect around one structured answer, a JSON text without single quotes. */
export function claudeAnswers(json: string): string {
  const result = `{"type":"result","subtype":"success","is_error":false,"result":"done","structured_output":${json},"session_id":"h","num_turns":1,"total_cost_usd":0.5,"usage":{"input_tokens":7,"output_tokens":3}}`;
  return `case "$*" in *--version*) echo "2.9.1 (Claude Code)"; exit;; esac
read -r _
echo '{"type":"system","subtype":"init","session_id":"h","model":"small"}'
echo '${result}'
while read -r _; do :; done`;
}

/** Adds to the home's configuration. */
export function configure({ home }: CliHome, yaml: string): void {
  appendFileSync(join(home, "config.yaml"), yaml);
}
