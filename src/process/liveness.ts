import { readCommandOutput } from "./command-output.ts";
import { ownIdentity, type ProcessIdentity } from "./identity.ts";
import { readProcessStat } from "./process-stat.ts";
import { isProcOurs, readStartTicks } from "./start-ticks.ts";

/** A verdict on a recorded process; `dead` is only ever said with proof, `facts` is that proof. */
export type Liveness = {
  state: "alive" | "dead" | "unknown";
  why: string;
  facts: Record<string, string | number | null>;
};

/** What this machine knows of its processes by number; null is "unknown". */
export interface ProcessTable {
  exists(pid: number): boolean;
  startTicks(pid: number): string | null;
  state(pid: number): string | null;
}

/** The real process table of this machine. */
export const systemProcesses: ProcessTable = { exists, startTicks: readStartTicks, state: readState };

/** Judges whether the recorded process still runs, as far as this process can prove it. */
export function probe(
  recorded: ProcessIdentity,
  self: ProcessIdentity = ownIdentity(),
  system: ProcessTable = systemProcesses,
): Liveness {
  const facts = {
    pid: recorded.pid,
    recorded_machine: recorded.machine,
    own_machine: self.machine,
    recorded_boot: recorded.boot,
    own_boot: self.boot,
    recorded_pid_namespace: recorded.pid_namespace,
    own_pid_namespace: self.pid_namespace,
  };
  const unknown = (why: string): Liveness => ({ state: "unknown", why, facts });

  if (!recorded.machine || !self.machine) return unknown("unknown machine");
  if (recorded.machine !== self.machine) return unknown("another machine");
  if (!recorded.boot || !self.boot) return unknown("unknown boot");
  if (recorded.boot !== self.boot) return { state: "dead", why: "another boot", facts };
  if (!recorded.pid_namespace || !self.pid_namespace) return unknown("unknown pid namespace");
  if (recorded.pid_namespace !== self.pid_namespace) return unknown("another pid namespace");
  if (!isPid(recorded.pid)) return unknown("not a pid");

  const found = probePid(recorded.pid, recorded.start_ticks, system);
  return { ...found, facts: { ...facts, ...found.facts } };
}

/** Judges a pid known to be of this machine, boot and namespace: `alive` or `dead`, never `unknown`. */
export function probePid(pid: number, startTicks: string | null, system: ProcessTable): Liveness {
  if (!system.exists(pid)) return { state: "dead", why: "pid not there", facts: { pid } };
  // Nothing to compare with: do not ask, as the answer costs a process on some systems.
  const foundTicks = startTicks === null ? null : system.startTicks(pid);
  const foundState = system.state(pid);
  const facts = { pid, recorded_start_ticks: startTicks, found_start_ticks: foundTicks, found_state: foundState };
  if (startTicks !== null && foundTicks !== null && startTicks !== foundTicks)
    return { state: "dead", why: "pid reused", facts };
  if (foundState !== null && /^[ZXx]/.test(foundState))
    return { state: "dead", why: "ended but not yet reaped", facts };
  if (startTicks === null || foundTicks === null) return { state: "alive", why: "pid there, start unknown", facts };
  return { state: "alive", why: "pid and start agree", facts };
}

/** Whether a number can name one process; 0 and below name groups, and what is too long is cut short by some systems. */
export function isPid(pid: number): boolean {
  return Number.isInteger(pid) && pid > 0 && pid <= 0x7fff_ffff;
}

function exists(pid: number): boolean {
  try {
    // Signal 0 only looks; on Windows the runtime opens the process and asks for its exit code.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM is somebody else's process, and what we do not understand proves no death.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

function readState(pid: number): string | null {
  if (process.platform === "linux") return isProcOurs() ? (readProcessStat(pid)?.state ?? null) : null;
  if (process.platform === "darwin") return readCommandOutput("/bin/ps", ["-o", "stat=", "-p", String(pid)]);
  return null; // Windows keeps no zombies under their number.
}
