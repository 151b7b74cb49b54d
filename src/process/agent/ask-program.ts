import { spawn } from "node:child_process";
import { neutralFolder } from "../neutral-folder.ts";
import { keepTail } from "./agent-output.ts";

/** What a small question to a program came to; null where it could not be started or did not answer in time. */
export interface ProgramAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const LONGEST_BYTES = 2 ** 20;

/** Runs a program for its short answer, outside any project, with this environment only; it and its children have `timeoutMs`. */
export async function askProgram(
  command: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  },
): Promise<ProgramAnswer | null> {
  const [program = "", ...args] = command;
  const { promise, resolve } = Promise.withResolvers<ProgramAnswer | null>();
  const child = spawn(program, args, {
    cwd: neutralFolder(),
    env: { ...options.env },
    // A group of its own: some programs are launchers of the real one.
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  const stdout = keepTail(child.stdout, LONGEST_BYTES);
  const stderr = keepTail(child.stderr, LONGEST_BYTES);
  child.on("error", () => resolve(null));
  child.on("close", (code) => resolve({ code, stdout: stdout(), stderr: stderr() }));
  const giveUp = (): void => {
    end(child.pid);
    child.stdout.destroy();
    child.stderr.destroy();
    resolve(null);
  };
  const timer = setTimeout(giveUp, options.timeoutMs);
  options.signal?.addEventListener("abort", giveUp, { once: true });
  if (options.signal?.aborted) giveUp();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", giveUp);
  }
}

function end(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
