import { type AgentGroup, endAgentGroup, endProcess } from "../../process/agent/process-tree.ts";
import type { Lease } from "../../store/session/leases.ts";
import { readOpenAgents } from "../../store/session/run-records.ts";
import type { SessionContext } from "../session-context.ts";

/** What is left of an owner that was fenced, and of its agents. */
export interface Remains {
  /** Everything is provably gone. */
  readonly gone: boolean;
  readonly why: string;
}

/**
 * Ends the process of a fenced owner and every agent it has recorded, on this machine and verified by start ticks.
 * Fencing the store does not fence files: nobody else may work there before this has come back.
 */
export async function endOldOwner(
  { store, identity }: SessionContext,
  executionId: string | null,
  lease: Lease | undefined,
): Promise<Remains> {
  // One that let go of its lease in order is done; its process may be at work on something else by now.
  const owner = lease?.purpose === "run" && lease.expiresAt !== null ? lease.owner : undefined;
  // An owner in this very process is a test's, or a term of our own that ended: never signalled.
  const isSelf = owner?.pid === identity.pid && owner.start_ticks === identity.start_ticks;
  const process = owner && !isSelf ? await endProcess(owner, { graceMs: 0 }) : "gone";
  const agents = executionId === null ? [] : await readOpenAgents(store, executionId);
  const ends = await Promise.all(agents.map(async (group) => ({ group, end: await endAgentGroup(group) })));
  const left = ends.filter(({ end }) => end === "still_there").map(({ group }) => group);
  if (process === "still_there" || left.length > 0) return { gone: false, why: words(process, left) };
  return { gone: true, why: "its old owner and agents are gone" };
}

function words(process: string, left: readonly AgentGroup[]): string {
  const owner = process === "still_there" ? ["its old owner does not end"] : [];
  return [...owner, ...left.map(({ pid }) => `the agents in process group ${pid} do not end`)].join("; ");
}
