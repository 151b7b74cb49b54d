import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { findProgram } from "./find-program.ts";
import { endGit, gitEnvironment, HARMLESS } from "./git-environment.ts";
import { neutralFolder } from "./neutral-folder.ts";

/** `stopped` when whoever listened had enough; `failed` when git could not, or not in time. */
type GitEnd = "ended" | "stopped" | "failed";

/** Git, asked about one checkout it must not be endangered by. */
export interface Git {
  /** Runs a command whose output is records that end with NUL; `onRecord` answers false to hear no more. */
  read(args: readonly string[], signal: AbortSignal, onRecord: (record: string) => boolean): Promise<GitEnd>;
}

const LONGEST_RECORD = 2 ** 16;
/** Each of a filter's settings becomes an argument; more, or longer ones, are not what somebody means well with. */
const MOST_FILTERS = 300;
const LONGEST_FILTER = 200;

/** Git for a folder of the checkout at `top`, with every program its configuration names switched off; null where there is none to ask. */
export async function openGit(folder: string, top: string, signal: AbortSignal): Promise<Git | null> {
  const found = findProgram("git", process.env.PATH ?? "", top);
  if (found === null) return null;
  const read = (settings: readonly string[]): Git["read"] => {
    const fixed = ["-C", folder, `--work-tree=${top}`, ...settings.flatMap((setting) => ["-c", setting])];
    return (args, until, onRecord) =>
      readRecords(found.program, [...fixed, ...args], gitEnvironment(found.path), until, onRecord);
  };
  const filters: string[] = [];
  const listing = ["config", "-z", "--name-only", "--get-regexp", "^filter\\."];
  // It also ends in failure when there are none; where git itself fails, so will all that is asked after it.
  const listed = await read(HARMLESS)(listing, signal, (name) => filters.push(name) < MOST_FILTERS);
  // A name with "=" in it cannot be spelled as a setting at all.
  if (listed === "stopped" || filters.some((name) => name.includes("=") || name.length > LONGEST_FILTER)) return null;
  const off = filters.map((name) => (name.endsWith(".required") ? `${name}=false` : `${name}=`));
  return { read: read([...HARMLESS, ...off]) };
}

async function readRecords(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
  onRecord: (record: string) => boolean,
): Promise<GitEnd> {
  if (signal.aborted) return "failed";
  const child = spawn(program, args, {
    cwd: neutralFolder(),
    env,
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "ignore"],
    windowsHide: true,
  });
  const { promise: ended, resolve } = Promise.withResolvers<number | null>();
  child.on("error", () => resolve(null));
  child.on("close", resolve);
  const kill = (): void => {
    if (child.exitCode === null && child.signalCode === null) endGit(child.pid);
    child.stdout.destroy();
  };
  signal.addEventListener("abort", kill, { once: true });
  try {
    const all = await splitRecords(child.stdout, onRecord);
    if (!all) kill();
    const code = await ended;
    if (signal.aborted) return "failed";
    return all ? (code === 0 ? "ended" : "failed") : "stopped";
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/** True when the stream was heard to its end. */
async function splitRecords(stream: Readable, onRecord: (record: string) => boolean): Promise<boolean> {
  // Names that are not UTF-8 come with their odd bytes replaced: they can be counted, and no such file is opened.
  const utf8 = new TextDecoder();
  let rest = "";
  try {
    for await (const chunk of stream) {
      const records = (rest + utf8.decode(chunk as Uint8Array, { stream: true })).split("\0");
      rest = records.pop() ?? "";
      if (rest.length > LONGEST_RECORD || !records.every(onRecord)) return false;
    }
    return true;
  } catch {
    return false; // Closed under us: the caller's signal or git's end says why.
  }
}
