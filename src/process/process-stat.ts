import { readFileSync } from "node:fs";

export interface ProcessStat {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly startTicks: string;
}

/** What Linux says of a process in `/proc/<pid>/stat`, or null when it says nothing (gone, hidden, another system). */
export function readProcessStat(pid: number): ProcessStat | null {
  if (process.platform !== "linux") return null;
  try {
    // latin1, as the name between the brackets is any bytes its owner liked.
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return null; // No file to read is the answer "not known", which every caller has a rule for.
  }
}

/** Takes the fields after the last `)`: the name before it may hold spaces and brackets of its own. */
export function parseProcessStat(text: string): ProcessStat | null {
  const fields = text
    .slice(text.lastIndexOf(")") + 1)
    .trim()
    .split(/\s+/);
  const [state, parent, group, session] = fields;
  const threads = fields[17];
  const startTicks = fields[19];
  if (!state || !/^\d+$/.test(startTicks ?? "") || startTicks === undefined) return null;
  return {
    // A main thread may end before the others: the file then says Z of a process that still runs.
    state: state === "Z" && Number(threads) > 1 ? "S" : state,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTicks,
  };
}
