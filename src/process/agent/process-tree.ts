import { delay } from "../../base/delay.ts";
import { failpoint } from "../../base/failpoint.ts";
import { readCommandOutput } from "../command-output.ts";
import type { ProcessIdentity } from "../identity.ts";
import { type Liveness, probe } from "../liveness.ts";
import { isZombie, type ListedProcess, listProcesses } from "../process-list.ts";
import { agentTree, endTree } from "./agent-tree.ts";

/** Names the process group of one agent on one machine and boot; recorded before the prompt is sent, so that whoever takes the session over can prove it gone. */
export interface AgentGroup {
  readonly machine: string | null;
  readonly boot: string | null;
  readonly pid_namespace: string | null;
  readonly pid: number;
  readonly start_ticks: string | null;
  readonly marker: string;
  readonly guard_pid: number;
  readonly guard_start_ticks: string | null;
}

/**
 * `gone`: proven, nothing of it runs. `elsewhere`: another machine or namespace, nothing was touched. `still_there`: it
 * outlived the deadline, or something has its number that nothing proves to be it.
 */
type EndOutcome = "gone" | "elsewhere" | "still_there";

const GRACE_MS = 2_000;
const DEADLINE_MS = 8_000;
const PAUSE_MS = 25;

/** Ends an agent some other process started, with everything that carries its marker, and only if it is that one. */
export async function endAgentGroup(
  group: AgentGroup,
  options: { graceMs?: number; deadlineMs?: number } = {},
): Promise<EndOutcome> {
  const leader = probe(identityOf(group, group.pid, group.start_ticks));
  const settled = settledBy(leader);
  if (settled !== null) return settled;
  const tree = agentTree({ pid: group.pid, startTicks: group.start_ticks, marker: group.marker });
  const { graceMs = GRACE_MS, deadlineMs = DEADLINE_MS } = options;
  if ((await endTree(tree, { graceMs, deadlineMs })) !== "gone") return "still_there";
  // A guard that was frozen has nothing left to do but to notice that.
  const guard = identityOf(group, group.guard_pid, group.guard_start_ticks);
  if (process.platform !== "win32" && isSurelyAlive(probe(guard))) send(guard.pid, "SIGCONT");
  return "gone";
}

/**
 * Ends one process, and its group if it leads one: asked to, then killed. It is not woken should it be suspended, as
 * it would go on with what it believed.
 */
export async function endProcess(
  identity: ProcessIdentity,
  options: { graceMs?: number; deadlineMs?: number } = {},
): Promise<EndOutcome> {
  const { graceMs = GRACE_MS, deadlineMs = DEADLINE_MS } = options;
  const { pid } = identity;
  const started = performance.now();
  let group: readonly ListedProcess[] = [];
  for (let asked = false; ; ) {
    const found = probe(identity);
    const settled = settledBy(found);
    if (settled !== null) return settled;
    // Whoever was seen in its group while it lived is known without it.
    const members = group.length > 0 || found.state !== "dead" ? membersOf(pid) : [];
    if (found.state !== "dead") group = members;
    const left = members.filter((one) => group.some((seen) => isSame(one, seen)));
    if (found.state === "dead" && left.length === 0) return "gone";
    const passed = performance.now() - started;
    if ((found.state !== "dead" && !isSurelyAlive(found)) || passed > graceMs + deadlineMs) return "still_there";

    // Who stands still cannot do as asked.
    const forced = found.state === "dead" || passed >= graceMs || /^[Tt]/.test(String(found.facts.found_state));
    failpoint("process-tree:end:before");
    if (forced) end(pid, left, "SIGKILL");
    else if (!asked) end(pid, left, "SIGTERM");
    failpoint("process-tree:end:after");
    asked = true;
    await delay(PAUSE_MS);
  }
}

function identityOf(group: AgentGroup, pid: number, start_ticks: string | null): ProcessIdentity {
  const { machine, boot, pid_namespace } = group;
  return { machine, boot, pid_namespace, pid, start_ticks };
}

/** What is known without looking for members: a dead leader alone says nothing about them. */
function settledBy(found: Liveness): EndOutcome | null {
  if (found.state === "unknown") return "elsewhere";
  return found.why === "another boot" ? "gone" : null;
}

function isSurelyAlive(found: Liveness): boolean {
  return found.why === "pid and start agree";
}

/** The running members of the group it leads; none where it leads none, or where that is not known. */
function membersOf(pid: number): readonly ListedProcess[] {
  const listed = listProcesses("") ?? [];
  return listed.filter((one) => one.group === pid && !isZombie(one.state));
}

function isSame(one: ListedProcess, other: ListedProcess): boolean {
  return one.pid === other.pid && one.startTicks === other.startTicks;
}

function end(pid: number, members: readonly ListedProcess[], signal: NodeJS.Signals): void {
  if (process.platform === "win32") {
    // Written from the manual, not run yet.
    readCommandOutput("taskkill.exe", ["/PID", String(pid), "/T", "/F"]);
    return;
  }
  const leads = members.some((one) => one.pid === pid);
  if (leads) send(-pid, signal);
  else if (members.length === 0) send(pid, signal);
  else for (const one of members) send(one.pid, signal);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone meanwhile, or not ours to signal: the next look tells.
  }
}
