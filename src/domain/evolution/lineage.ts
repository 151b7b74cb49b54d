import * as v from "valibot";
import type { StoredEvent } from "../event.ts";
import type { Spent } from "../run/ceiling.ts";
import type { Stagnation } from "../run/stagnation.ts";
import { type Generation, sumSpent, type Turn } from "./generation.ts";
import { toldOfGeneration } from "./generation-rows.ts";
import * as events from "./lineage-events.ts";
import { isStopReason, type LineageStatus, type StopReason } from "./stop-reasons.ts";

/** Generations that were given up for an earlier one. Their work stays where it is, and what they took stays spent. */
export interface Rewind {
  readonly from: number;
  readonly to: number;
  readonly discarded: readonly Generation[];
  readonly at: string;
}

/** A lineage as its events tell it. */
export interface Lineage {
  readonly lineage_id: string;
  readonly goal: string;
  readonly status: LineageStatus;
  /** Why it is over; null while it is not. */
  readonly ending: {
    readonly code: StopReason;
    readonly message: string;
    readonly pattern: Stagnation | null;
  } | null;
  /** False while it evolves a specification on paper. */
  readonly executes: boolean;
  readonly forked_from: { readonly lineage_id: string; readonly generation: number } | null;
  /** In rising order; the last is the one that is worked on. */
  readonly generations: readonly Generation[];
  readonly rewinds: readonly Rewind[];
  /** Somebody has decided about everything up to this generation: only what comes after it is judged. */
  readonly settled: number;
  /** The session that has it go on by itself, or did so last; null where nobody ever has. */
  readonly conductor: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  /** Rows of known types that say something else than they should, or that come too late. */
  readonly unread_rows: number;
  readonly newest_rowid: number;
}

type Changes = Partial<Lineage>;

/** Folds one row of a lineage's stream; undefined until the row that creates it. Rows folded already change nothing. */
export function evolveLineage(lineage: Lineage | undefined, event: StoredEvent): Lineage | undefined {
  if (!lineage) return event.event_type === events.LINEAGE_CREATED ? created(event) : undefined;
  if (event.rowid <= lineage.newest_rowid) return lineage;
  const changes = changesBy(lineage, event) ?? { unread_rows: lineage.unread_rows + 1 };
  return { ...lineage, ...changes, newest_rowid: event.rowid, updated_at: event.timestamp };
}

/** The generations that were finished, oldest first. */
export function completedGenerations({ generations }: Lineage): readonly Generation[] {
  return generations.filter(({ phase }) => phase === "completed");
}

/** What all generations took, also those that were discarded. */
export function spentByLineage({ generations, rewinds }: Lineage): Spent {
  const all = [...generations, ...rewinds.flatMap(({ discarded }) => discarded)];
  return sumSpent(all.map(({ spent }) => spent));
}

function created(event: StoredEvent): Lineage {
  const parsed = v.safeParse(events.CreatedPayload, event.payload);
  const { goal, execute, forked_from } = parsed.success
    ? parsed.output
    : { goal: "", execute: null, forked_from: null };
  return {
    lineage_id: event.aggregate_id,
    goal,
    status: "active",
    ending: null,
    executes: execute ?? true,
    forked_from,
    generations: [],
    rewinds: [],
    settled: 0,
    conductor: null,
    created_at: event.timestamp,
    updated_at: event.timestamp,
    unread_rows: 0,
    newest_rowid: event.rowid,
  };
}

