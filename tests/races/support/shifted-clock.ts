import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SOURCE = join(import.meta.dirname, "../../fixtures/clock/shifted-clock.c");
const COMPILER = process.env.CC ?? "cc";
export const HOUR_MS = 3_600_000;

/** Says why clocks cannot be shifted here; undefined where they can. */
export function whyNoShiftedClocks(): string | undefined {
  if (process.platform !== "linux") return "a clock is only shifted for single processes on Linux";
  if (spawnSync(COMPILER, ["--version"]).status !== 0) return "there is no C compiler";
  return undefined;
}

/** A compiler's work for several tests; disposing of it removes it. */
export interface ClockLibrary extends Disposable {
  /** A clock of its own for one or several processes: what they are started with, and how to set it. */
  clock(): { readonly env: Readonly<Record<string, string>>; shift(ms: number): void };
}

/** Compiles what is loaded into a process to shift its wall clock. Throws with the compiler's words. */
export function buildClockLibrary(): ClockLibrary {
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-clock-"));
  const library = join(folder, "shifted-clock.so");
  const built = spawnSync(COMPILER, ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, SOURCE, "-ldl"]);
  if (built.status !== 0) throw new Error(`Cannot compile ${SOURCE}: ${built.stderr}`);
  let clocks = 0;
  return {
    clock() {
      const path = join(folder, `offset-${clocks++}`);
      shift(path, 0);
      return { env: { LD_PRELOAD: library, _OUROBOROS_SHIFTED_CLOCK_FILE: path }, shift: (ms) => shift(path, ms) };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** In place, as the file is mapped into the processes that run. */
function shift(path: string, ms: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(ms));
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT);
  writeSync(file, bytes, 0, bytes.length, 0);
  closeSync(file);
}
