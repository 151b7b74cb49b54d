import { spawn } from "node:child_process";

/** Runs a program that has this terminal to itself until it ends, such as an editor; its exit code, or why it did not run. */
export function runInForeground(program: string, args: readonly string[]): Promise<number | string> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: "inherit" });
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(code ?? `it was ended by ${signal}`));
  });
}
