import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { SettledStore } from "./first-answer.ts";
import { end, open, settledReceipt, startBare, startOuroboros } from "./servers.ts";
import { median } from "./statistics.ts";
import { type BenchRow, budgeted, bytes } from "./table.ts";

const BUDGET = 1.5;
const QUIET_MS = 2_000;
const SAMPLES = 3;
const PAGE_BYTES = 4096;

/** Memory of a server that has settled and is left alone, ÷ that of the bare server; Linux only. */
export async function benchMemory(stores: readonly SettledStore[]): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const store of stores) {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let sample = 0; sample < SAMPLES; sample++) {
      bare.push(await idleBytes());
      ours.push(await idleBytes(store.path));
    }
    const ratio = median(ours) / median(bare);
    const measured = `${ratio.toFixed(2)} (${bytes(median(ours))} ÷ ${bytes(median(bare))})`;
    rows.push(budgeted(`idle memory ÷ bare server, ${store.name}`, ratio, { atMost: BUDGET }, { measured }));
  }
  return rows;
}

/** Resident memory once it has not changed by more than 1 % for two seconds. */
async function idleBytes(store?: string): Promise<number> {
  await using server = store === undefined ? startBare() : startOuroboros(store);
  await open(server, "initialize");
  if (store !== undefined) await settledReceipt(server);
  const deadline = performance.now() + 10_000;
  let resident = residentBytes(server.pid);
  for (let since = performance.now(); performance.now() - since < QUIET_MS; ) {
    await delay(100);
    const now = residentBytes(server.pid);
    if (Math.abs(now - resident) <= resident / 100) continue;
    if (performance.now() > deadline) throw new Error("A server's memory does not come to rest");
    resident = now;
    since = performance.now();
  }
  await end(server);
  return resident;
}

function residentBytes(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1];
  return Number(pages) * PAGE_BYTES;
}
