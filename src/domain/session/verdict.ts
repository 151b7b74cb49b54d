import { toTimestamp } from "../timestamp.ts";
import { isTerminal, type Session } from "./session.ts";

/** What is known about an owner's process: only `dead` is proof. */
export type OwnerState = "alive" | "dead" | "unknown";

/** The lease as it was read, times in the store's clock (seconds since 1970). */
interface LeaseFacts {
  readonly epoch: number;
  readonly purpose: "run" | "sweep";
  /** Missing when the owner let go of it. */
  readonly expires_at: number | null;
  readonly cancel_requested_by: string | null;
  readonly cancel_reason: string | null;
  readonly owner: { readonly state: OwnerState; readonly why: string; readonly pid: number | null };
}

/** Everything a verdict rests on. Times are microseconds, `now` is the store's clock. */
export interface SessionFacts {
  readonly session: Session;
  readonly lease: LeaseFacts | undefined;
  readonly lock: { readonly state: "absent" | "live" | "dead"; readonly why: string; readonly pid: number | null };
  /** The newest row in any of the session's scopes; `at` is missing when no time there could be read. */
  readonly newest: { readonly rowid: number; readonly at: number | undefined };
  readonly now: number;
  readonly thresholdMicros: number;
}

/** `policy` in words: follow the table, or do one thing with everything that is provably stale. */
export const ORPHAN_ACTIONS = ["default", "pause", "cancel", "report"] as const;
export type OrphanAction = (typeof ORPHAN_ACTIONS)[number];

export type Liveness = "live" | "stale" | "stuck" | "unknown" | "paused" | "ended";

/** What the clean-up concludes about one session, and on what grounds. */
export interface Verdict {
  readonly liveness: Liveness;
  /** What the sweep does: nothing, say so, or write a status. */
  readonly sweep: "none" | "report" | "pause" | "cancel";
  /** One sentence for a person. */
  readonly why: string;
  /** The name of the rule that decided, for programs and tests. */
  readonly rule: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** Judges one session by the verdict table: silence alone is never death, and only proof leads to a written status. */
export function judge(facts: SessionFacts, action: OrphanAction = "default"): Verdict {
  const ruling = rule(facts);
  return { ...ruling, sweep: withPolicy(facts, ruling.sweep, action), evidence: evidence(facts, ruling) };
}

type Ruling = Omit<Verdict, "evidence">;

function rule(facts: SessionFacts): Ruling {
  const { session, lease } = facts;
  if (isTerminal(session.status)) return ruling("ended", "none", "ended", `it is ${session.status}`);
  if (session.status === "paused") return ruling("paused", "none", "paused", "never judged by silence");
  if (lease?.purpose === "run" && lease.expires_at !== null) return leased(facts, lease, lease.expires_at);
  const isOurs = lease?.purpose === "run" && lease.cancel_requested_by === null;
  return unleased(facts, isOurs ? "pause" : "cancel");
}

function leased(facts: SessionFacts, lease: LeaseFacts, expiresAt: number): Ruling {
  const isOver = lease.owner.state === "dead" || expiresAt * 1e6 <= facts.now;
  // Python knows no leases: it may have taken over what a dead owner of ours left.
  if (isOver && facts.lock.state === "live") return pythonLock(facts.lock.why);
  if (lease.owner.state === "dead") {
    const sweep = lease.cancel_requested_by === null ? "pause" : "cancel";
    return ruling("stale", sweep, "owner_died", `its owner is dead: ${lease.owner.why}`);
  }
  if (expiresAt * 1e6 > facts.now) return ruling("live", "none", "lease_live", "its owner holds a live lease");
  const silent = `lease expired ${seconds(facts.now - expiresAt * 1e6)} ago`;
  if (lease.owner.state === "alive") {
    return ruling("stuck", "report", "owner_stuck", `${silent}, but its process still exists: ${lease.owner.why}`);
  }
  return ruling(
    "unknown",
    "report",
    "owner_unknown",
    `${silent}, and its process cannot be probed: ${lease.owner.why}`,
  );
}

function unleased({ lock, newest, now, thresholdMicros }: SessionFacts, sweep: "pause" | "cancel"): Ruling {
  if (lock.state === "live") return pythonLock(lock.why);
  if (newest.at === undefined)
    return ruling("unknown", "report", "no_readable_time", "no time of its rows can be read");
  const silent = now - newest.at;
  if (silent <= thresholdMicros) {
    const when = silent < 0 ? `${seconds(-silent)} in the future` : `${seconds(silent)} ago`;
    return ruling(
      "live",
      "none",
      "active",
      `last activity ${when}, within the threshold of ${seconds(thresholdMicros)}`,
    );
  }
  const lockWords = lock.state === "dead" ? `its Python lock is dead (${lock.why})` : "no Python lock";
  return ruling("stale", sweep, "silent", `no owner, ${lockWords}, no activity in any scope for ${seconds(silent)}`);
}

function pythonLock(why: string): Ruling {
  return ruling("live", "none", "python_lock", `a Python lock protects it: ${why}`);
}

function ruling(liveness: Liveness, sweep: Ruling["sweep"], name: string, why: string): Ruling {
  return { liveness, sweep, rule: name, why };
}

function withPolicy({ lease }: SessionFacts, sweep: Verdict["sweep"], action: OrphanAction): Verdict["sweep"] {
  if (action === "default" || sweep === "none" || sweep === "report") return sweep;
  // What a person asked for is no clean-up of ours to soften; no take-over succeeds over it either.
  if (action === "pause" && lease !== undefined && lease.cancel_requested_by !== null) return sweep;
  return action;
}

function evidence(facts: SessionFacts, { rule: name, why }: Ruling): Verdict["evidence"] {
  const { session, lease, lock, newest, now, thresholdMicros } = facts;
  return {
    rule: name,
    why,
    judged_at: toTimestamp(Math.floor(now)),
    previous_status: session.status,
    newest_rowid: newest.rowid,
    newest_at: newest.at === undefined ? null : toTimestamp(newest.at),
    silent_seconds: newest.at === undefined ? null : Math.round((now - newest.at) / 1e6),
    threshold_seconds: Math.round(thresholdMicros / 1e6),
    lock: { state: lock.state, why: lock.why, pid: lock.pid },
    lease: lease
      ? { epoch: lease.epoch, expires_at: lease.expires_at, owner: lease.owner.state, why: lease.owner.why }
      : null,
  };
}

function seconds(micros: number): string {
  const total = Math.round(micros / 1e6);
  if (total < 120) return `${total} s`;
  if (total < 7200) return `${Math.round(total / 60)} min`;
  return `${(total / 3600).toFixed(1)} h`;
}
