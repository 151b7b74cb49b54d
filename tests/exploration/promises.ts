import {
  isReopenable,
  isTerminal,
  SESSION_CANCELLED,
  SESSION_CLAIMED,
  SESSION_COMPLETED,
  SESSION_FAILED,
  SESSION_PAUSED,
  SESSION_REOPENED,
  SESSION_STARTED,
} from "../../src/domain/session/session.ts";
import { identityOf, PERSON, pidOf, SESSION, STRANDS, WORKERS } from "./cast.ts";
import { type Content, type EventRow, foldOf, type Row, storedEvent } from "./content.ts";
import type { State, Step } from "./state.ts";

const PROMISES = [
  "never two owners",
  "a live owner is never cancelled",
  "an answered resume is never undone by a sweep",
  "a person's cancellation is never undone",
  "every acknowledged event is there once",
  "a verdict still holds when it is written",
  "a conclusion is written whole or not at all",
  "a session's times rise with its rows",
  "the projection is the fold",
  "no operation fails",
] as const;
export type Promised = (typeof PROMISES)[number];

export interface Broken {
  readonly promise: Promised;
  readonly how: string;
}

const STATUS_TYPES: readonly string[] = [
  SESSION_STARTED,
  SESSION_PAUSED,
  SESSION_COMPLETED,
  SESSION_FAILED,
  SESSION_CANCELLED,
  SESSION_REOPENED,
  SESSION_CLAIMED,
];
const CLEAN_UPS = ["sweep", "round", "undo"];

/** Judges one step by what stood in the store before and after it; undefined when every promise is kept. */
export function judgeStep(before: State, after: State, step: Step): Broken | undefined {
  if (step.thrown !== undefined && !isLostReply(step.thrown)) {
    return broken("no operation fails", `${step.operation} threw ${String(step.thrown)}`);
  }
  if (before.content !== after.content) {
    const rows = after.content.events.slice(before.content.events.length);
    const found =
      takeOverBreaks(before, after, step, rows) ??
      rowsBreak(before, step, rows) ??
      leaseBreaks(before, after, step) ??
      twice(after.content, rows) ??
      projectionBreaks(after.content);
    if (found) return found;
  }
  return answerBreaks(before, after, step);
}

/** The lease of the session or of the sweeper's seat has a new holder. */
function takeOverBreaks(before: State, after: State, step: Step, rows: readonly EventRow[]): Broken | undefined {
  for (const lease of after.content.leases) {
    const old = before.content.leases.find((one) => one.session_id === lease.session_id);
    if (old?.owner_id === lease.owner_id) continue;
    const known = Math.max(Number(old?.epoch ?? 0), lease.session_id === SESSION ? highestEpoch(before.content) : 0);
    if (Number(lease.epoch) <= known) {
      return broken("never two owners", `epoch ${lease.epoch} was given out again (${known} was known)`);
    }
    if (step.operation === "cancel" && lease.purpose === "run") {
      // By force, after the owner was asked in vain: the end is written once its process is gone.
      if (!old || old.cancel_requested_at !== null) continue;
      return broken("a live owner is never cancelled", "an owner was fenced without having been asked");
    }
    if (old && isHeldByLiving(old, before)) {
      const isOver = Number(old.expires_at) * 1000 <= before.latestMs;
      const why = `the process of epoch ${old.epoch} is alive, and lost its lease to: ${step.operation}`;
      if (!isOver)
        return broken(
          step.operation === "resume" || step.operation === "elect"
            ? "never two owners"
            : "a live owner is never cancelled",
          why,
        );
      if (CLEAN_UPS.includes(step.operation)) return broken("a live owner is never cancelled", why);
      if (!sawLease(step, old)) return broken("never two owners", `${why}, which had not seen its renewal`);
    }
    if (lease.session_id !== SESSION) continue;
    const event = rows.find((row) => STATUS_TYPES.includes(row.event_type));
    if (!event || storedEvent(event).payload.epoch !== lease.epoch) {
      return broken("a conclusion is written whole or not at all", `the lease moved without its event`);
    }
  }
  return undefined;
}

