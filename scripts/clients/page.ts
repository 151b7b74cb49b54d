import { cautionAt } from "../bench/machine.ts";
import { bytes } from "../bench/table.ts";
import { NOTES } from "./notes.ts";
import type { Cell, ClientRow, ConformanceRun, Report, ScenarioResult } from "./report.ts";

/** The page that shows a report, as Markdown. */
export function clientsPage(report: Report): string {
  return `${[
    ...head(report),
    ...clientsTable(report),
    ...conformanceTables(report.conformance),
    "## What to know",
    NOTES,
    "## What they printed",
    ...report.clients.flatMap(printedBy),
  ].join("\n\n")}\n`;
}

function head({ date, version, machine, load, offline, tools, largeStore, capabilities }: Report): string[] {
  const large =
    largeStore === null
      ? "an empty store"
      : `an empty store, and a large one with ${largeStore.events.toLocaleString("en")} events, ${bytes(largeStore.bytes)}, as the Python program leaves it`;
  return [
    "# Real clients",
    "<!-- Written by scripts/clients.ts: run it again instead of editing this. -->",
    `Ouroboros ${version}, ${date}, ${machine}.`,
    ...[cautionAt(load).trim()].filter((line) => line !== ""),
    `Each line of the table is something that happened: the client as its makers publish it, in an empty home without an account${offline ? " and with no network but loopback" : ""},
was told about the compiled server, connected, offered the server's tools (${tools.byDefault} by default, ${tools.all} with every toolset) and called one; agents did so for a scripted model on
loopback. Each did it with ${large}.`,
    `The server declares: ${capabilities.map((name) => `\`${name}\``).join(", ")}.`,
    "Run it yourself: `bun run clients` (some minutes, half a gigabyte of downloads the first time; `--no-big` leaves the large store out).",
  ];
}

function clientsTable({ clients }: Report): string[] {
  const rows = clients.map((row) => [
    row.client,
    row.version,
    row.setup,
    row.transport,
    both(row, ({ connected }) => connected),
    both(row, ({ listed }) => listed),
    both(row, ({ called }) => called),
    time(row.empty.connectMs),
    row.large === null ? "not tried" : time(row.large.connectMs),
  ]);
  const titles = ["client", "version", "how it was set up", "over", "connected", "tools listed", "called"];
  return [
    "## Clients",
    table([...titles, "time to connect, empty store", "large store"], rows),
    `Times are those a person waits: from the start of the client's own program, which is most of it, to its being connected (\`mcp list\`; Codex: its
first question to the model with our tools in it; Inspector: the list of tools). The SDK's client has no start of its own: its time is the server's. Over
HTTP the server has been started before. Each is one measurement, by the first client on that copy of the store.
Tools are counted as the model is offered them, with Claude Code's tool search off.`,
  ];
}

function conformanceTables(runs: readonly ConformanceRun[]): string[] {
  const names = [...new Set(runs.flatMap(({ scenarios }) => scenarios.map(({ scenario }) => scenario)))];
  const of = (run: ConformanceRun, name: string) => run.scenarios.find(({ scenario }) => scenario === name);
  const applies = (name: string) =>
    runs.some((run) => (of(run, name)?.verdict ?? "not applicable") !== "not applicable");
  const counts = runs.map((run) => [
    run.revision,
    run.transport,
    run.suite,
    ...(["passed", "failed", "not applicable"] as const).map((verdict) =>
      String(run.scenarios.filter((one) => one.verdict === verdict).length),
    ),
    run.exitCode === 0 ? "as expected" : `exit code ${run.exitCode}`,
  ]);
  const titles = runs.map(({ revision, transport, suite }) => `${revision}, ${transport} (${suite})`);
  const reasons = (name: string) => [...new Set(runs.flatMap((run) => of(run, name)?.why ?? []))].join("; ");
  return [
    "## Conformance",
    `The server scenarios of the protocol's own conformance suite (\`@modelcontextprotocol/conformance\`). It speaks HTTP only: over stdio a bridge hands each
message to the server as it is. Most scenarios look for tools, prompts or resources of fixed names that only a server made for the suite has, and the suite
is told so in a file of expected failures; a failure for any other reason counts as one. The last column is what the suite itself made of that file.`,
    table(["revision", "over", "suite", "passed", "failed", "not applicable", "the suite's own end"], counts),
    "Scenarios that say something about this server, with the number of checks that passed; the note says why others did not or do not apply:",
    table(
      ["scenario", ...titles, "note"],
      names.filter(applies).map((name) => [name, ...runs.map((run) => verdictOf(of(run, name))), reasons(name)]),
    ),
    "Scenarios that do not apply:",
    table(
      ["scenario", "why"],
      names.filter((name) => !applies(name)).map((name) => [name, reasons(name)]),
    ),
  ];
}

function verdictOf(result: ScenarioResult | undefined): string {
  if (result === undefined) return "";
  if (result.verdict === "passed") return `passed (${result.passed})`;
  return result.verdict === "failed" ? "**failed**" : "n/a";
}

function printedBy({ client, version, setup, transport, empty, large }: ClientRow): string[] {
  const lines = (large ?? empty).printed;
  if (lines.length === 0) return [];
  return [`${client} ${version} over ${transport}, ${setup}:`, `\`\`\`\n${lines.join("\n")}\n\`\`\``];
}

/** One word where both stores came to the same, else both. */
function both({ empty, large }: ClientRow, part: (visit: ClientRow["empty"]) => Cell): string {
  const cells = large === null ? [part(empty)] : [part(empty), part(large)];
  const said = cells.map(({ ok, said }) => (ok ? said : `**no**: ${said}`));
  return [...new Set(said)].join("; ");
}

function time(ms: number | null): string {
  if (ms === null) return "did not";
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(inCell).join(" | ")} |`;
  return [line(titles), `|${titles.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}

function inCell(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
}
