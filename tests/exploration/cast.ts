import { join } from "node:path";
import { DEFAULT_RUN_SETTINGS } from "../../src/domain/run/run-settings.ts";
import type { ProcessIdentity } from "../../src/process/identity.ts";
import type { SessionContext } from "../../src/sessions/session-context.ts";
import type { Store } from "../../src/store/store.ts";

/** The one session of the model, its execution and upstream's job for it. */
export const SESSION = "orch_1";
export const EXECUTION = "exec_1";
export const JOB = "job_1";
/** The clean-up batch that a start state may hold. */
export const BATCH = "batch_start";
export const PERSON = "person";

export const HOUR_MS = 3_600_000;
export const NOON_MS = Date.UTC(2026, 0, 1, 12);

/** Everybody who may call the store. A worker renews beside its work, so it has two strands. */
export const STRANDS = [
  { name: "server A", process: "A", role: "server", worker: 1 },
  { name: "server B", process: "B", role: "server", worker: 2 },
  { name: "the person", process: "P", role: "person", worker: undefined },
  { name: "worker W", process: "W", role: "work", worker: 0 },
  { name: "the watch of worker W", process: "W", role: "watch", worker: 0 },
  { name: "A's worker", process: "WA", role: "work", worker: 1 },
  { name: "the watch of A's worker", process: "WA", role: "watch", worker: 1 },
  { name: "B's worker", process: "WB", role: "work", worker: 2 },
  { name: "the watch of B's worker", process: "WB", role: "watch", worker: 2 },
] as const satisfies readonly {
  name: string;
  process: string;
  role: "server" | "person" | "work" | "watch";
  worker: number | undefined;
}[];

/** Worker 0 may be there from the start, 1 and 2 are those that the servers start. */
export const WORKERS = ["W", "WA", "WB"] as const;

const PIDS: Record<string, number> = { A: 11, B: 12, P: 13, W: 100, WA: 101, WB: 102 };

export function pidOf(process: string): number {
  const pid = PIDS[process];
  if (pid === undefined) throw new Error(`There is no process ${process}`);
  return pid;
}

/** A process of the model's machine; `apart` puts server B and its worker into a pid namespace of their own. */
export function identityOf(process: string, apart: boolean): ProcessIdentity {
  const pid_namespace = apart && (process === "B" || process === "WB") ? "pid:[2]" : "pid:[1]";
  return { machine: "machine", boot: "boot", pid_namespace, pid: pidOf(process), start_ticks: "1" };
}

const HOME = join("/", "nonexistent", "home of the model");

/** What a process of the model works with. */
export function contextOf(store: Store, process: string, apart: boolean): SessionContext {
  return {
    store,
    identity: identityOf(process, apart),
    home: HOME,
    locksFolder: join(HOME, "locks"),
    policy: { thresholdMicros: HOUR_MS * 1000, action: "default" },
    runtimes: { chosen: undefined, commands: { agent: ["agent"] } },
    consent: "ask",
    allowedPrograms: [],
    runSettings: DEFAULT_RUN_SETTINGS,
    minds: { open: () => Promise.reject(new Error("No session of the model asks a mind")) },
  };
}
