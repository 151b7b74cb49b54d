import { type Refusal, refuse } from "../base/refusal.ts";
import { findProgram } from "../process/find-program.ts";
import { ACP_PRESETS } from "./acp/acp-presets.ts";

/** The agents this user has configured by name. Programs come from the user's own configuration and from nowhere else. */
export interface RuntimeSettings {
  /** The name that is used when none is asked for; upstream's words are understood. */
  readonly chosen: string | undefined;
  readonly commands: Readonly<Record<string, readonly string[]>>;
  readonly details?: Readonly<Record<string, RuntimeDetails>>;
  readonly limits?: StepLimits;
}

/** How long an agent may take for a step, and be silent in it; missing where the user has said nothing. */
interface StepLimits {
  readonly totalMs?: number | undefined;
  readonly idleMs?: number | undefined;
}

/** What else the configuration says of an agent. */
interface RuntimeDetails {
  /** How it is spoken to; by its name where that is a known one, else `command`. */
  readonly kind?: RuntimeKind | typeof HOST | undefined;
  /** What a `command` prints. */
  readonly output?: "text" | "jsonl" | undefined;
  /** Names of variables of ours that it may have. */
  readonly env?: readonly string[] | undefined;
}

export const RUNTIME_KINDS = ["claude", "codex", "acp", "command"] as const;
type RuntimeKind = (typeof RUNTIME_KINDS)[number];

/** The runtime whose agents are the host's own: always there, and never picked unasked. */
export const HOST = "host";

/** One agent as it was chosen. */
export interface SelectedRuntime extends RuntimeDetails {
  readonly name: string;
  readonly command: readonly string[];
}

/** The host's own agents as a choice. */
export const HOST_RUNTIME: SelectedRuntime = { name: HOST, kind: HOST, command: [] };

/** Agents that need no configuration beyond being installed, and upstream's names for them. */
const BUILT_IN: Readonly<Record<string, readonly string[]>> = { claude: ["claude"], codex: ["codex"] };
const UPSTREAM_NAMES: Readonly<Record<string, string>> = { claude_code: "claude", codex_cli: "codex" };

/** The agent to use: the one asked for, else the chosen one, else the only one configured, else the only one installed. Starts nothing. */
export function selectRuntime(settings: RuntimeSettings, asked?: string): SelectedRuntime | Refusal {
  const named = asked ?? settings.chosen;
  const configured = Object.keys(settings.commands);
  // One who has configured an agent of their own has said what they want to use.
  const installed = configured.length > 0 ? configured : installedNames();
  const [only] = installed.length === 1 ? installed : [];
  const found = named === undefined ? only && runtimeNamed(settings, only) : runtimeNamed(settings, named);
  if (found) return found;
  const none = `none is configured${installed.length === 0 ? " or installed" : ""}`;
  const known = configured.length === 0 ? none : `configured are ${configured.join(", ")}`;
  const here = installed.length === 0 || configured.length > 0 ? "" : `, installed are ${installed.join(", ")}`;
  const name =
    installed.length === 0
      ? `Install Claude Code, Codex or another agent, or name ${HOST}`
      : `Name ${[...installed, HOST].join(" or ")}`;
  const choose = `${name} (OUROBOROS_AGENT_RUNTIME, or \`orchestrator.runtime_backend\` in config.yaml of the Ouroboros home)`;
  return refuse(
    "no_runtime",
    `Cannot choose the agent that does the work${named === undefined ? "" : ` ("${named}")`}: ${known}${here}`,
    `${choose}, or configure another under \`runtimes:\` there, such as \`my-agent: { command: [my-agent, --stdin] }\`: it gets the prompt on standard input and works in the session's folder. \`ouroboros runtimes\` shows what is here`,
    { runtimes: configured },
  );
}

/** Every agent that is a program and could be chosen by name, the configured ones first. */
export function runtimeNames({ commands }: RuntimeSettings): string[] {
  return [...new Set([...Object.keys(commands), ...Object.keys(BUILT_IN), ...Object.keys(ACP_PRESETS)])];
}

/** The agent of this name, configured or built in. */
export function runtimeNamed(settings: RuntimeSettings, name: string): SelectedRuntime | undefined {
  if (name === HOST) return HOST_RUNTIME;
  const known = [name, UPSTREAM_NAMES[name]].find((one) => one !== undefined && isKnown(settings, one));
  if (known === undefined) return undefined;
  const preset = own(ACP_PRESETS, known);
  const command = own(settings.commands, known) ?? own(BUILT_IN, known) ?? preset?.command ?? [];
  const { kind = kindOf(known), output, env } = own(settings.details ?? {}, known) ?? {};
  return { name: known, command, kind, output, env };
}

function kindOf(name: string): RuntimeKind {
  if (name === "claude" || name === "codex") return name;
  return Object.hasOwn(ACP_PRESETS, name) ? "acp" : "command";
}

function isKnown({ commands }: RuntimeSettings, name: string): boolean {
  return [commands, BUILT_IN, ACP_PRESETS].some((table) => Object.hasOwn(table, name));
}

/** Programs of other agents have names that are in use elsewhere, too: they are looked for where there is neither of these. */
function installedNames(): string[] {
  const names = Object.keys(BUILT_IN).filter((name) => isInstalled(name));
  if (names.length > 0) return names;
  return Object.entries(ACP_PRESETS).flatMap(([name, { command }]) => (isInstalled(command[0] ?? "") ? [name] : []));
}

function own<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function isInstalled(name: string): boolean {
  return findProgram(name, process.env.PATH ?? "", null) !== null;
}
