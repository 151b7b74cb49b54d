import type { StoredEvent } from "../../../src/domain/event.ts";
import {
  AUTO_CLEANUP,
  LIFECYCLE_TYPES,
  SESSION_CANCELLED,
  SESSION_CLAIMED,
  SESSION_COMPLETED,
  SESSION_PAUSED,
  SESSION_REOPENED,
  type Session,
} from "../../../src/domain/session/session.ts";
import type { Lease } from "../../../src/store/session/leases.ts";
import type { Told } from "./race-parts.ts";

const STATUS_OF: Readonly<Record<string, string>> = {
  [SESSION_PAUSED]: "paused",
  [SESSION_COMPLETED]: "completed",
  [SESSION_CANCELLED]: "cancelled",
};

type Claim = Extract<Told, { epoch: number }>;

/** Everything in which what the racers were told and what the store says of one race contradict each other. */
export function faultsOf(race: {
  readonly told: readonly Told[];
  /** The rows of the session's own stream since the race began, in commit order. */
  readonly rows: readonly StoredEvent[];
  /** The rows of its execution and of that one's steps since the race began. */
  readonly executionRows: readonly StoredEvent[];
  readonly session: Session;
  /** Who had asked for the run's end before the race. */
  readonly askedBy: string | undefined;
  readonly lease: Lease | undefined;
}): string[] {
  const { told, session, lease, executionRows } = race;
  const rows = race.rows.filter(({ event_type }) => LIFECYCLE_TYPES.includes(event_type));
  const faults: string[] = [];
  const claims = told.filter((one): one is Claim => one.role === "claim" && "epoch" in one);
  for (const { outcome } of told.filter(({ role }) => role === "failed")) faults.push(`somebody failed: ${outcome}`);
  checkEpochs();
  checkClaims();
  for (const claim of claims) checkTerm(claim);
  for (const one of told) if (one.role === "sweep") checkSweep(one);
  checkUndos();
  checkCancels();
  return faults;

  function checkEpochs(): void {
    rows.forEach((row, at) => {
      const before = rows[at - 1];
      const [epoch, last] = [Number(row.payload.epoch), before ? Number(before.payload.epoch) : 0];
      const isOwnEnd = before !== undefined && isClaim(before) && epoch === last && !isClaim(row);
      if (!(epoch > last) && !isOwnEnd) faults.push(`${row.event_type} has epoch ${epoch} after ${last}`);
    });
  }

  function checkClaims(): void {
    const stored = rows.filter(isClaim);
    const words = (one: { epoch: unknown; job: unknown }) => `epoch ${one.epoch} for ${one.job}`;
    const inStore = stored.map(({ payload }) => words({ epoch: payload.epoch, job: payload.job_id })).sort();
    const acknowledged = claims.map(({ epoch, jobId }) => words({ epoch, job: jobId })).sort();
    if (String(inStore) !== String(acknowledged)) faults.push(`claims: told ${acknowledged}, stored ${inStore}`);
  }

  /** From its claim to its end a session is its owner's alone. */
  function checkTerm({ epoch, written, eventIds, ended }: Claim): void {
    if (written !== "written") faults.push(`the owner of epoch ${epoch} could not write: ${written}`);
    if (!eventIds.every((id) => executionRows.some((row) => row.id === id)))
      faults.push(`rows of the owner of epoch ${epoch} are lost`);
    const next = rows[rows.findIndex((row) => isClaim(row) && row.payload.epoch === epoch) + 1];
    if (ended === undefined) {
      if (next) faults.push(`${next.event_type} took the session from the owner of epoch ${epoch}`);
      if (lease?.epoch !== epoch || lease.expiresAt === null) faults.push(`the owner of epoch ${epoch} has no lease`);
    } else if (next?.payload.epoch !== epoch || STATUS_OF[next.event_type] !== ended) {
      faults.push(`the owner of epoch ${epoch} was told ${ended}, and then came ${next?.event_type}`);
    }
  }

  function checkSweep({ outcome, batchId }: Extract<Told, { role: "sweep" }>): void {
    const written = rows.filter(({ payload }) => payload.batch_id === batchId);
    const statuses = written.map((row) => STATUS_OF[row.event_type]);
    const expected = outcome === "cancelled" || outcome === "paused" ? [outcome] : [];
    if (String(statuses) !== String(expected)) faults.push(`a sweep was told ${outcome} and wrote ${statuses}`);
    for (const row of written) {
      const { cancelled_by } = row.payload;
      if (race.askedBy !== undefined && cancelled_by !== race.askedBy) {
        faults.push(`a sweep carried out what ${race.askedBy} had asked for in the name of ${cancelled_by}`);
      }
      const seen = Number((row.payload.evidence as { newest_rowid?: unknown } | undefined)?.newest_rowid);
      const missed = [...race.rows, ...executionRows].filter(({ rowid }) => !(rowid <= seen) && rowid < row.rowid);
      for (const { event_type } of missed) faults.push(`a sweep has not seen ${event_type} and wrote ${statuses}`);
    }
  }

  function checkUndos(): void {
    const reopened = rows.filter(({ event_type }) => event_type === SESSION_REOPENED);
    const restored = told.filter(({ role, outcome }) => role === "undo" && outcome === "restored");
    if (restored.length > reopened.length) faults.push(`${restored.length} undos for ${reopened.length} rows`);
    const terminals = reopened.map(({ payload }) => payload.reopens);
    if (new Set(terminals).size !== terminals.length) faults.push("one end was taken back twice");
  }

  /** Whoever was told that it is cancelled may rely on it: it is for ever. */
  function checkCancels(): void {
    if (!told.some(({ role, outcome }) => role === "cancel" && outcome === "cancelled")) return;
    if (session.status !== "cancelled") faults.push(`a person was told "cancelled", and it is ${session.status}`);
    if (session.status_by === AUTO_CLEANUP) {
      faults.push('a person was told "cancelled", and it is a clean-up\'s cancellation, which can be undone');
    }
  }
}

/** The claim of a session that has ended is the row that voids its end. */
function isClaim({ event_type, payload }: StoredEvent): boolean {
  return event_type === SESSION_CLAIMED || (event_type === SESSION_REOPENED && payload.claimed_at !== undefined);
}
