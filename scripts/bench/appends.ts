import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { settle } from "./first-answer.ts";
import { BENCH_FOLDER, copyStore, removeStore } from "./place.ts";
import { median } from "./statistics.ts";
import { type BenchRow, budgeted } from "./table.ts";

const WORKER = fileURLToPath(new URL("./append-worker.ts", import.meta.url));
const BUDGET = 0.8;
const ROUND_MS = 120;

/** Appends a second, ours ÷ the bare driver's, in turns; each side in its own process on its own fresh store. */
export async function benchAppends(rounds: number): Promise<BenchRow[]> {
  const fresh = join(BENCH_FOLDER, "append-fresh.db");
  removeStore(fresh);
  await settle(fresh);
  const rows: BenchRow[] = [];
  for (const perBatch of [1, 20]) {
    for (const [bytes, size] of [
      [300, "300 B"],
      [8_192, "8 KB"],
    ] as const) {
      for (const expectation of ["any", "owner"]) {
        const args = [expectation, String(perBatch), String(bytes)];
        const { ratio, ours } = await compare(fresh, args, rounds);
        const words = `${perBatch === 1 ? "1 event" : `${perBatch} events`} of ${size}, expecting ${expectation}`;
        const measured = `${ratio.toFixed(3)} (${Math.round(ours * perBatch).toLocaleString("en")} events/s)`;
        rows.push(budgeted(`append ÷ bare driver, ${words}`, ratio, { atLeast: BUDGET }, { measured }));
      }
    }
  }
  removeStore(fresh);
  return rows;
}

async function compare(fresh: string, args: readonly string[], rounds: number) {
  const paths = { bare: join(BENCH_FOLDER, "append-bare.db"), ours: join(BENCH_FOLDER, "append-ours.db") };
  for (const path of Object.values(paths)) copyStore(fresh, path);
  await using bare = startWriter(["bare", paths.bare, ...args]);
  await using ours = startWriter(["ours", paths.ours, ...args]);
  // Both sides write the same number of batches, chosen so that a round is long against the clock and short against noise.
  const first = 20;
  for (const writer of [ours, bare, ours]) await writer.round(first); // the first statements are prepared here
  const batches = Math.max(10, Math.round((first * ROUND_MS) / (await bare.round(first))));
  const ratios: number[] = [];
  const ourTimes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const bareFirst = round % 2 === 0;
    const early = await (bareFirst ? bare : ours).round(batches);
    const late = await (bareFirst ? ours : bare).round(batches);
    const [bareTime, ourTime] = bareFirst ? [early, late] : [late, early];
    ratios.push(bareTime / ourTime);
    ourTimes.push(ourTime);
  }
  const [bareRows, ourRows] = [await bare.finish(), await ours.finish()];
  if (bareRows !== ourRows) throw new Error(`The sides wrote ${bareRows} and ${ourRows} rows`);
  for (const path of Object.values(paths)) removeStore(path);
  return { ratio: median(ratios), ours: (batches * 1000) / median(ourTimes) };
}

function startWriter(args: readonly string[]) {
  const child = spawn(process.execPath, [WORKER, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<number> => {
    const next = await answers.next();
    if (next.done) throw new Error("A writer ended before it answered");
    return Number(next.value);
  };
  return {
    round(batches: number): Promise<number> {
      child.stdin.write(`${batches}\n`);
      return answer();
    },
    async finish(): Promise<number> {
      child.stdin.end();
      const rows = await answer();
      await exited;
      return rows;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
