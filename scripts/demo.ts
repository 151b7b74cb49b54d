import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { bytes } from "./bench/table.ts";
import { checkOutcome, type Outcome } from "./demo-steps/check-outcome.ts";
import { DEMO, DEMO_ENV } from "./demo-steps/demo-place.ts";
import { type DemoStore, makeDemoStore } from "./demo-steps/demo-store.ts";
import { askStatus, connectToServer, type Watched, watchStart } from "./demo-steps/watch-start.ts";

const USAGE = `Usage: demo.ts [--full] [--no-build]
  --full      rows of the size upstream's users reported: 1.4 GB instead of some 150 MB
  --no-build  use dist/ouroboros as it is
Everything happens in .work/demo inside this checkout.
`;
const RUNNER = process.execPath;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const flag = { type: "boolean", default: false } as const;
  const options = { full: flag, "no-build": flag, help: flag } as const;
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  mkdirSync(DEMO.home, { recursive: true });
  if (!values["no-build"]) build();

  heading("A store as the Python program would have left it after a crash");
  say("It is synthetic: the rows are made here, in Python's encodings, with orphans whose fate is known beforehand.");
  const store = makeDemoStore(values.full, (line) => say(`  ${line}`));
  say(`One orphan, ${store.locked}, is protected: this process holds its Python lock.`);

  heading("The server on it, and the MCP SDK's own client, which watches the clean-up");
  const { watched, reasons } = await serveAndWatch(store);

  heading("Receipt");
  const outcome = checkOutcome(store, watched.receipt.batch_id);
  printReceipt(store, watched, reasons);
  printOutcome(outcome, store);

  heading("Why, and how to take it back");
  const [example] = outcome.cancelled;
  if (example !== undefined) runProgram(["why", example]);
  say("");
  say(
    `To bring the cancelled sessions back as paused: ${commandLine(["cleanup", "--undo", watched.receipt.batch_id])}`,
  );
  return outcome.faults.length === 0 ? 0 : 1;
}

function build(): void {
  heading("Building dist/ouroboros");
  const { status } = spawnSync(RUNNER, ["run", "build.ts"], { cwd: DEMO.root, stdio: "inherit" });
  if (status !== 0) throw new Error("The program could not be built: see above");
}

/** Runs the server from spawn to settled, asks it about the orphans, and ends it as a host does. */
async function serveAndWatch(store: DemoStore): Promise<{ watched: Watched; reasons: ReadonlyMap<string, string> }> {
  const began = performance.now();
  const client = await connectToServer();
  const watched = await watchStart(began, client, say);
  const reasons = new Map<string, string>();
  const shown = new Set<string>();
  for (const { session_id, kind, expected } of store.truth) {
    if (expected === "terminal") continue;
    const { text, facts } = await askStatus(client, session_id);
    reasons.set(session_id, `${facts.status}: ${expected === "cancelled" ? facts.reason : facts.why}`);
    // One of each fate in full; the others are in the receipt.
    if (shown.has(expected)) continue;
    shown.add(expected);
    say("");
    say(`Asked about ${kind === "stale" ? "an orphan" : `a session that is ${kind}`}:`);
    for (const line of text.split("\n")) say(`  ${line}`);
  }
  await client.close();
  return { watched, reasons };
}

function printReceipt(store: DemoStore, watched: Watched, reasons: ReadonlyMap<string, string>): void {
  const { receipt } = watched;
  const { manifest } = store;
  say(
    `store            ${manifest.events.toLocaleString("en")} events, ${manifest.sessions} sessions, ${bytes(manifest.bytes)}`,
  );
  for (const [name, at] of [
    ["first answer", watched.firstAnswer],
    ["tools/list", watched.toolsList],
    ["ready", watched.ready],
    ["settled", watched.settled],
  ] as const) {
    say(`${name.padEnd(16)} ${at.toFixed(0)} ms after the server was spawned, as the client saw it`);
  }
  const { first_statement: first, ready, settled } = receipt.ms;
  const fromFirst =
    first == null || ready === null ? "" : ` (${(ready - first).toFixed(1)} ms after its first statement)`;
  say(`by its own clock ready ${ready} ms after it began to open the store${fromFirst}, settled ${settled} ms`);
  say(`tools            ${watched.tools.join(", ")}`);
  say(
    `clean-up         ${receipt.batch_id} as ${receipt.role}: ${receipt.examined} sessions judged, ${receipt.cancelled} cancelled, ${receipt.skipped} left alone`,
  );
  for (const fate of ["cancelled", "spared"] as const) {
    say("");
    say(`${fate}:`);
    for (const { session_id, kind, expected } of store.truth) {
      if (expected === fate) say(`  ${session_id}  ${kind.padEnd(18)} ${reasons.get(session_id) ?? ""}`);
    }
  }
}

function printOutcome({ cancelled, rowsWritten, faults }: Outcome, { truth }: DemoStore): void {
  say("");
  const expected = truth.filter((session) => session.expected === "cancelled").length;
  say(
    `Read back from the store: ${cancelled.length} of ${expected} orphans cancelled, ${rowsWritten} rows written in all.`,
  );
  if (faults.length === 0) say("Exactly what it should be: every orphan once, no row for any other session.");
  for (const fault of faults) say(`NOT AS IT SHOULD BE: ${fault}`);
}

/** Runs the CLI on the demo's store and shows what it says. */
function runProgram(args: readonly string[]): void {
  say(`$ ${commandLine(args)}`);
  const { status, stdout, stderr } = spawnSync(DEMO.program, args, { cwd: DEMO.home, env: DEMO_ENV, encoding: "utf8" });
  for (const line of `${stdout}${stderr}`.trimEnd().split("\n")) say(`  ${line}`);
  if (status !== 0) say(`  (exit code ${status})`);
}

function commandLine(args: readonly string[]): string {
  return `HOME="$PWD/${relative(DEMO.root, DEMO.home)}" ${relative(DEMO.root, DEMO.program)} ${args.join(" ")}`;
}

function heading(title: string): void {
  say("");
  say(`== ${title}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
