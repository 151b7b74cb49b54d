import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type RpcServer, startServer } from "../../tests/e2e/support/json-rpc-client.ts";
import { makeRepository, wholeLibrary, writeLibrary } from "../../tests/support/run-library.ts";
import { BENCH_FOLDER, OUROBOROS } from "./place.ts";
import { end, open, settledReceipt } from "./servers.ts";
import { median, percentile } from "./statistics.ts";
import { type BenchRow, budgeted, ms, reported } from "./table.ts";

const AGENT = fileURLToPath(new URL("./steady-programmer.ts", import.meta.url));
const RUNS = 10;
const BUDGET_MS = 50;
/** From one question to the next, unless the answer takes longer. */
const PACE_MS = 50;
const IDLE_ROUNDS = 50;
const LIMIT_MS = 300_000;

interface Place {
  readonly home: string;
  readonly seed: string;
  readonly store: string;
}

/** What a server is asked in turns; `ping` needs no store, so it shows what the machine alone makes of an answer. */
const QUESTIONS = ["ping", "ouroboros_session_status", "ouroboros_query_events", "ouroboros_ac_tree_hud"] as const;
type Times = Record<(typeof QUESTIONS)[number], number[]>;

/** How fast a server answers beside ten runs in ten repositories, all of them at work in worktrees, until they are done. */
export async function benchBesideRuns(program = OUROBOROS, runs = RUNS): Promise<BenchRow[]> {
  const place = prepare(runs);
  await using server = startServer({ command: program, args: ["mcp", "serve", "--db", place.store], env: env(place) });
  await open(server, "initialize");
  server.notify("notifications/initialized");
  await settledReceipt(server);
  const began = performance.now();
  const ids = await Promise.all(Array.from({ length: runs }, (_, at) => startRun(program, place, at)));
  const running = new Set(ids);
  const times = noTimes();
  try {
    for (let round = 0; running.size > 0; round++) {
      const id = [...running][round % running.size] ?? "";
      const status = await askAll(server, id, times);
      if (performance.now() - began > LIMIT_MS) throw new Error(`Waited in vain for ${[...running].join(", ")}`);
      if (status === "running") continue;
      if (status !== "completed") throw new Error(`A run of the bench was not carried out: ${id} is ${status}`);
      running.delete(id);
    }
  } finally {
    await Promise.allSettled([...running].map((id) => ouroboros(program, place, "cancel", id)));
  }
  const seconds = (performance.now() - began) / 1000;
  const idle = noTimes();
  for (let round = 0; round < IDLE_ROUNDS; round++) await askAll(server, ids[round % ids.length] ?? "", idle);
  await end(server);
  const asked = `beside ${runs} runs`;
  return [
    ...QUESTIONS.map((question) => row(`${question}, p95, ${asked}`, times[question], idle[question])),
    reported(
      `… until all ${runs} runs were completed, ${wholeLibrary().length} criteria each`,
      `${seconds.toFixed(1)} s`,
    ),
  ];
}

function row(what: string, times: readonly number[], idle: readonly number[]): BenchRow {
  const value = percentile(times, 0.95);
  const more = `median ${ms(median(times))}, p99 ${ms(percentile(times, 0.99))}, of ${times.length}`;
  const measured = `${ms(value)} (${more}; p95 afterwards ${ms(percentile(idle, 0.95))})`;
  return budgeted(what, value, { atMost: BUDGET_MS }, { measured, unit: " ms" });
}

/** Asks each question once, in turns at a steady pace, and returns what the session's status is said to be. */
async function askAll(server: RpcServer, id: string, times: Times): Promise<string> {
  let status = "";
  for (const question of QUESTIONS) {
    const began = performance.now();
    const params = { name: question, arguments: { session_id: id } };
    const asked = question === "ping" ? server.request("ping") : server.request<Answer>("tools/call", params);
    const { result, error } = await asked;
    times[question].push(performance.now() - began);
    const { isError, structuredContent }: Answer = result ?? {};
    if (error !== undefined || isError === true)
      throw new Error(`Cannot ask for ${question}: ${JSON.stringify(result)}`);
    if (question === "ouroboros_session_status") status = structuredContent?.status ?? "";
    await delay(Math.max(0, began + PACE_MS - performance.now()));
  }
  return status;
}

interface Answer {
  readonly isError?: boolean;
  readonly structuredContent?: { readonly status?: string };
}

async function startRun(program: string, place: Place, at: number): Promise<string> {
  const said = await ouroboros(program, place, "run", place.seed, "--cwd", projectIn(place.home, at), "--json");
  return (JSON.parse(said) as { session_id: string }).session_id;
}

async function ouroboros(program: string, place: Place, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [...args, "--db", place.store], { env: env(place) });
  return stdout;
}

function prepare(runs: number): Place {
  const home = join(BENCH_FOLDER, "beside-runs");
  rmSync(home, { recursive: true, force: true });
  for (let at = 0; at < runs; at++) {
    mkdirSync(projectIn(home, at), { recursive: true });
    writeLibrary(projectIn(home, at));
    makeRepository(projectIn(home, at));
  }
  const agent = { kind: "command", command: [process.execPath, AGENT], output: "jsonl" };
  writeFileSync(
    join(home, "config.yaml"),
    JSON.stringify({ runtimes: { steady: agent }, consent: { checks: "always" } }),
  );
  const seed = join(home, "seed.json");
  writeFileSync(seed, JSON.stringify({ goal: "A library of words", acceptance_criteria: wholeLibrary() }));
  return { home, seed, store: join(home, "ouroboros.db") };
}

function projectIn(home: string, at: number): string {
  return join(home, `project-${at}`);
}

function env({ home }: Place): Record<string, string> {
  return { HOME: home, OUROBOROS_HOME: home, PATH: process.env.PATH ?? "" };
}

function noTimes(): Times {
  return { ping: [], ouroboros_session_status: [], ouroboros_query_events: [], ouroboros_ac_tree_hud: [] };
}
