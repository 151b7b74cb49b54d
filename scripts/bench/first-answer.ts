import type { RpcServer } from "../../tests/e2e/support/json-rpc-client.ts";
import { dropPages } from "./page-cache.ts";
import { BARE_SERVER, filesOfStart, OUROBOROS } from "./place.ts";
import { end, type Opening, open, settledReceipt, startBare, startOuroboros } from "./servers.ts";
import { median, percentile } from "./statistics.ts";
import { type BenchRow, budgeted, ms, reported } from "./table.ts";

const BUDGET = 1.15;
const COLD_STARTS = 50;

/** A store that ouroboros has settled on, with its size in words. */
export interface SettledStore {
  readonly path: string;
  readonly name: string;
}

/** Spawn to first answer line, ours and the bare server's in turns, per opening and store. */
export async function benchFirstAnswer(stores: readonly SettledStore[], rounds: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const opening of ["initialize", "server/discover"] as const) {
    const ratios: number[] = [];
    for (const store of stores) {
      const { ours, bare } = await inTurns(opening, store.path, rounds);
      const ratio = median(ours) / median(bare);
      ratios.push(ratio);
      const measured = `${ratio.toFixed(2)} (${ms(median(ours))} ÷ ${ms(median(bare))})`;
      rows.push(
        budgeted(`first answer to ${opening} ÷ bare server, ${store.name}`, ratio, { atMost: BUDGET }, { measured }),
      );
    }
    const spread = Math.max(...ratios) / Math.min(...ratios);
    rows.push(reported(`… flat? worst ÷ best of these ${stores.length} ratios`, spread.toFixed(2)));
  }
  return rows;
}

/** The same with the program, its addon and the store out of the page cache: what the day's first start costs. */
export async function benchColdStarts(store: SettledStore): Promise<BenchRow[]> {
  const cold = () => dropPages([...filesOfStart(OUROBOROS, store.path), BARE_SERVER]);
  const { ours, bare } = await inTurns("initialize", store.path, COLD_STARTS, cold);
  const figures = (times: readonly number[]) =>
    `median ${ms(median(times))}, p95 ${ms(percentile(times, 0.95))}, p99 = max ${ms(percentile(times, 0.99))}`;
  return [
    reported(`first answer, ${COLD_STARTS} cold starts, ${store.name}`, figures(ours)),
    reported(`… the bare server's beside them`, figures(bare)),
  ];
}

async function inTurns(opening: Opening, store: string, rounds: number, before: () => void = () => {}) {
  const ours: number[] = [];
  const bare: number[] = [];
  // The first round fills caches and is thrown away.
  for (let round = -1; round < rounds; round++) {
    const taken = { ours: 0, bare: 0 };
    for (const side of round % 2 === 0 ? (["bare", "ours"] as const) : (["ours", "bare"] as const)) {
      before();
      taken[side] = await timeFirstAnswer(side === "ours" ? () => startOuroboros(store) : startBare, opening);
    }
    if (round < 0) continue;
    bare.push(taken.bare);
    ours.push(taken.ours);
  }
  return { ours, bare };
}

async function timeFirstAnswer(start: () => RpcServer, opening: Opening): Promise<number> {
  const began = performance.now();
  await using server = start();
  await open(server, opening);
  const time = performance.now() - began;
  await end(server);
  return time;
}

/** Lets ouroboros start on a store and settle, so that later starts find it known. */
export async function settle(store: string): Promise<void> {
  await using server = startOuroboros(store);
  await open(server, "initialize");
  await settledReceipt(server);
  await end(server);
}
