import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openResumableHome } from "../../support/resumable-home.ts";
import { environment, finished, type Ran } from "./ouroboros.ts";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");

/**
 * Works on one step, told what to do by files in the home: waits while `hold` is there, asks for a person's decision where
 * `ask-N` is, until it is told one, and does not make what it was asked for where `lie-N` is.
 */
const AGENT = `#!/bin/sh
prompt=$(cat)
here=$(dirname "$0")
while [ -e "$here/hold" ]; do sleep 0.05; done
if [ -e "$here/ask-$OUROBOROS_STEP" ] && ! echo "$prompt" | grep -q "navy"; then
  printf 'QUESTION: Which colour?\\nDEFAULT: grey\\nOPTIONS: navy | grey\\n'; exit 0
fi
[ -e "$here/lie-$OUROBOROS_STEP" ] || echo "$prompt" | grep -o navy | head -1 >"part$OUROBOROS_STEP.txt"
[ -e "$here/lie-$OUROBOROS_STEP" ] || echo "part $OUROBOROS_STEP" >>"part$OUROBOROS_STEP.txt"
echo "did $OUROBOROS_STEP"`;

/** Three criteria: one with a check, one that waits for it, and one that holds already. */
export const SEED = `goal: Parts of a whole
acceptance_criteria:
  - { description: Part one is there, semantic_ac_key: ac_0000000000000001, verify_command: "cat part1.txt && echo seen-one" }
  - { description: Part two is there, semantic_ac_key: ac_0000000000000002, verify_command: "test -f part2.txt", depends_on: [ac_0000000000000001] }
  - { description: There is a README, semantic_ac_key: ac_0000000000000003, verify_command: "test -f README" }
`;

export interface RunHome extends AsyncDisposable {
  readonly home: string;
  /** A repository with one commit. */
  readonly project: string;
  readonly seed: string;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): ChildProcessWithoutNullStreams;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** What a command with --json answers. */
  json(args: readonly string[]): Promise<Record<string, unknown>>;
  /** Begins a run in the background. */
  begin(): Promise<{ readonly session_id: string; readonly execution_id: string; readonly worker_pid: number }>;
  /** A worker that has to be gone before the home is. */
  watch(pid: unknown): void;
  put(name: string): void;
  drop(name: string): void;
  git(...args: string[]): string;
}

/** A home with a small repository, a seed and an agent that really works in it. */
export async function openRunHome(): Promise<RunHome> {
  const { home, project, watch, [Symbol.asyncDispose]: dispose } = await openResumableHome();
  const agent = join(home, "agent.sh");
  const seed = join(home, "seed.yaml");
  writeFileSync(agent, AGENT);
  chmodSync(agent, 0o755);
  writeFileSync(seed, SEED);
  const config = `runtimes: { small: { command: ["${agent}"] } }\nexecution: { ac_retry_attempts: 0, max_cost_usd: 7 }\nconsent: { checks: always }\n`;
  writeFileSync(join(home, "config.yaml"), config);
  const git = (...args: string[]) => {
    const set = ["-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "init.defaultBranch=main"];
    const { status, stdout, stderr } = spawnSync("git", ["-C", project, ...set, ...args], { encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  git("init", "-q");
  for (const name of ["README", "a", "b", "c"]) writeFileSync(join(project, name), `${name}\n`);
  git("add", ".");
  git("commit", "-qm", "first");
  const children = new Set<ChildProcessWithoutNullStreams>();
  const start: RunHome["start"] = (args, env = {}) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: project,
      env: environment(home, { NO_COLOR: "", ...env }),
    });
    child.stdin.end();
    children.add(child);
    child.once("close", () => children.delete(child));
    return child;
  };
  const run: RunHome["run"] = (args, env) => finished(start(args, env));
  const json: RunHome["json"] = async (args) => {
    const { stdout, stderr } = await run([...args, "--json"]);
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout);
  };
  return {
    home,
    project,
    seed,
    start,
    run,
    json,
    async begin() {
      const begun = (await json(["run", seed])) as Awaited<ReturnType<RunHome["begin"]>>;
      watch(begun.worker_pid);
      return begun;
    },
    watch: (pid) => watch(Number(pid)),
    put: (name) => writeFileSync(join(home, name), ""),
    drop: (name) => rmSync(join(home, name), { force: true }),
    git,
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill("SIGKILL");
      rmSync(join(home, "hold"), { force: true });
      await dispose();
    },
  };
}
