import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BENCH_FOLDER, OUROBOROS } from "./place.ts";
import { open, settledReceipt, startOuroboros } from "./servers.ts";
import { type BenchRow, budgeted, ms, reported } from "./table.ts";

const HOME = join(BENCH_FOLDER, "recovery");
const STORE = join(HOME, "ouroboros.db");
const SEED = join(HOME, "seed.yaml");
const ROUNDS = 3;
const CANCEL_MS = 10_000;
const NOTICE_MS = 20_000;
const LIMIT_MS = 60_000;

/** An agent that never ends by itself, with a child in its group, one that left it, and no ear for SIGTERM. */
const AGENT = `trap '' TERM
cat > /dev/null
sleep 300 &
setsid sleep 300 &
touch "$HOME/begun-$OUROBOROS_SESSION_ID-$OUROBOROS_STEP"
while :; do sleep 1; done
`;

interface Run {
  readonly id: string;
  readonly worker: number;
}

/** How fast a run is stopped, how fast its owner's death is noticed, and how fast another takes over. */
export async function benchRecovery(): Promise<BenchRow[]> {
  prepare();
  const live: number[] = [];
  const frozen: number[] = [];
  const killed: number[] = [];
  const noticed: number[] = [];
  const resumed: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    live.push(await timeCancel(await startRun()));
    const asleep = await startRun();
    process.kill(asleep.worker, "SIGSTOP");
    frozen.push(await timeCancel(asleep));

    await using server = startOuroboros(STORE);
    await open(server, "initialize");
    await settledReceipt(server);
    const orphan = await startRun();
    const from = performance.now();
    process.kill(orphan.worker, "SIGKILL");
    const paused = until(() => status(orphan.id) === "paused").then(() => performance.now() - from);
    killed.push(await until(() => processesOf(orphan.id).length === 0).then(() => performance.now() - from));
    noticed.push(await paused);

    rmSync(begun(orphan.id), { force: true });
    const asked = performance.now();
    ouroboros("resume", orphan.id, "--json");
    await until(() => existsSync(begun(orphan.id)));
    resumed.push(performance.now() - asked);
    await timeCancel(orphan);
  }
  return [
    worst("cancel: whole process tree gone, live owner, agents deaf to SIGTERM", live, CANCEL_MS),
    worst("cancel: the same with the worker frozen", frozen, CANCEL_MS),
    worst("worker killed: whole process tree of its agent gone", killed, CANCEL_MS),
    worst("dead owner noticed and paused by a living server", noticed, NOTICE_MS),
    reported(
      "resume from the command line until the agent is at work",
      `${ms(Math.max(...resumed))} (worst of ${ROUNDS})`,
    ),
  ];
}

function worst(what: string, times: readonly number[], budget: number): BenchRow {
  const value = Math.max(...times);
  return budgeted(
    what,
    value,
    { atMost: budget },
    { measured: `${ms(value)} (worst of ${times.length})`, unit: " ms" },
  );
}

function prepare(): void {
  rmSync(HOME, { recursive: true, force: true });
  mkdirSync(HOME, { recursive: true });
  const agent = join(HOME, "agent.sh");
  writeFileSync(agent, AGENT);
  writeFileSync(join(HOME, "config.yaml"), `runtimes:\n  bench: { command: [/bin/sh, ${JSON.stringify(agent)}] }\n`);
  writeFileSync(SEED, "goal: Measure\nacceptance_criteria: [one, two]\nmetadata: { seed_id: seed_0a1b2c3d4e5f }\n");
}

async function startRun(): Promise<Run> {
  const started: unknown = JSON.parse(ouroboros("run", SEED, "--cwd", HOME, "--in-place", "--json"));
  const { session_id: id, worker_pid: worker } = started as { session_id: string; worker_pid: number };
  await until(() => existsSync(begun(id)));
  return { id, worker };
}

async function timeCancel({ id }: Run): Promise<number> {
  const from = performance.now();
  ouroboros("cancel", id);
  await until(() => processesOf(id).length === 0);
  return performance.now() - from;
}

function status(id: string): string {
  return (JSON.parse(ouroboros("status", id, "--json")) as { status: string }).status;
}

function begun(id: string): string {
  return join(HOME, `begun-${id}-1`);
}

function ouroboros(...args: string[]): string {
  return execFileSync(OUROBOROS, [...args, "--db", STORE], {
    env: { HOME, OUROBOROS_HOME: HOME, PATH: process.env.PATH ?? "" },
    stdio: ["ignore", "pipe", "ignore"],
    encoding: "utf8",
  });
}

/** Every living process that an agent of this session is or has started: they all inherit which session it is. */
function processesOf(id: string): string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/environ`, "latin1").includes(`OUROBOROS_SESSION_ID=${id}\0`);
    } catch {
      return false; // gone meanwhile
    }
  });
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error("Waited for a minute in vain");
    await delay(50);
  }
}
