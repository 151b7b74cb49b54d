import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, open, symlink } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { type Finished, openSandbox, type Sandbox } from "../../tests/e2e/support/sandbox.ts";
import type { Transport } from "./report.ts";

/** A call that a client makes, and what has to stand in the answer. */
export interface Call {
  readonly tool: string;
  readonly input: Readonly<Record<string, string | number>>;
  readonly answers: readonly string[];
  /** The answer in a few words. */
  readonly shown: string;
}

/** A store to put into the home, and what can be asked about it. */
export interface Given {
  readonly file: string | null;
  readonly call: Call;
}

/** What one client finds: a home of its own with a store in it, and a server to start or to reach. */
export interface Stage extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly binary: string;
  readonly call: Call;
  /** Of the server over HTTP, which has been started where that is the transport. */
  readonly url: string;
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Ran>;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly limit?: number;
}

/** A program that has ended; `text` is all it printed, without colours and without the names of this machine's folders. */
export interface Ran extends Finished {
  readonly text: string;
  readonly ms: number;
}

const ROOT = join(import.meta.dirname, "../..");
const LIMIT_MS = 60_000;
const START_MS = 20_000;

/** Opens a home for one client; disposing of it ends the server and removes everything. */
export async function openStage(binary: string, transport: Transport, { file, call }: Given): Promise<Stage> {
  const sandbox = await openSandbox();
  let server: ChildProcess | undefined;
  try {
    if (file !== null) {
      await mkdir(join(sandbox.home, ".ouroboros"));
      await copyToDisk(file, join(sandbox.home, ".ouroboros/ouroboros.db"));
    }
    await mkdir(join(sandbox.home, "bin"));
    await symlink(binary, join(sandbox.home, "bin/ouroboros"));
    let url = "";
    if (transport === "HTTP") [server, url] = await serve(binary, sandbox);
    const clean = (text: string) =>
      stripVTControlCharacters(text)
        .replaceAll(join(sandbox.home, "bin/ouroboros"), "ouroboros")
        .replaceAll(binary, "ouroboros")
        .replaceAll(sandbox.home, "~")
        .replaceAll(ROOT, ".")
        .replaceAll(/(127\.0\.0\.1):\d+/g, "$1:PORT");
    return {
      sandbox,
      binary,
      call,
      url,
      async run(command, args, { env = {}, input = "", limit = LIMIT_MS } = {}) {
        const began = performance.now();
        const path = [join(sandbox.home, "bin"), dirname(process.execPath), sandbox.env.PATH].join(delimiter);
        const ran = await sandbox.run(command, args, { env: { PATH: path, ...env }, input, limit });
        return { ...ran, ms: performance.now() - began, text: clean(`${ran.stdout}${ran.stderr}`) };
      },
      async [Symbol.asyncDispose]() {
        await end(server);
        await sandbox[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await end(server);
    await sandbox[Symbol.asyncDispose]();
    throw error;
  }
}

/** Down to the disk: else whoever first writes to the copy waits for all of it, which no store of a person's makes them do. */
async function copyToDisk(from: string, to: string): Promise<void> {
  await cp(from, to);
  await using copy = await open(to, "r+");
  await copy.sync();
}

/** A server over HTTP that has said where it listens. */
async function serve(binary: string, { home, env }: Sandbox): Promise<[ChildProcess, string]> {
  const args = ["mcp", "serve", "--transport", "http", "--port", "0"];
  const child = spawn(binary, args, { cwd: home, env, stdio: ["ignore", "pipe", "ignore"] });
  const late = AbortSignal.timeout(START_MS);
  try {
    const [line] = await once(createInterface({ input: child.stdout }), "line", { signal: late });
    return [child, String(line)];
  } catch (error) {
    await end(child);
    throw new Error("The server over HTTP did not say where it listens", { cause: error });
  }
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  if ((await Promise.race([gone, delay(5_000, "late", { ref: false })])) === "late") child.kill("SIGKILL");
  await gone;
}
