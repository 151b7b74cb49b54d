import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
const FOLDER = join(ROOT, ".work/crash");
let built: string | undefined;

/** The executable as people get it, but with its failpoints in; built once a test process. */
export function crashProgram(): string {
  built ??= buildProgram("with-failpoints", "--failpoints");
  return built;
}

/** Builds the executable under a name of its own, in the place of the one that was there before. */
export function buildProgram(name: string, ...flags: string[]): string {
  mkdirSync(FOLDER, { recursive: true });
  const outfile = join(FOLDER, name);
  // Whoever runs the one before goes on running it.
  const partial = `${outfile}.${process.pid}`;
  const { status, stderr } = spawnSync(process.execPath, ["run", "build.ts", ...flags, "--outfile", partial], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`Cannot build: ${stderr}`);
  renameSync(partial, outfile);
  return outfile;
}
