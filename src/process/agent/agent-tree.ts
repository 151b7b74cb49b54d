import { delay } from "../../base/delay.ts";
import { failpoint } from "../../base/failpoint.ts";
import { readCommandOutput } from "../command-output.ts";
import { isPid, probePid, systemProcesses } from "../liveness.ts";
import { isZombie, type ListedProcess, listProcesses } from "../process-list.ts";

/** By what an agent's processes are found: its leader, if it is known, and the marker each of them inherited. */
interface AgentRoot {
  readonly pid: number | null;
  readonly startTicks: string | null;
  readonly marker: string;
}

/** An agent and everything it started. Remembers whom it has recognised, so that whoever loses its parent stays found. */
export interface AgentTree {
  find(): Members;
  /** Sends the signal to everything that runs of it; returns to whom. */
  signal(signal: NodeJS.Signals): readonly number[];
}

interface Members {
  readonly running: readonly number[];
  /** How many of them are not suspended. */
  readonly moving: number;
  /** Members of a group with the leader's number that nothing proves to be the agent's; they are never signalled. */
  readonly unproven: number;
}

const PAUSE_MS = 25;

/**
 * The tree below one agent on this machine, in this boot and namespace. `ownChild`: this process started the leader
 * and it has only just been reaped, so its group is believed once without proof.
 */
export function agentTree(root: AgentRoot, options: { ownChild?: boolean } = {}): AgentTree {
  const known = new Map<number, string | null>();
  let believed = options.ownChild ?? false;
  let amInside = false;
  return { find, signal };

  function find(): Members {
    const listed = listProcesses(root.marker);
    return listed === null ? findLeader() : findListed(listed);
  }

  function signal(signal: NodeJS.Signals): readonly number[] {
    const { running } = find();
    for (const pid of running) send(pid, signal);
    return running;
  }

  function findListed(listed: readonly ListedProcess[]): Members {
    const leader = listed.find(({ pid }) => pid === root.pid);
    const ours = new Set<number>();
    for (const one of listed) if (isOurs(one)) ours.add(one.pid);
    // The system gives a number to nobody else while a group or session of that number has members.
    const groupIsOurs = listed.some((one) => ours.has(one.pid) && inGroup(one)) || (believed && leader === undefined);
    if (leader === undefined) believed = false;
    if (groupIsOurs) for (const one of listed) if (inGroup(one)) ours.add(one.pid);
    addDescendants(ours, listed);
    // Whoever asks may be part of it (an agent that cancels its own run): it does not end itself.
    ours.delete(process.pid);
    amInside = listed.some((one) => one.pid === process.pid && inGroup(one));

    const running: number[] = [];
    let moving = 0;
    let unproven = 0;
    for (const one of listed) {
      if (one.pid === process.pid) continue;
      if (ours.has(one.pid)) known.set(one.pid, one.startTicks);
      if (isZombie(one.state)) continue;
      if (ours.has(one.pid)) {
        running.push(one.pid);
        if (!/^[Tt]/.test(one.state)) moving++;
      } else if (leader === undefined && inGroup(one)) unproven++;
    }
    return { running, moving, unproven };
  }

  function isOurs(one: ListedProcess): boolean {
    if (one.marked) return true;
    if (one.startTicks === null) return false;
    return known.get(one.pid) === one.startTicks || (one.pid === root.pid && one.startTicks === root.startTicks);
  }

  function inGroup(one: ListedProcess): boolean {
    return one.group === root.pid || one.session === root.pid;
  }

  /** Where processes cannot be listed (Windows, a foreign /proc), all that can be known is the leader. */
  function findLeader(): Members {
    if (root.pid === null || !isPid(root.pid)) return { running: [], moving: 0, unproven: 0 };
    const { state, why } = probePid(root.pid, root.startTicks, systemProcesses);
    if (state === "dead") return { running: [], moving: 0, unproven: 0 };
    const proven = options.ownChild || why === "pid and start agree";
    return proven ? { running: [root.pid], moving: 0, unproven: 0 } : { running: [], moving: 0, unproven: 1 };
  }

  function send(pid: number, signal: NodeJS.Signals): void {
    if (process.platform === "win32") {
      // Written from the manual, not run yet. There is no suspending: what may not go on is ended.
      if (signal !== "SIGCONT") readCommandOutput("taskkill.exe", ["/PID", String(pid), "/T", "/F"]);
      return;
    }
    // The leader's group at one blow, so that nobody forks out of it between two signals.
    if (pid === root.pid && !amInside) kill(-pid, signal);
    kill(pid, signal);
  }
}

/**
 * Ends the tree: asked to, given the grace, then killed as often as it takes; without a grace it is not even woken.
 * `left`: something outlived the deadline; `unproven`: what is left may not be of this tree and was not touched.
 */
export async function endTree(
  tree: AgentTree,
  options: { graceMs: number; deadlineMs: number },
): Promise<"gone" | "left" | "unproven"> {
  const started = performance.now();
  const passed = (): number => performance.now() - started;
  if (options.graceMs > 0) {
    failpoint("agent-tree:terminate:before");
    tree.signal("SIGTERM");
    // Only then woken, should it be suspended: the first thing it sees is the request.
    if (process.platform !== "win32") tree.signal("SIGCONT");
    failpoint("agent-tree:terminate:after");
  }
  while (passed() < options.graceMs && tree.find().running.length > 0) await delay(PAUSE_MS);

  // A process is without environment for an instant while it becomes another program: once not found proves nothing.
  for (let missed = 0; missed < 2; ) {
    failpoint("agent-tree:kill:before");
    missed = tree.signal("SIGKILL").length === 0 ? missed + 1 : 0;
    failpoint("agent-tree:kill:after");
    if (passed() > options.graceMs + options.deadlineMs) return "left";
    await delay(PAUSE_MS);
  }
  return tree.find().unproven === 0 ? "gone" : "unproven";
}

function addDescendants(ours: Set<number>, listed: readonly ListedProcess[]): void {
  for (let before = -1; before !== ours.size; ) {
    before = ours.size;
    for (const { pid, parent } of listed) if (ours.has(parent)) ours.add(pid);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone meanwhile, or not ours to signal: the next look tells.
  }
}
