import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "./system-tool.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Where the bench keeps what it makes: inside the checkout, and ignored by git. */
export const BENCH_FOLDER = join(ROOT, ".work/bench");

/** The programs that are compared, both compiled by build.ts in the same way. */
export const OUROBOROS = join(BENCH_FOLDER, "ouroboros");
export const BARE_SERVER = join(BENCH_FOLDER, "bare-server");

/** The home of every server the bench starts. */
export const BENCH_HOME = join(BENCH_FOLDER, "home");

/** Builds both programs from the sources as they are now. */
export function buildPrograms(): void {
  mkdirSync(BENCH_HOME, { recursive: true });
  build("--outfile", OUROBOROS);
  build("--entry", join(ROOT, "scripts/bench/bare-server.ts"), "--outfile", BARE_SERVER);
}

function build(...args: string[]): void {
  execFileSync(process.execPath, ["run", "build.ts", ...args], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
}

/** Every file that a start of a program reads from, its store's companions and the unpacked addon included. */
export function filesOfStart(program: string, store?: string): string[] {
  const runtime = join(BENCH_HOME, ".ouroboros/runtime");
  const addons = existsSync(runtime) ? readdirSync(runtime).map((name) => join(runtime, name)) : [];
  return [program, ...(store === undefined ? [] : [store, `${store}-wal`, `${store}-shm`]), ...addons];
}

/** Puts a copy of a closed store in place of another one. */
export function copyStore(from: string, to: string): void {
  const log = statSync(`${from}-wal`, { throwIfNoEntry: false });
  if (log !== undefined && log.size > 0) throw new Error(`Cannot copy ${from} alone: its log was not written back`);
  removeStore(to);
  runTool("cp", "--reflink=auto", from, to);
  // Otherwise the copy is still being written to the disk while the next figure is taken.
  runTool("sync", "--data", to);
}

/** Removes a store with its companions. */
export function removeStore(path: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(path + suffix, { force: true });
}
