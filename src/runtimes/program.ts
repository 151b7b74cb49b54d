import { OuroborosError } from "../base/errors.ts";
import { askProgram } from "../process/agent/ask-program.ts";
import { findProgram } from "../process/find-program.ts";
import { agentEnvironment } from "./agent-environment.ts";
import type { Probe } from "./runtime.ts";

/** An agent's program as this user's configuration names it. */
export interface Program {
  readonly name: string;
  /** The program and what it is always given. */
  readonly command: readonly string[];
  /** Names of variables of ours that this user lets it have besides its kind's own. */
  readonly passes?: readonly string[];
}

interface Resolved {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const PATIENCE_MS = 5_000;
/** An empty search path is not none: it means the folder one stands in. */
const SYSTEM_PATH = process.platform === "win32" ? "" : "/usr/bin:/bin";

/** The command line to start and its environment, for work in a folder that must not decide either. Throws `agent_not_started`. */
export function resolveProgram(
  program: Program,
  work: { folder: string | null; needs?: (name: string) => boolean; env?: Readonly<Record<string, string>> },
): Resolved {
  const [first = "", ...args] = program.command;
  const found = findProgram(first, process.env.PATH ?? "", work.folder);
  if (found === null) {
    throw new OuroborosError(
      "agent_not_started",
      `The agent ${program.name} could not be started: there is no program ${first} outside the project`,
      `Install ${first}, or give its full path under \`runtimes:\` in config.yaml of the Ouroboros home`,
    );
  }
  const needs = (name: string) => (work.needs?.(name) ?? false) || (program.passes?.includes(name) ?? false);
  const env = agentEnvironment(process.env, { needs, path: found.path || SYSTEM_PATH, task: work.env ?? {} });
  return { command: [found.program, ...args], env };
}

/** What can be told of an agent without asking it anything that costs: whether it is there, its version, its login. */
export async function probeProgram(
  program: Program,
  asks: {
    readonly signal: AbortSignal;
    readonly needs?: (name: string) => boolean;
    /** Whether it can say its version; not every program takes `--version` for a question. */
    readonly hasVersion?: boolean;
    isLoggedIn?(env: Resolved["env"], command: readonly string[]): Promise<boolean | null>;
  },
): Promise<Probe> {
  let resolved: Resolved;
  try {
    resolved = resolveProgram(program, { folder: null, ...(asks.needs && { needs: asks.needs }) });
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
    return { installed: false, version: null, logged_in: null, models: [], note: error.next };
  }
  const { command, env } = resolved;
  const [where = ""] = command;
  const found = { installed: true, models: [] as string[] };
  if (asks.hasVersion === false) return { ...found, version: null, logged_in: null, note: `Found at ${where}` };
  const answer = await askProgram([...command, "--version"], { env, timeoutMs: PATIENCE_MS, signal: asks.signal });
  const version = /\d+\.\d+[\w.+-]*/.exec(answer?.code === 0 ? answer.stdout : "")?.[0] ?? null;
  const logged_in = (await asks.isLoggedIn?.(env, command)) ?? null;
  return { ...found, version, logged_in, note: noteOf(where, answer?.code ?? null, logged_in) };
}

function noteOf(where: string, code: number | null, loggedIn: boolean | null): string {
  if (code === null) return `${where} did not tell its version in ${PATIENCE_MS / 1000} s: run it once by hand`;
  if (code !== 0) return `${where} does not run: \`--version\` ended with exit code ${code}`;
  return loggedIn === false ? `Found at ${where}; log in with it once` : `Found at ${where}`;
}