function rowsBreak(before: State, step: Step, rows: readonly EventRow[]): Broken | undefined {
  if (step.strand === undefined) return undefined;
  const strand = STRANDS[step.strand];
  const status = rows.filter((row) => row.aggregate_type === "session" && STATUS_TYPES.includes(row.event_type));
  const isWork = strand?.role === "work" || strand?.role === "watch";
  if (isWork && rows.length > 0) {
    const term = before.workers[strand.worker]?.term;
    const lease = leaseOf(before.content);
    if (lease?.owner_id !== term?.ownerId || lease?.epoch !== term?.epoch) {
      return broken("never two owners", `${strand.name} wrote a row after it was fenced`);
    }
  }
  const extra = rows.filter((row) => row.event_type === "execution.terminal" || row.aggregate_type === "job");
  if (extra.length > 0 && status.length === 0) {
    return broken("a conclusion is written whole or not at all", `${extra[0]?.event_type} without its session's event`);
  }
  const ended = rows.find((row) => isEndOfItsKind(row) && before.content.events.some((one) => isSameEnd(one, row)));
  if (ended) return broken("every acknowledged event is there once", `${ended.aggregate_id} has ended already`);
  for (const row of status) {
    const found = statusRowBreaks(before, step, row) ?? timeBreaks(before, row);
    if (found) return found;
  }
  const noted = rows.find((row) => row.event_type === "orchestrator.note.taken");
  if (noted && storedEvent(noted).payload.top !== topOf(before.content)) {
    return broken("a verdict still holds when it is written", "a row expected to follow one that was not the newest");
  }
  return undefined;
}

function statusRowBreaks(before: State, step: Step, row: EventRow): Broken | undefined {
  const { payload } = storedEvent(row);
  const session = foldOf(before.content);
  const isSweep = CLEAN_UPS.includes(step.operation) && row.event_type !== SESSION_REOPENED;
  const isPersons = row.event_type === SESSION_CANCELLED && payload.cancelled_by === PERSON;
  if (before.memory.final !== undefined) {
    return broken("a person's cancellation is never undone", `${row.event_type} after it was carried out`);
  }
  const lease = leaseOf(before.content);
  const isAsked = before.memory.asked || (lease?.cancel_requested_at ?? null) !== null;
  const mayFollow = isPersons || (row.event_type === SESSION_REOPENED && payload.by === "owner");
  if (isAsked && !mayFollow)
    return broken("a person's cancellation is never undone", `${row.event_type} over the request`);
  if (isSweep && !isPersons) {
    const { owner } = before.memory;
    if (owner && !before.dead.includes(owner.pid)) {
      return broken("an answered resume is never undone by a sweep", `${row.event_type} by a ${step.operation}`);
    }
  }
  if (row.event_type === SESSION_REOPENED) {
    if (session && isReopenable(session) && payload.reopens === session.status_event_id) return undefined;
    return broken("a verdict still holds when it is written", "a reopening of what does not stand");
  }
  if (session && isTerminal(session.status)) {
    return broken(
      "a verdict still holds when it is written",
      `${row.event_type} after the session was ${session.status}`,
    );
  }
  if (isSweep && session?.status !== "running") {
    return broken(
      "a verdict still holds when it is written",
      `a ${step.operation} of a session that is ${session?.status}`,
    );
  }
  const evidence = payload.evidence;
  const seen = typeof evidence === "object" && evidence !== null && "newest_rowid" in evidence && evidence.newest_rowid;
  if (isSweep && seen !== newestOf(before.content)) {
    return broken("a verdict still holds when it is written", "somebody has written since the facts were read");
  }
  return undefined;
}

function timeBreaks(before: State, row: EventRow): Broken | undefined {
  const session = foldOf(before.content);
  // Upstream folds by time: a row of ours that is dated before the one it answers would never count there.
  if (session && row.timestamp <= session.status_at) {
    const than = `the ${session.status} of ${session.status_at}`;
    return broken("a session's times rise with its rows", `${row.event_type} of ${row.timestamp} after ${than}`);
  }
  return undefined;
}

function isEndOfItsKind(row: EventRow): boolean {
  if (row.event_type === "execution.terminal") return storedEvent(row).payload.status !== "paused";
  return /^mcp\.job\.(completed|failed|cancelled|interrupted)$/.test(row.event_type);
}

function isSameEnd(one: EventRow, other: EventRow): boolean {
  return isEndOfItsKind(one) && one.aggregate_type === other.aggregate_type && one.aggregate_id === other.aggregate_id;
}

