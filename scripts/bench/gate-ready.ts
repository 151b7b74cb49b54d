import type { Receipt } from "../../src/startup/receipt.ts";
import { dropPages, warmPages } from "./page-cache.ts";
import { copyStore, filesOfStart, OUROBOROS } from "./place.ts";
import { end, open, settledReceipt, startOuroboros } from "./servers.ts";
import { median } from "./statistics.ts";
import { type BenchRow, budgeted, ms, reported } from "./table.ts";

const WARM_MS = 60;
const COLD_MS = 250;

/** A state of the store that a start may find. */
export interface GateCase {
  readonly name: string;
  /** Copied into place before each run; every run of the case finds the same bytes. */
  readonly template: string;
  readonly hasBudget: boolean;
}

/** From the first statement sent until the gate is open, as the server's own receipt says, for each case warm and cold. */
export async function benchGateReady(cases: readonly GateCase[], work: string, rounds: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { name, template, hasBudget } of cases) {
    for (const [cache, budget] of [
      ["warm", WARM_MS],
      ["cold", COLD_MS],
    ] as const) {
      const receipts: Receipt[] = [];
      for (let round = 0; round < rounds; round++) {
        copyStore(template, work);
        (cache === "warm" ? warmPages : dropPages)(filesOfStart(OUROBOROS, work));
        receipts.push(await startOnce(work));
      }
      const times = receipts.map(readyMs);
      const what = `gate ready, ${name}, ${cache}`;
      const measured = `${ms(median(times))} (${ms(Math.min(...times))} to ${ms(Math.max(...times))}${details(receipts)})`;
      const row = budgeted(what, median(times), { atMost: budget }, { measured, unit: " ms" });
      rows.push(hasBudget ? row : reported(what, measured));
    }
  }
  return rows;
}

async function startOnce(store: string): Promise<Receipt> {
  await using server = startOuroboros(store);
  await open(server, "initialize");
  const receipt = await settledReceipt(server);
  await end(server);
  return receipt;
}

/** Servers that note when they sent the first statement are timed from there, others from when the opening began. */
function readyMs({ ms }: Receipt): number {
  if (ms.ready === null) throw new Error("A start settled without having been ready");
  return ms.ready - (ms.first_statement ?? 0);
}

function details(receipts: readonly Receipt[]): string {
  const since = receipts.every(({ ms }) => typeof ms.first_statement === "number");
  const settled = `settled ${ms(median(receipts.map((receipt) => receipt.ms.settled ?? Number.NaN)))}`;
  const opened = median(receipts.map((receipt) => receipt.ms.ready ?? Number.NaN));
  return `; ${since ? `with loading the driver ${ms(opened)}, ` : "loading the driver included, "}${settled}`;
}
