import { join } from "node:path";
import { DEFAULT_RUN_SETTINGS, type RunSettings } from "../domain/run/run-settings.ts";
import { judge, type OrphanAction, type OwnerState, type Verdict } from "../domain/session/verdict.ts";
import type { MindSettings } from "../minds/choose-mind.ts";
import { createMinds, type Minds } from "../minds/minds.ts";
import { ownIdentity, type ProcessIdentity } from "../process/identity.ts";
import { probe } from "../process/liveness.ts";
import { type PythonLock, readPythonLock } from "../process/python-lock.ts";
import type { RuntimeSettings } from "../runtimes/runtime-settings.ts";
import type { Lease } from "../store/session/leases.ts";
import { readFacts, type StoredFacts } from "../store/session/session-facts.ts";
import type { Store } from "../store/store.ts";
import type { ConsentPolicy } from "../trust/consent-policy.ts";

/** How orphans are treated: after how much silence, and whether something else than the table says is done. */
export interface OrphanPolicy {
  readonly thresholdMicros: number;
  readonly action: OrphanAction;
}

/** What every use case on sessions needs: the store, this process, the Ouroboros home, the policy, the agents and the minds. */
export interface SessionContext {
  readonly store: Store;
  readonly identity: ProcessIdentity;
  /** Ouroboros' own folder, with upstream's seeds and locks in it. */
  readonly home: string;
  readonly locksFolder: string;
  readonly policy: OrphanPolicy;
  readonly runtimes: RuntimeSettings;
  readonly minds: Minds;
  readonly runSettings: RunSettings;
  /** Whether this user is asked before commands that others wrote are run. */
  readonly consent: ConsentPolicy;
  /** Programs that this user allows in a project's own settings beside the well-known build tools. */
  readonly allowedPrograms: readonly string[];
}

const NO_MINDS_CHOSEN: MindSettings = { roles: {}, backend: undefined, standIn: undefined, providers: {} };

const ASKS_FIRST = { consent: "ask", allowedPrograms: [] } as const;

/** The context of this process over an open store. */
export function createSessionContext(
  store: Store,
  home: string,
  policy: OrphanPolicy,
  runtimes: RuntimeSettings = { chosen: undefined, commands: {} },
  minds: Minds = createMinds(NO_MINDS_CHOSEN, runtimes, async () => new Map()),
  runSettings: RunSettings = DEFAULT_RUN_SETTINGS,
  { consent, allowedPrograms }: Pick<SessionContext, "consent" | "allowedPrograms"> = ASKS_FIRST,
): SessionContext {
  const locksFolder = join(home, "locks");
  const agreed = { consent, allowedPrograms };
  return { store, identity: ownIdentity(), home, locksFolder, policy, runtimes, minds, runSettings, ...agreed };
}

/** A session judged now: the facts as read, and what follows from them. */
export interface Judgement {
  readonly facts: StoredFacts;
  readonly lock: PythonLock;
  readonly verdict: Verdict;
}

/** Judges one session by what the store, its owner's process and upstream's lock say at this moment; undefined when it does not exist. */
export async function judgeSession(context: SessionContext, sessionId: string): Promise<Judgement | undefined> {
  const { store, locksFolder, policy, identity } = context;
  const facts = await readFacts(store, sessionId);
  if (!facts) return undefined;
  // Read after the store: a lock that Python takes meanwhile is seen, one it lets go of has left its last row before.
  const lock = readPythonLock(locksFolder, sessionId);
  const { session, lease, now, newestRowid, newestAt } = facts;
  const verdict = judge(
    {
      session,
      lease: lease && { ...leaseFacts(lease), owner: ownerState(lease, identity) },
      lock,
      newest: { rowid: newestRowid, at: newestAt },
      now,
      thresholdMicros: policy.thresholdMicros,
    },
    policy.action,
  );
  return { facts, lock, verdict };
}

function leaseFacts(lease: Lease) {
  return {
    epoch: lease.epoch,
    purpose: lease.purpose,
    expires_at: lease.expiresAt,
    cancel_requested_by: lease.cancelRequestedBy,
    cancel_reason: lease.cancelReason,
  };
}

/** What this machine can say about a lease's owner. */
export function ownerState(
  lease: Lease,
  identity: ProcessIdentity,
): { state: OwnerState; why: string; pid: number | null } {
  if (!lease.owner) return { state: "unknown", why: "the lease names no process", pid: null };
  const { state, why } = probe(lease.owner, identity);
  return { state, why, pid: lease.owner.pid };
}

/**
 * Does an owner that is not provably dead hold a live lease? Asked of sessions that have ended or paused, too: upstream
 * knows no leases and may have written that to a run that is alive.
 */
export function isHeld({ lease, now }: StoredFacts, identity: ProcessIdentity): boolean {
  if (lease?.purpose !== "run" || lease.expiresAt === null || lease.expiresAt * 1e6 <= now) return false;
  return ownerState(lease, identity).state !== "dead";
}
