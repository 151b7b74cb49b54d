import { spawnSync } from "node:child_process";
import { globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "./bench/machine.ts";
import { runSuite, type Suite, type SuiteResult } from "./soak/run-suite.ts";

const ROOT = join(import.meta.dirname, "..");
const RESULT = join(ROOT, "scripts/soak/last-result.md");
const LOGS = join(ROOT, ".work/soak");
const USAGE = `Usage: bun run soak [--rounds N] [--only TEXT] [--no-bench] [--limit MINUTES]
  --rounds    run every test file this many times (default 1)
  --only      only test files whose path contains TEXT; the result file is then left alone
  --no-bench  leave the bench at full size out
  --limit     minutes until one suite is killed and counts as failed (default 20)
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "1" },
      only: { type: "string" },
      "no-bench": { type: "boolean", default: false },
      limit: { type: "string", default: "20" },
      help: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds);
  const limitMs = Number(values.limit) * 60_000;
  if (values.help || !Number.isInteger(rounds) || rounds < 1 || !(limitMs > 0)) {
    process.stdout.write(USAGE);
    return values.help ? 0 : 1;
  }
  const built = spawnSync(process.execPath, ["run", "build.ts"], { cwd: ROOT, stdio: "inherit" });
  if (built.status !== 0) return 1;

  const only = values.only ?? "";
  const files = globSync("tests/**/*.test.ts", { cwd: ROOT, exclude: ["**/node_modules"] }).sort();
  const chosen = files.filter((file) => file.includes(only));
  if (chosen.length === 0) throw new Error(`No test file has "${only}" in its path`);
  const suites = Array.from({ length: rounds }, (_, round) => chosen.map((file) => testSuite(file, round, rounds)));
  if (!values["no-bench"]) suites.push([benchSuite()]);
  const results = await runAll(suites.flat(), limitMs);
  const report = toReport(results);
  process.stdout.write(`\n${report}`);
  if (only === "") writeFileSync(RESULT, report);
  return results.every(({ failures }) => failures.length === 0) ? 0 : 1;
}

function testSuite(file: string, round: number, rounds: number): Suite {
  const log = join(LOGS, `${file.replaceAll(/[\\/]/g, "-")}.${round + 1}`);
  const report = `${log}.xml`;
  const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
  return {
    name: rounds === 1 ? file : `${file}, round ${round + 1}`,
    command: [process.execPath, "test", file, "--timeout", "600000", ...reporter],
    report,
    log: `${log}.log`,
  };
}

function benchSuite(): Suite {
  const command = [process.execPath, "run", "scripts/bench/bench.ts", "--full", "--assert"];
  return { name: "bench at full size, held to its budgets", command, log: join(LOGS, "bench.log") };
}

/** One after the other, each announced and accounted for; suites that measure time want the machine to themselves. */
async function runAll(suites: readonly Suite[], limitMs: number): Promise<SuiteResult[]> {
  const results: SuiteResult[] = [];
  for (const [index, suite] of suites.entries()) {
    process.stdout.write(`[${index + 1}/${suites.length}] ${suite.name} … `);
    const result = await runSuite(suite, limitMs);
    results.push(result);
    process.stdout.write(`${verdict(result)} in ${result.seconds.toFixed(1)} s\n`);
    for (const failure of result.failures) process.stdout.write(`    ${failure} (see ${suite.log})\n`);
  }
  return results;
}

function verdict({ passed, skipped, failures }: SuiteResult): string {
  const skips = skipped === 0 ? "" : `, ${skipped} skipped`;
  return failures.length === 0 ? `${passed} passed${skips}` : `FAILED: ${failures.length}, ${passed} passed${skips}`;
}

function toReport(results: readonly SuiteResult[]): string {
  const failed = results.filter(({ failures }) => failures.length > 0);
  const rows = results.map((result) => {
    const { name, passed, skipped, failures, seconds } = result;
    return `| ${name} | ${passed} | ${skipped} | ${failures.length} | ${seconds.toFixed(1)} s |`;
  });
  const named = failed.flatMap(({ name, failures }) => failures.map((failure) => `* ${name}: ${failure}`));
  const end = failed.length === 0 ? "Every suite passed." : `${failed.length} suites failed:\n\n${named.join("\n")}`;
  return `# Soak

Written by \`bun run soak\` on ${new Date().toISOString().slice(0, 10)}: ${describeMachine()}.
Every test file in a process of its own with SOAK=1, which makes races, kills and stores larger.

| suite | passed | skipped | failed | time |
| --- | --- | --- | --- | --- |
${rows.join("\n")}

${end}
`;
}