/** What a row changes; undefined when it is one of ours and cannot be taken for what it says. */
function changesBy(lineage: Lineage, event: StoredEvent): Changes | undefined {
  const { event_type, payload } = event;
  switch (event_type) {
    case events.LINEAGE_CREATED:
      return undefined;
    case events.GENERATION_STARTED:
    case events.PHASE_CHANGED:
    case events.GENERATION_COMPLETED:
    case events.GENERATION_FAILED:
    case events.GENERATION_INTERRUPTED:
    case events.WONDER_DEGRADED:
      return lineage.status === "active" ? toldOfGeneration(lineage, event) : undefined;
    case events.LINEAGE_CONVERGED:
      return ended(lineage, payload, "converged", "upstream_converged");
    case events.LINEAGE_EXHAUSTED:
      return ended(lineage, payload, "exhausted", "upstream_exhausted");
    case events.LINEAGE_STAGNATED:
      return ended(lineage, payload, "stagnated", "upstream_stagnated");
    case events.ONTOLOGY_STABLE:
      return ended(lineage, payload, "ontology_stable", "ontology_stable");
    case events.LINEAGE_STOPPED:
      return ended(lineage, payload, "stopped", undefined);
    case events.LINEAGE_ABORTED:
      return ended(lineage, payload, "aborted", "aborted");
    case events.LINEAGE_REWOUND:
      return parsedBy(events.RewoundPayload, payload, (said) => rewound(lineage, said.to_generation, event));
    case events.LINEAGE_REOPENED:
      return parsedBy(events.ReopenedPayload, payload, (said) => reopened(lineage, said));
    case events.LATERAL_TAKEN:
      return parsedBy(events.LateralPayload, payload, (said) => lateral(lineage, said));
    case events.LINEAGE_CONDUCTED:
      return parsedBy(events.ConductedPayload, payload, (said) => ({ conductor: said.session_id }));
    default:
      return {};
  }
}

/** The first end absorbs everything until somebody reopens or rewinds the lineage. */
function ended(
  lineage: Lineage,
  payload: StoredEvent["payload"],
  status: Exclude<LineageStatus, "active">,
  without: StopReason | undefined,
): Changes | undefined {
  if (lineage.status !== "active") return undefined;
  return parsedBy(events.EndPayload, payload, (said) => {
    const code = isStopReason(said.code, status === "aborted" ? "stopped" : status) ? said.code : without;
    if (code === undefined) return undefined;
    const message = said.reason ?? `Recorded as ${status}`;
    const turn = withTurn(lineage, { kind: "ended", code, message });
    return { ...turn, status, ending: { code, message, pattern: said.pattern } };
  });
}

/** Goes back to an earlier generation; all that came after it is kept aside. */
function rewound(lineage: Lineage, to: number, { timestamp }: StoredEvent): Changes | undefined {
  const last = lineage.generations.at(-1);
  const kept = lineage.generations.filter(({ number }) => number <= to);
  if (last === undefined || to >= last.number || kept.at(-1)?.number !== to) return undefined;
  const discarded = lineage.generations.slice(kept.length);
  return {
    ...active(kept),
    rewinds: [...lineage.rewinds, { from: last.number, to, discarded, at: timestamp }],
    settled: to,
  };
}

function reopened(lineage: Lineage, said: v.InferOutput<typeof events.ReopenedPayload>): Changes | undefined {
  if (lineage.status === "active") return undefined;
  const { generations } = withTurn(lineage, { kind: "reopened", by: said.by });
  return { ...active(generations), executes: said.execute ?? lineage.executes, settled: finished(lineage) };
}

/** A step aside leads out of standing still, not out of an end that has another cause. */
function lateral(lineage: Lineage, said: v.InferOutput<typeof events.LateralPayload>): Changes | undefined {
  if (!["active", "stagnated", "stopped"].includes(lineage.status)) return undefined;
  const { generations } = withTurn(lineage, { kind: "lateral", persona: said.persona, pattern: said.pattern });
  return { ...active(generations), settled: finished(lineage) };
}

function active(generations: readonly Generation[]): Changes {
  return { status: "active", ending: null, generations: withLast(generations, (last) => ({ ...last, failures: 0 })) };
}

function finished(lineage: Lineage): number {
  return completedGenerations(lineage).at(-1)?.number ?? 0;
}

function withTurn({ generations }: Lineage, turn: Turn): Pick<Lineage, "generations"> {
  return { generations: withLast(generations, (last) => ({ ...last, turns: [...last.turns, turn] })) };
}

function withLast(generations: readonly Generation[], change: (last: Generation) => Generation): Generation[] {
  return generations.map((one, index) => (index === generations.length - 1 ? change(one) : one));
}

function parsedBy<T>(
  schema: v.GenericSchema<unknown, T>,
  payload: unknown,
  changesOf: (said: T) => Changes | undefined,
): Changes | undefined {
  const parsed = v.safeParse(schema, payload);
  return parsed.success ? changesOf(parsed.output) : undefined;
}
