import { askProgram } from "../process/agent/ask-program.ts";
import { findProgram } from "../process/find-program.ts";
import { placedCommands } from "./command-files.ts";

/** Programs that are known to tell their version and to do nothing else when asked so. */
const ASKED: Readonly<Record<string, readonly string[]>> = {
  node: ["--version"],
  bun: ["--version"],
  deno: ["--version"],
  python: ["--version"],
  python3: ["--version"],
  pytest: ["--version"],
  go: ["version"],
  cargo: ["--version"],
  rustc: ["--version"],
  java: ["-version"],
  ruby: ["--version"],
  php: ["--version"],
  make: ["--version"],
};
/** What else it runs on. */
const UNDERNEATH: Readonly<Record<string, string>> = {
  npm: "node",
  npx: "node",
  pnpm: "node",
  yarn: "node",
  pytest: "python3",
};
const PATIENCE_MS = 5_000;
const LONGEST_LINE = 120;

const known = new Map<string, Promise<string | null>>();

/** The versions of the programs that a command names, each asked once a process, outside of the project. */
export async function toolVersions(
  command: string,
  env: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const named = placedCommands(command).flatMap(({ program }) => [program, UNDERNEATH[program] ?? program]);
  const versions: Record<string, string> = { platform: `${process.platform}-${process.arch}` };
  for (const name of new Set(named)) {
    const args = Object.hasOwn(ASKED, name) ? ASKED[name] : undefined;
    const found = args && findProgram(name, env.PATH ?? "", null);
    if (!args || !found) continue;
    const version = known.get(found.program) ?? ask([found.program, ...args], env);
    known.set(found.program, version);
    const line = await version;
    if (line !== null) versions[name] = line;
  }
  return versions;
}

async function ask(command: readonly string[], env: Readonly<Record<string, string>>): Promise<string | null> {
  const answer = await askProgram(command, { env, timeoutMs: PATIENCE_MS });
  if (answer?.code !== 0) return null;
  return `${answer.stdout}\n${answer.stderr}`.trim().split("\n")[0]?.slice(0, LONGEST_LINE) ?? null;
}
