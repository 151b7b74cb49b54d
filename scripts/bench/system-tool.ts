import { execFileSync } from "node:child_process";

/** Runs a small program that every Linux has (coreutils, util-linux) and returns what it prints. */
export function runTool(program: string, ...args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    throw new Error(`Cannot run ${program} ${args.join(" ")}: the bench needs coreutils and util-linux on Linux`, {
      cause: error,
    });
  }
}
