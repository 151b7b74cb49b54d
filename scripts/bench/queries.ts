import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SettledStore } from "./first-answer.ts";
import { BENCH_HOME } from "./place.ts";
import { end, open, settledReceipt, startOuroboros } from "./servers.ts";
import { median, percentile } from "./statistics.ts";
import { type BenchRow, budgeted, ms } from "./table.ts";

const WORKER = fileURLToPath(new URL("./query-worker.ts", import.meta.url));
const BUDGET_MS = 5;
const ROUNDS = 200;

/** A page of sessions and one session's status, warm: in a process, and a status through the server as a host sees it. */
export async function benchQueries(store: SettledStore): Promise<BenchRow[]> {
  // In a process of its own: only one library may have the store open in any one.
  const output = execFileSync(process.execPath, [WORKER, store.path, BENCH_HOME, String(ROUNDS)], { encoding: "utf8" });
  const { list, status, ids }: { list: number[]; status: number[]; ids: string[] } = JSON.parse(output);
  return [
    row(`session list, 50 a page, ${store.name}`, list),
    row(`one session's status, ${store.name}`, status),
    row(`one session's status as an MCP call, ${store.name}`, await callTimes(store.path, ids)),
  ];
}

async function callTimes(store: string, ids: readonly string[]): Promise<number[]> {
  await using server = startOuroboros(store);
  await open(server, "initialize");
  server.notify("notifications/initialized");
  await settledReceipt(server);
  const taken: number[] = [];
  for (let round = -20; round < ROUNDS; round++) {
    const id = ids[Math.abs(round) % ids.length];
    const began = performance.now();
    const params = { name: "ouroboros_session_status", arguments: { session_id: id } };
    const { result, error } = await server.request<{ isError?: boolean }>("tools/call", params);
    if (round >= 0) taken.push(performance.now() - began);
    if (error !== undefined || result?.isError === true) throw new Error(`Cannot ask for the status of ${id}`);
  }
  await end(server);
  return taken;
}

function row(what: string, times: readonly number[]): BenchRow {
  const measured = `${ms(median(times))} (p95 ${ms(percentile(times, 0.95))})`;
  return budgeted(what, median(times), { atMost: BUDGET_MS }, { measured, unit: " ms" });
}
