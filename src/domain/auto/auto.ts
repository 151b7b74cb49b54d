import * as v from "valibot";
import type { StoredEvent } from "../event.ts";
import * as events from "./auto-events.ts";

/** A way from a goal to verified work, as its events tell it. Where it stands follows from this, its interview and its lineage. */
export interface Auto extends Readonly<v.InferOutput<typeof events.StartedPayload>> {
  readonly auto_id: string;
  /** In the order in which they were taken, one a round. */
  readonly assumptions: readonly events.Assumption[];
  readonly seed: Readonly<v.InferOutput<typeof events.SeededPayload>> | null;
  /** What stood in the way last. Whether it still does, `auto-phase.ts` says. */
  readonly block: events.Block | null;
  readonly started_at: string;
  readonly updated_at: string;
}

/** The fold of a stream's events in their order; undefined when none began it. */
export function foldAuto(autoId: string, stream: readonly StoredEvent[]): Auto | undefined {
  let auto: Auto | undefined;
  for (const event of stream) {
    const next = auto ? apply(auto, event) : begin(autoId, event);
    auto = next && (next === auto ? next : { ...next, updated_at: event.timestamp });
  }
  return auto;
}

function begin(autoId: string, { event_type, payload, timestamp }: StoredEvent): Auto | undefined {
  if (event_type !== events.AUTO_STARTED) return undefined;
  const parsed = v.safeParse(events.StartedPayload, payload);
  if (!parsed.success) return undefined;
  const nothingYet = { assumptions: [], seed: null, block: null };
  return { auto_id: autoId, ...parsed.output, ...nothingYet, started_at: timestamp, updated_at: timestamp };
}

/** A row that says something else than it should changes nothing. */
function apply(auto: Auto, { event_type, payload }: StoredEvent): Auto {
  switch (event_type) {
    case events.AUTO_ASSUMED:
      return withParsed(auto, events.AssumedPayload, payload, assume);
    case events.AUTO_SEEDED:
      return withParsed(auto, events.SeededPayload, payload, (now, seed) => ({ ...now, seed, block: null }));
    case events.AUTO_BLOCKED:
      return withParsed(auto, events.BlockedPayload, payload, (now, block) => ({ ...now, block }));
    default:
      return auto;
  }
}

/** A question that was opened again and put in other words has another answer: the last one is what was gone by. */
function assume(auto: Auto, assumption: events.Assumption): Auto {
  const others = auto.assumptions.filter(({ round }) => round !== assumption.round);
  return { ...auto, assumptions: [...others, assumption], block: null };
}

function withParsed<T>(
  auto: Auto,
  schema: v.GenericSchema<unknown, T>,
  payload: unknown,
  change: (auto: Auto, said: T) => Auto,
): Auto {
  const parsed = v.safeParse(schema, payload);
  return parsed.success ? change(auto, parsed.output) : auto;
}