/** A lease that kept its holder. */
function leaseBreaks(before: State, after: State, step: Step): Broken | undefined {
  for (const lease of after.content.leases) {
    const old = before.content.leases.find((one) => one.session_id === lease.session_id);
    if (!old || old.owner_id !== lease.owner_id) continue;
    const term = `${lease.session_id}.${lease.epoch}.${lease.owner_id}`;
    if (lease.expires_at !== null && after.memory.released.includes(term)) {
      return broken("never two owners", `the term of epoch ${lease.epoch} was let go of, and is held again`);
    }
    const isLetGo = old.expires_at !== null && lease.expires_at === null && lease.session_id === SESSION;
    const session = foldOf(after.content);
    if (isLetGo && session?.status === "running") {
      return broken(
        "a conclusion is written whole or not at all",
        "its owner let go of a session that goes on running",
      );
    }
    if (old.expires_at !== lease.expires_at && !isHolders(lease, step)) {
      return broken(
        "never two owners",
        `${step.operation} touched the lease of another owner, of epoch ${lease.epoch}`,
      );
    }
    if (
      old.cancel_requested_at !== lease.cancel_requested_at &&
      step.operation === "cancel" &&
      seenLease(step)?.epoch !== lease.epoch
    ) {
      return broken(
        "a verdict still holds when it is written",
        `a request reached epoch ${lease.epoch}, which it had not seen`,
      );
    }
    if (old.cancel_requested_at !== null && lease.cancel_requested_at === null) {
      return broken("a person's cancellation is never undone", "its request is gone");
    }
  }
  return undefined;
}

/** Did the one who took this step take this lease itself? Ids of owners carry who made them. */
function isHolders(lease: Row, step: Step): boolean {
  if (step.strand === undefined) return true;
  const strand = STRANDS[step.strand];
  return (
    lease.pid === pidOf(strand?.process ?? "") &&
    (step.operation !== "elect" || String(lease.owner_id).startsWith(step.tag))
  );
}

/** Was this the lease that the operation saw last, with this expiry? */
function sawLease(step: Step, lease: Row): boolean {
  const seen = seenLease(step);
  return seen?.owner_id === lease.owner_id && seen?.epoch === lease.epoch && seen?.expires_at === lease.expires_at;
}

function seenLease({ answers }: Step): Row | undefined {
  return answers
    .flatMap(({ rows }) => rows ?? [])
    .flatMap(({ rows }) => rows)
    .filter((row) => "owner_id" in row)
    .at(-1);
}

function twice(content: Content, rows: readonly EventRow[]): Broken | undefined {
  const same = (one: EventRow, other: EventRow) =>
    one.aggregate_id === other.aggregate_id &&
    one.event_type === other.event_type &&
    one.payload === other.payload &&
    one.timestamp === other.timestamp;
  const doubled = rows.find((row) =>
    content.events.some((one) => one !== row && one.rowid !== row.rowid && same(one, row)),
  );
  return doubled && broken("every acknowledged event is there once", `${doubled.event_type} stands there twice`);
}

/** A row of the projection is the fold up to where it says, and nothing before the watermark is missing. */
function projectionBreaks(content: Content): Broken | undefined {
  for (const row of content.sessions) {
    const folded = foldOf(content, Number(row.folded_rowid));
    const wrong =
      folded &&
      Object.entries(folded).find(([name, value]) => plain(value) !== plain(row[name]) && name !== "folded_rowid");
    if (!folded || wrong) {
      return broken(
        "the projection is the fold",
        `its ${wrong?.[0] ?? "row"} is ${plain(row[wrong?.[0] ?? ""])}, not ${plain(wrong?.[1])}`,
      );
    }
  }
  const watermark = Number.parseInt(content.watermark, 10);
  const missing = content.events.find(
    (row) =>
      row.rowid <= watermark &&
      row.aggregate_type === "session" &&
      STATUS_TYPES.includes(row.event_type) &&
      row.rowid > Number(content.sessions[0]?.folded_rowid ?? 0),
  );
  return missing && broken("the projection is the fold", `row ${missing.rowid} is before the watermark and not folded`);
}

function plain(value: unknown): unknown {
  return typeof value === "boolean" ? Number(value) : (value ?? null);
}

/** What the operation told whoever asked for it, against what is in the store. */
/** The claim of a session that has ended is the row that voids its end. */
function isClaim(row: EventRow): boolean {
  return row.event_type === SESSION_REOPENED && storedEvent(row).payload.claimed_at !== undefined;
}

