import { readdirSync, readFileSync } from "node:fs";
import { readCommandOutput } from "./command-output.ts";
import { readProcessStat } from "./process-stat.ts";
import { isProcOurs } from "./start-ticks.ts";

/** The environment variable by which everything an agent started is recognised, wherever it has moved. */
export const MARKER_VARIABLE = "OUROBOROS_AGENT_MARKER";

export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly state: string;
  readonly startTicks: string | null;
  /** Its environment carries the marker asked for. */
  readonly marked: boolean;
}

/** Every process this one may see, or null where the system does not say. */
export function listProcesses(marker: string): ListedProcess[] | null {
  if (process.platform === "linux") return isProcOurs() ? listLinux(marker) : null;
  if (process.platform === "darwin") return listMac(marker);
  return null;
}

/** Ended, and only waiting for its parent to notice. */
export function isZombie(state: string): boolean {
  return /^[ZXx]/.test(state);
}

function listLinux(marker: string): ListedProcess[] {
  const listed: ListedProcess[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readProcessStat(pid);
    if (stat !== null) listed.push({ pid, ...stat, marked: isMarked(pid, marker) });
  }
  return listed;
}

function isMarked(pid: number, marker: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}\0`.includes(`\0${MARKER_VARIABLE}=${marker}\0`);
  } catch {
    return false; // Somebody else's, or gone meanwhile.
  }
}

/** Written from the manual of macOS's ps (-E appends the environment of one's own processes); not run yet. */
function listMac(marker: string): ListedProcess[] | null {
  const output = readCommandOutput("/bin/ps", ["-A", "-E", "-ww", "-o", "pid=,ppid=,pgid=,stat=,lstart=,command="]);
  if (output === null) return null;
  const listed: ListedProcess[] = [];
  for (const line of output.split("\n")) {
    const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s(.*)$/.exec(line);
    if (found === null) continue;
    const [, pid, parent, group, state = "", start = "", command = ""] = found;
    listed.push({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: Number(group),
      state,
      startTicks: start.replace(/\s+/g, " "),
      marked: `${command} `.includes(` ${MARKER_VARIABLE}=${marker} `),
    });
  }
  return listed;
}
