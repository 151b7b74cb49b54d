import { isPid, type ProcessTable, probePid, systemProcesses } from "./liveness.ts";
import { readProcessStat } from "./process-stat.ts";

const EVERY_MS = 2_000;

/**
 * Calls `onGone`, at most once and never before returning, when the program that started this one is gone. A closed
 * stdin says the same, but not while some other process still holds the pipe open.
 */
export function watchParent(onGone: (why: string) => void, options: { everyMs?: number } = {}): { stop(): void } {
  const looks = [watchStarter(), watchClient(process.env.OUROBOROS_CLIENT_PID)];
  const first = setTimeout(look, 0);
  const rest = setInterval(look, options.everyMs ?? EVERY_MS);
  first.unref();
  rest.unref();
  return { stop };

  function look(): void {
    for (const find of looks) {
      const why = find();
      if (why === null) continue;
      stop();
      onGone(why);
      return;
    }
  }

  function stop(): void {
    clearTimeout(first);
    clearInterval(rest);
  }
}

/** Says why something is gone, or null while it is there. */
type Look = () => string | null;

function watchStarter(): Look {
  const parent = process.ppid;
  if (hadLostParent(parent)) return () => `adopted by process ${parent} before the first look`;
  return () => {
    // Asked of the system each time by Bun (compiled or not), Node and Deno; measured, as a cached one would be blind.
    const current = process.ppid;
    if (current !== parent) return `parent ${parent} ended`;
    // Windows adopts nobody: the number stays, and only looking for its owner tells.
    if (process.platform === "win32" && !systemProcesses.exists(parent)) return `parent ${parent} ended`;
    return null;
  };
}

/**
 * A process gets its session from its parent unless it leads one itself. Another session than the parent's therefore
 * means another parent than at birth: init or a subreaper took us over before we looked. (One in our own session, as a
 * container's init may be, goes unnoticed here; stdin has to tell.)
 */
function hadLostParent(parent: number): boolean {
  const own = readProcessStat(process.pid);
  const theirs = readProcessStat(parent);
  if (own === null || theirs === null || own.parent !== parent || own.session === process.pid) return false;
  // No number at all: its leader lives outside this container, or qemu stands in for the kernel and tells a program nothing of itself.
  if (own.session === 0) return false;
  return own.session !== theirs.session;
}

function watchClient(setting: string | undefined): Look {
  const pid = /^\d+$/.test(setting ?? "") ? Number(setting) : 0;
  if (!isPid(pid)) return () => null;
  // Only Linux answers more than "is it there" without starting a process, too dear for every look.
  const table: ProcessTable =
    process.platform === "linux"
      ? systemProcesses
      : { exists: systemProcesses.exists, startTicks: () => null, state: () => null };
  const startTicks = table.startTicks(pid);
  return () => {
    const found = probePid(pid, startTicks, table);
    return found.state === "dead" ? `client ${pid} ended: ${found.why}` : null;
  };
}
