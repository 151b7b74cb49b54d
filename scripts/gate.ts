import { spawn } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";

/** The one gate: `bun run check` here and in CI. Every step runs, so that one report names everything that is wrong. */
const STEPS: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: "format and lint", command: ["biome", "ci", "--colors=off"] },
  { name: "types", command: ["tsc"] },
  { name: "types under Deno", command: ["deno", "check", "--quiet", "src/main.ts"] },
  { name: "dead code and dependencies", command: ["knip"] },
  { name: "the binary builds", command: ["bun", "run", "build.ts"] },
];
/** Real parts that Linux x64 can always have: there, a run that did not exercise one of them has not passed. */
const REAL_PARTS = [
  "a real libSQL server",
  "Claude Code",
  "Codex",
  "a real ACP agent",
  "MCP Inspector",
  "the source under Deno",
  "npm packages on a registry on loopback",
];
const REPORT = ".work/junit.xml";
/** Of what a failed test said: the last lines of a long log are often all that anybody keeps of it. */
const LONGEST_WHY = 1_500;

interface Failure {
  readonly name: string;
  readonly why: string;
}

const failures: string[] = [];
for (const { name, command } of STEPS) {
  if (!(await runs(name, command))) failures.push(name);
}
await mkdir(".work", { recursive: true });
await rm(REPORT, { force: true });
const ranWell = await runs("tests", [
  "bun",
  "test",
  "--timeout",
  "60000",
  "--reporter=junit",
  `--reporter-outfile=${REPORT}`,
]);
const tests = await readReport();
// Errors outside of tests, such as in a clean-up hook, stand in no test's report.
if (!ranWell && tests.failed.length === 0) tests.failed.push(failure("the test runner ended with an error"));
if (`${process.platform}-${process.arch}` === "linux-x64") {
  const missed = REAL_PARTS.filter((part) => !tests.passedIn.some((place) => place.includes(part)));
  tests.failed.push(...missed.map((part) => failure(`no test of ${part} has passed`)));
}
for (const name of failures) process.stdout.write(`FAILED: ${name}\n`);
for (const { name, why } of tests.failed) process.stdout.write(`FAILED: ${name}\n${why.replace(/^/gm, "  | ")}\n`);
const failed = failures.length + tests.failed.length;
const reasons = tests.skipped.length === 0 ? "" : ` (${tests.skipped.join("; ")})`;
process.stdout.write(`skipped: ${tests.skipped.length}${reasons}\n`);
process.stdout.write(`${STEPS.length - failures.length + tests.passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

async function runs(name: string, command: readonly string[]): Promise<boolean> {
  const began = performance.now();
  process.stdout.write(`\n-- ${name}: ${command.join(" ")}\n`);
  const [named = "", ...args] = command;
  // The Bun that runs this: the one among the packages is only put into place where there is no other.
  const program = named === "bun" ? process.execPath : named;
  const code = await new Promise<number | null>((resolve) => {
    const path = `node_modules/.bin:${process.env.PATH ?? ""}`;
    const child = spawn(program, args, {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, PATH: path },
    });
    child.on("error", () => resolve(null));
    child.on("close", resolve);
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(`-- ${name}: ${code === 0 ? "ok" : `failed with ${code}`} in ${seconds} s\n`);
  return code === 0;
}

/** Test results from the runner's own report; no report, or one without a single test, is a failure and not a success. */
async function readReport(): Promise<{ passed: number; passedIn: string[]; failed: Failure[]; skipped: string[] }> {
  const xml = await readFile(REPORT, "utf8").catch(() => "");
  const failed: Failure[] = [];
  const skipped: string[] = [];
  const passedIn: string[] = [];
  for (const [, head = "", body = ""] of xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const name = unescapeXml(/\bname="([^"]*)"/.exec(head)?.[1] ?? "?");
    const [, said] = /<(?:failure|error)\b[^>]*>([\s\S]*?)<\//.exec(body) ?? [];
    if (/<(failure|error)\b/.test(body)) failed.push(failure(name, unescapeXml(said ?? "")));
    else if (/<skipped\b/.test(body)) skipped.push(name);
    else passedIn.push(unescapeXml(/\bclassname="([^"]*)"/.exec(head)?.[1] ?? ""));
  }
  if (passedIn.length + failed.length === 0) failed.push(failure("the test run left no report"));
  return { passed: passedIn.length, passedIn, failed, skipped };
}

function failure(name: string, why = ""): Failure {
  return { name, why: why.trim().slice(0, LONGEST_WHY) };
}

function unescapeXml(text: string): string {
  const marks: Record<string, string> = { quot: '"', apos: "'", lt: "<", gt: ">", amp: "&" };
  return text.replace(/&(quot|apos|lt|gt|amp);/g, (_all, name: string) => marks[name] ?? "").replaceAll("&#10;", "\n");
}
