import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { clientProgram, ensureClients } from "../tests/e2e/support/clients.ts";
import { describeMachine, loadNow } from "./bench/machine.ts";
import { claudeRoads } from "./clients/claude-code.ts";
import { codexRoads } from "./clients/codex.ts";
import { runConformance } from "./clients/conformance.ts";
import { geminiRoads } from "./clients/gemini.ts";
import { inspectorRoads } from "./clients/inspector.ts";
import { againOffline, canGoOffline, isOffline } from "./clients/offline.ts";
import { opencodeRoads } from "./clients/opencode.ts";
import { clientsPage } from "./clients/page.ts";
import type { Report, StoreFacts } from "./clients/report.ts";
import type { Offered, Road } from "./clients/road.ts";
import { sdkRoads } from "./clients/sdk-client.ts";
import { askServer } from "./clients/server-facts.ts";
import type { Given } from "./clients/stage.ts";
import { installTools, type Tools } from "./clients/tools.ts";
import { visitAll } from "./clients/visits.ts";
import { makeStore } from "./make-store.ts";

const USAGE = `Usage: clients.ts [--binary FILE] [--place FOLDER] [--no-big] [--only TEXT] [--no-conformance] [--out FILE] [--json FILE]
  --binary FILE     the compiled program (dist/ouroboros)
  --place FOLDER    where clients are installed and homes are made (.work/clients)
  --no-big          leaves the 1.4 GB store out
  --only TEXT       only the clients whose name or way of set-up has these words in it
  --no-conformance  leaves the conformance suites out
  --out FILE        the page to write (docs/clients.md, when nothing is left out)
  --json FILE       everything that was seen, too
Drives real clients against the program, in homes of their own, and writes the page. Where it may (root, on Linux) it does so with no network but loopback;
what is missing is fetched from npm before, once.
`;
const ROOT = join(import.meta.dirname, "..");
const EMPTY: Given = {
  file: null,
  call: { tool: "ouroboros_query_events", input: { limit: 1 }, answers: ['"total_events":0'], shown: "0 events" },
};

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      binary: { ...text, default: join(ROOT, "dist/ouroboros") },
      place: { ...text, default: join(ROOT, ".work/clients") },
      big: { ...flag, default: true },
      conformance: { ...flag, default: true },
      only: text,
      out: text,
      json: text,
      help: { ...flag, default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const binary = resolve(values.binary);
  if (!existsSync(binary)) throw new Error(`There is no ${values.binary}: build it first ("bun run build")`);
  ensureClients("claude", "claude-197", "codex", "gemini", "inspector");
  const place = resolve(values.place);
  const tools = installTools(join(place, "tools"), say);
  const homes = join(place, "tmp");
  mkdirSync(homes, { recursive: true });
  const began = performance.now();
  try {
    // Whatever a client would look for outside, it does not find: nothing that is seen here came from there.
    if (!isOffline() && canGoOffline()) return await againOffline();
    // Homes are made where temporary folders are.
    process.env.TMPDIR = homes;
    const report = await observe({ ...values, binary, homes, tools });
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
    const isWhole = values.only === undefined && values.big && values.conformance;
    const out = values.out ?? (isWhole ? join(ROOT, "docs/clients.md") : undefined);
    if (out !== undefined) {
      writeFileSync(out, clientsPage(report));
      say(`Wrote ${relative(process.cwd(), out)}`);
    }
    say(`${((performance.now() - began) / 1000).toFixed(0)} s in all`);
    return isGood(report) ? 0 : 1;
  } finally {
    rmSync(homes, { recursive: true, force: true });
  }
}

interface Wanted {
  readonly binary: string;
  readonly homes: string;
  readonly tools: Tools;
  readonly big: boolean;
  readonly conformance: boolean;
  readonly only?: string;
}

/** Everything that was asked for, one after the other. */
async function observe({ binary, homes, tools, big, conformance, only }: Wanted): Promise<Report> {
  const load = loadNow();
  const large = big ? makeLarge(join(homes, "large.db")) : null;
  const { version, offered, capabilities } = await askServer(binary, EMPTY);
  const roads = roadsOf(tools, offered).filter((road) => isWanted(road, only));
  const stores = { empty: EMPTY, large: large?.given ?? null };
  const clients = await visitAll(roads, { binary, stores, say });
  const suites = conformance ? await runConformance({ binary, tools, given: EMPTY, capabilities, say }) : [];
  return {
    date: new Date().toISOString().slice(0, 10),
    version,
    machine: describeMachine(),
    load,
    offline: isOffline(),
    tools: { byDefault: offered.byDefault, all: offered.all },
    largeStore: large?.facts ?? null,
    capabilities,
    clients,
    conformance: suites,
  };
}

function roadsOf(tools: Tools, offered: Offered): Road[] {
  const { versions, node, opencode, inspector } = tools;
  const newest = { version: versions.inspector, command: [node, inspector], strict: true } as const;
  const pinned = { version: pin("@modelcontextprotocol/inspector"), strict: false } as const;
  return [
    ...claudeRoads("claude", pin("@anthropic-ai/claude-code"), offered),
    ...claudeRoads("claude-197", pin("claude-197"), offered),
    ...codexRoads(pin("@openai/codex"), offered),
    ...geminiRoads(pin("@google/gemini-cli"), offered),
    ...opencodeRoads(opencode, versions.opencode, offered),
    ...inspectorRoads({ ...pinned, command: ["node", clientProgram("inspector")] }, offered),
    ...inspectorRoads(newest, offered),
    ...sdkRoads(pin("@modelcontextprotocol/client", "."), offered),
  ];
}

/** The version of a client that the tests have, or the project itself. */
function pin(name: string, folder = "tests/e2e/clients"): string {
  const file = join(ROOT, folder, "node_modules", name, "package.json");
  return JSON.parse(readFileSync(file, "utf8")).version;
}

/** A store as the Python program leaves it: rows of the size its users reported, and sessions whose owner died. */
function makeLarge(file: string): { readonly given: Given; readonly facts: StoreFacts } {
  say("Making a store of 165,000 events");
  const { truth, events, bytes } = makeStore({
    out: file,
    events: 165_000,
    payload: "real",
    orphans: { stale: 3, young: 1 },
    force: true,
  });
  const session_id = truth.find(({ kind }) => kind === "completed")?.session_id;
  if (session_id === undefined) throw new Error("The made store has no completed session to ask about");
  const call = {
    tool: "ouroboros_session_status",
    input: { session_id },
    answers: [session_id, '"status":"completed"'],
    shown: "completed",
  };
  return { given: { file, call }, facts: { events, bytes } };
}

function isWanted({ client, version, setup }: Road, words = ""): boolean {
  return `${client} ${version} ${setup}`.toLowerCase().includes(words.toLowerCase());
}

function isGood({ clients, conformance }: Report): boolean {
  const visits = clients.flatMap(({ empty, large }) => (large === null ? [empty] : [empty, large]));
  const cells = visits.flatMap(({ connected, listed, called }) => [connected, listed, called]);
  const verdicts = conformance.flatMap(({ scenarios }) => scenarios.map(({ verdict }) => verdict));
  const ends = conformance.map(({ exitCode }) => exitCode);
  return cells.every(({ ok }) => ok) && !verdicts.includes("failed") && ends.every((code) => code === 0);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
