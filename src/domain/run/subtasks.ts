import * as v from "valibot";
import type { StoredEvent } from "../event.ts";
import { SUBTASK_UPDATED } from "./steps.ts";

/** Upstream's words for how a part stands. */
const PART_STATUSES = ["pending", "executing", "completed", "failed"] as const;
export type PartStatus = (typeof PART_STATUSES)[number];

/** One part of a criterion that was too big as a whole. */
export interface Part {
  /** From 1, in the order they are done in. */
  readonly number: number;
  readonly text: string;
  readonly status: PartStatus;
  /** The worktree that all of its criterion's parts are done in; null where another program has split it. */
  readonly bench: string | null;
  /** The attempt at its criterion in which somebody was at it last. */
  readonly attempt: number | null;
}

const Row = v.object({
  ac_index: v.pipe(v.number(), v.integer(), v.minValue(1)),
  sub_task_index: v.pipe(v.number(), v.integer(), v.minValue(1)),
  content: v.fallback(v.string(), ""),
  status: v.picklist(PART_STATUSES),
  text: v.optional(v.string()),
  bench: v.optional(v.string()),
  attempt: v.optional(v.number()),
});

const NAME_CHARS = 50;

/** The parts of each criterion that was split, by its index from 0: the rows of a run's own stream, in commit order. */
export function partsOf(rows: readonly StoredEvent[]): ReadonlyMap<number, readonly Part[]> {
  const criteria = new Map<number, Map<number, Part>>();
  for (const { event_type, payload } of rows) {
    const row = event_type === SUBTASK_UPDATED ? v.safeParse(Row, payload) : undefined;
    if (!row?.success) continue;
    const { ac_index, sub_task_index: number, content, status, ...more } = row.output;
    const parts = criteria.get(ac_index - 1) ?? new Map<number, Part>();
    const known = parts.get(number);
    const text = more.text ?? known?.text ?? content;
    const bench = more.bench ?? known?.bench ?? null;
    parts.set(number, { number, text, status, bench, attempt: more.attempt ?? known?.attempt ?? null });
    criteria.set(ac_index - 1, parts);
  }
  return new Map([...criteria].map(([index, parts]) => [index, [...parts.values()].sort(byNumber)]));
}

/** A part of the criterion of this index as upstream's readers know it. */
export function partRow(
  index: number,
  { number, text }: Pick<Part, "number" | "text">,
  status: PartStatus,
): Record<string, unknown> {
  return {
    ac_index: index + 1,
    sub_task_index: number,
    sub_task_id: `ac_${index + 1}_sub_${number}`,
    content: text.slice(0, NAME_CHARS).toWellFormed(),
    status,
  };
}

function byNumber(a: Part, b: Part): number {
  return a.number - b.number;
}
