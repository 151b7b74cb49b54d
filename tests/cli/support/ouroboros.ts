import { Database } from "bun:sqlite";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreOptions } from "../../../scripts/make-store/arguments.ts";
import { makeStore, type SessionTruth } from "../../../scripts/make-store.ts";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");
export const BINARY = join(import.meta.dirname, "../../../dist/ouroboros");

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A home with one store in it, and the CLI as somebody there would call it. */
export interface CliHome extends AsyncDisposable {
  readonly home: string;
  readonly path: string;
  readonly truth: readonly SessionTruth[];
  start(args: readonly string[], env?: Readonly<Record<string, string>>): ChildProcessWithoutNullStreams;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** The session of a kind the store was made with. */
  sessionOf(kind: string): string;
  /** Every row of `events`, as text to compare. */
  dump(): string;
  /** Appends one progress row to a session, from this process. */
  appendTo(sessionId: string, eventId: string): void;
}

/** Makes a home; without options there is no store in it. */
export async function openHome(options?: Omit<StoreOptions, "out">): Promise<CliHome> {
  const home = await mkdtemp(join(tmpdir(), "ouroboros-cli-"));
  const path = join(home, "ouroboros.db");
  const truth = options === undefined ? [] : makeStore({ out: path, ...options }).truth;
  return cliHome(home, truth);
}

/** A home with its own copy of another one's store. */
export async function copyHome(from: CliHome): Promise<CliHome> {
  const home = await mkdtemp(join(tmpdir(), "ouroboros-cli-"));
  await cp(from.path, join(home, "ouroboros.db"));
  return cliHome(home, from.truth);
}

function cliHome(home: string, truth: readonly SessionTruth[]): CliHome {
  const path = join(home, "ouroboros.db");
  const children = new Set<ChildProcessWithoutNullStreams>();
  const start: CliHome["start"] = (args, env = {}) => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: home, env: environment(home, env) });
    child.stdin.end();
    children.add(child);
    child.once("close", () => children.delete(child));
    return child;
  };
  return {
    home,
    path,
    truth,
    start,
    run: (args, env) => finished(start(args, env)),
    sessionOf(kind) {
      const found = truth.find((one) => one.kind === kind);
      if (!found) throw new Error(`No session of kind ${kind} was made`);
      return found.session_id;
    },
    dump() {
      using store = new Database(path, { readonly: true });
      return JSON.stringify(store.query("SELECT rowid, * FROM events ORDER BY rowid").all());
    },
    appendTo(sessionId, eventId) {
      using store = new Database(path);
      store.run("PRAGMA busy_timeout = 5000");
      store
        .query(
          "INSERT INTO events (id, aggregate_type, aggregate_id, event_type, payload, timestamp) VALUES (?,?,?,?,?,?)",
        )
        .run(eventId, "session", sessionId, "orchestrator.progress.updated", "{}", "2026-01-01 00:00:00.000000");
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill("SIGKILL");
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What the CLI is given of the environment: a home, and nothing of the person who runs the tests. */
export function environment(home: string, extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { HOME: home, OUROBOROS_HOME: home, PATH: process.env.PATH ?? "/usr/bin:/bin", LANG: "C.UTF-8", ...extra };
}

/** Collects what a child prints until it is gone. */
export async function finished(child: ChildProcessWithoutNullStreams): Promise<Ran> {
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  child.once("error", reject);
  child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  return await promise;
}