function answerBreaks(before: State, after: State, step: Step): Broken | undefined {
  const { report, operation, tag } = step;
  if (!report || step.strand === undefined) return undefined;
  const strand = STRANDS[step.strand];
  const mine = after.content.events.filter((row) => row.id.startsWith(`${tag}.`) || row.id === `row-${tag}`);
  const status = mine
    .filter((row) => STATUS_TYPES.includes(row.event_type))
    .map((row) => (isClaim(row) ? SESSION_CLAIMED : row.event_type))
    .filter((type) => type !== SESSION_REOPENED || operation === "undo");
  const isOwners = strand?.role === "work" || strand?.role === "watch";
  if (operation === "cancel" && report.outcome === "cancelled" && after.memory.final === undefined) {
    return broken(
      "a person's cancellation is never undone",
      "the person was told it is cancelled, and what stands can be taken back",
    );
  }
  if (!isOwners && operation !== "cancel" && before.late?.tag !== tag && status.join() !== report.wrote.join()) {
    return broken(
      "every acknowledged event is there once",
      `${operation} said ${report.outcome}, and wrote ${status.join() || "nothing"}`,
    );
  }
  if (operation === "append" || operation === "note") {
    const isThere = mine.length === 1;
    if ((report.outcome === "written") !== isThere && !(before.late?.tag === tag && !isThere)) {
      return broken(
        "every acknowledged event is there once",
        `an append said ${report.outcome}, and its row is ${isThere ? "" : "not "}there`,
      );
    }
  }
  // Without its lease row nobody can know of an owner; and who is fenced before it is answered does not begin.
  const isCurrent = report.term !== undefined && leaseOf(after.content)?.owner_id === report.term.ownerId;
  if (isCurrent && strand?.role === "server" && !after.used["the lease row is lost"]) {
    const left = WORKERS.find(
      (name, at) =>
        at !== strand.worker && after.workers[at]?.standing === "owner" && isSeenBy(strand.process, name, after),
    );
    if (left) return broken("never two owners", `a resume was answered while ${left} is still alive and at work`);
  }
  const { term } = (isOwners && before.workers[strand.worker]) || {};
  if (operation === "watch" && report.outcome === "kept" && term && lastRenewed(step)) {
    // Between its renewal and its end it may have been fenced; but what the watch read last was its own lease.
    if (!sawOwn(step, term.ownerId)) return broken("never two owners", "a watch kept what is not its own");
  }
  return undefined;
}

/** A living process that the other one could have ended. */
function isSeenBy(one: string, other: string, { dead, apart }: State): boolean {
  const space = (name: string) => identityOf(name, apart).pid_namespace;
  return !dead.includes(pidOf(other)) && space(one) === space(other);
}

/** It has renewed its lease, and nothing went wrong after that: a watch that meets trouble looks again in its next tick. */
function lastRenewed({ answers }: Step): boolean {
  return answers[0]?.rows?.[0]?.rowsAffected === 1 && answers.every(({ rows }) => rows !== undefined);
}

function sawOwn({ answers }: Step, ownerId: string): boolean {
  const rows = answers.flatMap(({ rows }) => rows ?? []).flatMap(({ rows }) => rows);
  return rows.filter((row) => "owner_id" in row).at(-1)?.owner_id === ownerId;
}

function isHeldByLiving(lease: Row, { dead }: State): boolean {
  return lease.purpose === "run" && lease.expires_at !== null && !dead.includes(Number(lease.pid));
}

export function leaseOf(content: Content): Row | undefined {
  return content.leases.find((lease) => lease.session_id === SESSION);
}

function highestEpoch(content: Content): number {
  const epochs = content.events
    .filter((row) => STATUS_TYPES.includes(row.event_type))
    .map((row) => Number(storedEvent(row).payload.epoch ?? 0));
  return Math.max(0, ...epochs);
}

function topOf({ events }: Content): number {
  return events.findLast((row) => row.aggregate_type === "session" && row.aggregate_id === SESSION)?.rowid ?? 0;
}

/** The newest row in any scope of the session, by what its id says and not by the program's conditions. */
function newestOf({ events }: Content): number {
  return events.findLast((row) => isInScope(row))?.rowid ?? 0;
}

function isInScope({ aggregate_type, aggregate_id }: EventRow): boolean {
  if (aggregate_type === "session") return aggregate_id === SESSION;
  if (aggregate_type !== "execution") return false;
  return aggregate_id === SESSION || /^exec_1($|[_:])/.test(aggregate_id);
}

function isLostReply(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "store_unreachable";
}

function broken(promise: Promised, how: string): Broken {
  return { promise, how };
}
