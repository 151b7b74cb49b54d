import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";

/** One program of the soak: a test file, or the bench. */
export interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  /** Where the test runner reports to; without it the exit code alone decides. */
  readonly report?: string;
  /** What the program prints goes here. */
  readonly log: string;
}

export interface SuiteResult {
  readonly name: string;
  readonly passed: number;
  readonly skipped: number;
  /** What failed, by name; empty for a suite that is sound. */
  readonly failures: readonly string[];
  readonly seconds: number;
}

/** Runs a suite with SOAK=1 to its end, or until its time is up: then its whole process group is killed, and it failed. */
export async function runSuite(suite: Suite, limitMs: number): Promise<SuiteResult> {
  const { name, command, report, log } = suite;
  mkdirSync(dirname(log), { recursive: true });
  if (report !== undefined) rmSync(report, { force: true });
  const output = openSync(log, "w");
  const began = performance.now();
  try {
    const end = await finish(command, output, limitMs);
    const seconds = (performance.now() - began) / 1000;
    const counts = report === undefined ? { passed: end === "" ? 1 : 0, skipped: 0, failed: [] } : readReport(report);
    const { passed, skipped, failed } = counts;
    const empty = report !== undefined && passed + skipped + failed.length === 0 ? ["no test was run"] : [];
    // A run that ended badly without naming a test has failed all the same.
    const failures = [...failed, ...empty, ...(end !== "" && failed.length === 0 ? [end] : [])];
    return { name, passed, skipped, failures, seconds };
  } finally {
    closeSync(output);
  }
}

/** Resolves with what was wrong with the end, or with nothing. */
function finish([program = "", ...args]: readonly string[], output: number, limitMs: number): Promise<string> {
  const env = { ...process.env, SOAK: "1" };
  const child = spawn(program, args, { stdio: ["ignore", output, output], env, detached: true });
  return new Promise((resolve) => {
    let end: string | undefined;
    const timer = setTimeout(() => {
      end = `still running after ${Math.round(limitMs / 1000)} s`;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, limitMs);
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve(error.message);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve(end ?? (code === 0 ? "" : `ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

/** Counts the cases of a JUnit report; a missing one counts none. */
function readReport(path: string): { passed: number; skipped: number; failed: string[] } {
  const counts = { passed: 0, skipped: 0, failed: [] as string[] };
  for (const [, head = "", body = ""] of read(path).matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    if (/<(failure|error)\b/.test(body)) counts.failed.push(plain(/\bname="([^"]*)"/.exec(head)?.[1] ?? "unnamed"));
    else if (/<skipped\b/.test(body)) counts.skipped++;
    else counts.passed++;
  }
  return counts;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // the suite died before it could report, which its caller sees
  }
}

function plain(xml: string): string {
  const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return xml.replace(/&(lt|gt|quot|apos|amp);/g, (_all, name: string) => entities[name] ?? "");
}
