import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchAppends } from "./appends.ts";
import { benchBesideRuns } from "./beside-runs.ts";
import { benchColdStarts, benchFirstAnswer, type SettledStore, settle } from "./first-answer.ts";
import { benchGateReady, type GateCase } from "./gate-ready.ts";
import { benchHostDeath } from "./host-death.ts";
import { cautionAt, describeMachine, loadNow } from "./machine.ts";
import { benchMemory } from "./memory.ts";
import { BENCH_FOLDER, buildPrograms, copyStore, removeStore } from "./place.ts";
import { benchQueries } from "./queries.ts";
import { benchRecovery } from "./recovery.ts";
import { type BenchStore, type BenchStores, prepareStores, writeOn } from "./stores.ts";
import { type BenchRow, bytes, toTable } from "./table.ts";

const RESULTS = join(import.meta.dirname, "results.md");
const USAGE = `Usage: bun run bench [--full] [--assert] [--only PART,...] | --clean
  --full    the stores of real size (165,000 events in 1.4 GB, and 1.2 M events) instead of smaller ones
  --assert  exit with 1 when a figure is over its budget
  --only    some parts: first, cold, gate, queries, appends, memory, death, recovery, beside; results.md is then left alone
  --clean   remove what former runs have left in .work/bench
`;

/** What the parts share: the stores as Python left them, and copies that ouroboros has settled on. */
interface Bench {
  readonly full: boolean;
  readonly stores: BenchStores;
  readonly empty: SettledStore;
  readonly main: SettledStore;
  readonly big: SettledStore;
}

const PARTS: Readonly<Record<string, (bench: Bench) => Promise<BenchRow[]>>> = {
  first: ({ empty, main, big, full }) => benchFirstAnswer([empty, main, big], full ? 25 : 15),
  cold: ({ main }) => benchColdStarts(main),
  gate: (bench) => benchGateReady(gateCases(bench), join(BENCH_FOLDER, "gate.db"), bench.full ? 5 : 7),
  queries: ({ main }) => benchQueries(main),
  appends: ({ full }) => benchAppends(full ? 15 : 9),
  memory: ({ empty, main }) => benchMemory([empty, main]),
  death: ({ main }) => benchHostDeath(main),
  recovery: () => benchRecovery(),
  beside: () => benchBesideRuns(),
};

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const flag = { type: "boolean", default: false } as const;
  const options = { full: flag, assert: flag, clean: flag, help: flag, only: { type: "string" } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const parts = values.only?.split(",") ?? Object.keys(PARTS);
  const unknown = parts.find((part) => !(part in PARTS));
  if (values.help || unknown !== undefined) {
    process.stdout.write(unknown === undefined ? USAGE : `Unknown part "${unknown}"\n${USAGE}`);
    return unknown === undefined ? 0 : 1;
  }
  if (values.clean) {
    rmSync(BENCH_FOLDER, { recursive: true, force: true });
    return 0;
  }
  const began = performance.now();
  const bench = await prepare(values.full);
  // Before each part, and not after the last, which keeps ten runs at work itself.
  const loads: number[] = [];
  const rows: BenchRow[] = [];
  for (const part of parts) {
    say(`measuring: ${part}`);
    loads.push(loadNow());
    rows.push(...((await PARTS[part]?.(bench)) ?? []));
  }
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  const report = toReport(rows, bench, `${minutes} minutes`, cautionAt(...loads));
  process.stdout.write(`${report}\n`);
  if (values.only === undefined) writeFileSync(RESULTS, `${report}\n`);
  return values.assert && rows.some(({ verdict }) => verdict === "OVER") ? 1 : 0;
}

async function prepare(full: boolean): Promise<Bench> {
  const stores = prepareStores(full, say);
  say("building both programs, settling on the stores");
  buildPrograms();
  const empty = { path: join(BENCH_FOLDER, "settled-empty.db"), name: "empty store" };
  removeStore(empty.path);
  await settle(empty.path);
  return { full, stores, empty, main: await settled(stores.main, "main"), big: await settled(stores.big, "big") };
}

async function settled(store: BenchStore, label: string): Promise<SettledStore> {
  const path = join(BENCH_FOLDER, `settled-${label}.db`);
  copyStore(store.path, path);
  await settle(path);
  return { path, name: store.name };
}

function gateCases({ stores, main }: Bench): GateCase[] {
  const more = join(BENCH_FOLDER, "settled-and-more.db");
  writeOn(main.path, stores.addition, more);
  const { name } = stores.main;
  return [
    { name: `never seen, ${name}`, template: stores.main.path, hasBudget: true },
    { name: `10,000 Python rows since, ${name}`, template: more, hasBudget: true },
    { name: `unchanged, ${name}`, template: main.path, hasBudget: true },
    { name: `never seen, migration spelling, ${name}`, template: stores.migration.path, hasBudget: false },
    { name: `never seen, ${stores.big.name}`, template: stores.big.path, hasBudget: false },
  ];
}

function toReport(rows: readonly BenchRow[], { stores, full }: Bench, run: string, caution: string): string {
  const over = rows.filter(({ verdict }) => verdict === "OVER").length;
  const sizes = `${stores.main.name} in ${bytes(stores.main.bytes)}; ${stores.big.name} in ${bytes(stores.big.bytes)}`;
  return `# Bench

Written by \`bun run bench${full ? " --full" : ""}\` on ${new Date().toISOString().slice(0, 10)}: ${describeMachine()}.
Took ${run}. Stores are synthetic, written as the Python project writes them: ${sizes}.
Figures are medians unless they say otherwise; two sides of a ratio were measured in turns.
${caution}
${toTable(rows)}

${over === 0 ? "Every figure is within its budget." : `${over} over budget.`}`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
