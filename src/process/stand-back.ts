import { writeFileSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { isProcOurs } from "./start-ticks.ts";

/**
 * How far back each kind stands. Against whoever has set nothing, a worker has a third of the share and what it drives (agents,
 * checks) a tenth: others are served first, a worker has its say before its agents, and yet no work comes to a stand.
 */
const BACK = { worker: 5, agent: 10 } as const;

/** Has a process that was just started stand back for what its user is looking at; whatever it starts inherits that. */
export function standBack(pid: number, as: keyof typeof BACK): void {
  try {
    if (getPriority(pid) < BACK[as]) setPriority(pid, BACK[as]);
  } catch {
    // It has ended already, or the system does not let us: it works all the same.
  }
  standBackAsSession(pid);
}

/**
 * The same for a session that was started by somebody who stands back. Where Linux weighs sessions before it looks at their
 * processes (autogroup), it weighs each new one like any other, whatever its processes have inherited.
 */
export function standBackAsSession(pid: number, tries = 5): void {
  if (process.platform !== "linux" || !isProcOurs()) return;
  try {
    const priority = getPriority(pid);
    if (priority > 0) writeFileSync(`/proc/${pid}/autogroup`, String(priority));
  } catch (error) {
    // All users together, root excepted, are heard ten times a second. Any other failure: it has ended, or nothing is weighed here.
    const isTooOften = error instanceof Error && "code" in error && error.code === "EAGAIN";
    if (isTooOften && tries > 1) setTimeout(standBackAsSession, 100 + Math.random() * 100, pid, tries - 1).unref();
  }
}
