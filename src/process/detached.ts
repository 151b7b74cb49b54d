import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { messageOf, OuroborosError } from "../base/errors.ts";
import { failpoint } from "../base/failpoint.ts";
import { neutralFolder } from "./neutral-folder.ts";
import { selfCommand } from "./self-command.ts";
import { standBack } from "./stand-back.ts";

/** A process of this program that outlives the one that started it. */
export interface Detached {
  readonly pid: number;
  /** The one line it says when it has begun, or an error with the end of its log. Lets go of the process either way. */
  firstLine(timeoutMs: number, signal?: AbortSignal): Promise<string>;
}

const LONGEST_LINE = 64 * 2 ** 10;
const LOG_TAIL_LINES = 12;

/** Starts this program in a session of its own, with `input` on its stdin and its complaints in a log file. */
export async function startDetached(options: {
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  input: string;
  logFile: string;
}): Promise<Detached> {
  const { program, args } = selfCommand(options.args);
  const log = openLog(options.logFile);
  try {
    failpoint("detached:spawn:before");
    const child = spawn(program, args, {
      cwd: neutralFolder(),
      env: { ...options.env },
      detached: true,
      stdio: ["pipe", "pipe", log],
      windowsHide: true,
    });
    failpoint("detached:spawn:after");
    const { pid, stdin, stdout } = child;
    const ended = endOf(child);
    if (pid === undefined || stdin === null || stdout === null) throw failure(await ended, options.logFile);
    standBack(pid, "worker");
    // Whoever ends without reading it says why elsewhere.
    stdin.on("error", () => {});
    stdin.end(options.input);
    return { pid, firstLine: (timeoutMs, signal) => readFirstLine(timeoutMs, signal) };

    async function readFirstLine(timeoutMs: number, signal: AbortSignal | undefined): Promise<string> {
      const output = stdout as Readable;
      const line = Promise.withResolvers<string>();
      const timer = setTimeout(() => fail(`said nothing for ${timeoutMs} ms`), timeoutMs);
      signal?.addEventListener("abort", aborted, { once: true });
      if (signal?.aborted) aborted();
      takeLine(output, line.resolve, fail, () => void ended.then(fail));
      try {
        return await line.promise;
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", aborted);
        letGo(child);
      }

      function aborted(): void {
        fail("was not waited for any longer");
      }

      function fail(why: string): void {
        line.reject(failure(why, options.logFile));
      }
    }
  } catch (error) {
    throw error instanceof OuroborosError ? error : failure(messageOf(error), options.logFile);
  } finally {
    closeSync(log);
  }
}

function openLog(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, "a", 0o600);
  } catch (error) {
    throw new OuroborosError(
      "worker_failed",
      `The log file ${path} cannot be written: ${messageOf(error)}`,
      `Make the folder ${dirname(path)} writable, or set OUROBOROS_HOME to one that is.`,
      error,
    );
  }
}

/** How the child ended, in words; never rejects. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(`could not be started: ${error.message}`));
    child.on("exit", (code, signal) => resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`));
  });
}

function takeLine(
  output: Readable,
  onLine: (line: string) => void,
  onTrouble: (why: string) => void,
  onEnd: () => void,
): void {
  let text = "";
  output.setEncoding("utf8");
  output.on("data", (chunk: string) => {
    text += chunk;
    const end = text.indexOf("\n");
    if (end >= 0 && end <= LONGEST_LINE) onLine(text.slice(0, end));
    else if (text.length > LONGEST_LINE) onTrouble("said more than fits a line");
  });
  output.on("end", onEnd);
  output.on("error", (error) => onTrouble(`cannot be heard: ${error.message}`));
}

/** So that this process may end while the other goes on. */
function letGo(child: ChildProcess): void {
  child.stdin?.destroy();
  child.stdout?.destroy();
  child.unref();
}

function failure(why: string, logFile: string): OuroborosError {
  const tail = readTail(logFile);
  return new OuroborosError(
    "worker_failed",
    `The worker ${why}.${tail === "" ? "" : ` The end of its log:\n${tail}`}`,
    `Read ${logFile}, then try again.`,
  );
}

function readTail(path: string): string {
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
  } catch {
    return ""; // What is said without it is enough.
  }
}
