import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { SettledStore } from "./first-answer.ts";
import { BENCH_FOLDER, BENCH_HOME, OUROBOROS } from "./place.ts";
import { end, OPENINGS, open, settledReceipt, startOuroboros } from "./servers.ts";
import { runTool } from "./system-tool.ts";
import { type BenchRow, budgeted, ms } from "./table.ts";

const HOST = fileURLToPath(new URL("./short-lived-host.ts", import.meta.url));
const EOF_MS = 2_000;
const HELD_MS = 10_000;
const LIMIT_MS = 30_000;
const ROUNDS = 3;

/** How long a server outlives its host: one that closes the pipe, and one that is killed while somebody holds it open. */
export async function benchHostDeath(store: SettledStore): Promise<BenchRow[]> {
  const eof: number[] = [];
  const early: number[] = [];
  const held: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    eof.push(await afterEof(store.path, true));
    early.push(await afterEof(store.path, false));
    held.push(await afterKill(store.path));
  }
  return [
    row("server gone after EOF, once settled", eof, EOF_MS),
    row("server gone after EOF, right after the first answer", early, EOF_MS),
    row("server gone after its host was killed, pipe held by another", held, HELD_MS),
  ];
}

function row(what: string, times: readonly number[], budget: number): BenchRow {
  const worst = Math.max(...times);
  return budgeted(
    what,
    worst,
    { atMost: budget },
    { measured: `${ms(worst)} (worst of ${times.length})`, unit: " ms" },
  );
}

async function afterEof(store: string, settled: boolean): Promise<number> {
  await using server = startOuroboros(store);
  await open(server, "initialize");
  if (settled) await settledReceipt(server);
  return await end(server);
}

/**
 * The bench holds both ends of a named pipe that is the server's stdin, so no end of input ever comes: only its parent's
 * death can tell the server. (The pipe of a child_process would not do: it is closed when the child, here the host, exits.)
 */
async function afterKill(store: string): Promise<number> {
  const path = join(BENCH_FOLDER, "stdin.pipe");
  rmSync(path, { force: true });
  runTool("mkfifo", path);
  const input = openSync(path, constants.O_RDWR);
  try {
    const host = spawn(process.execPath, [HOST, OUROBOROS, "mcp", "serve", "--db", store], {
      stdio: [input, "pipe", "pipe"],
      env: { HOME: BENCH_HOME, PATH: process.env.PATH ?? "" },
    });
    const { stdout, stderr } = host;
    if (stdout === null || stderr === null) throw new Error("Cannot hear the host: it was given no pipes");
    const answered = once(createInterface({ input: stdout }), "line");
    const request = { jsonrpc: "2.0", id: 1, method: "initialize", params: OPENINGS.initialize };
    writeSync(input, `${JSON.stringify(request)}\n`);
    await answered;
    const pid = await settledPid(createInterface({ input: stderr }));
    host.kill("SIGKILL");
    const began = performance.now();
    while (isRunning(pid)) {
      if (performance.now() - began > LIMIT_MS) {
        process.kill(pid, "SIGKILL");
        break;
      }
      await delay(10);
    }
    return performance.now() - began;
  } finally {
    closeSync(input);
    rmSync(path, { force: true });
  }
}

/** The server's pid, as its host names it, once the server says that it has settled. */
async function settledPid(lines: AsyncIterable<string>): Promise<number> {
  let pid: number | undefined;
  for await (const line of lines) {
    if (/^\d+$/.test(line)) pid = Number(line);
    if (line.includes("start-up settled") && pid !== undefined) return pid;
  }
  throw new Error("A server and its host ended before the server had settled");
}

/** Whether the process still runs; one that has ended and waits for whoever adopted it does not. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1));
  } catch {
    return false; // no such process any more
  }
}
