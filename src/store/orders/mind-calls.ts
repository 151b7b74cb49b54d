import * as v from "valibot";
import type { NewEvent } from "../../domain/event.ts";
import { type Reported, type Spent, spentOf } from "../../domain/run/ceiling.ts";
import type { Store } from "../store.ts";
import { readStream, type Scope } from "../streams.ts";

/** What is kept of a call: who, what for and what it took; never what was asked or answered. */
export interface MindCall {
  readonly mind: string;
  readonly model: string | null;
  readonly role: string;
  readonly kind: string;
  readonly work_id?: string;
  readonly usage?: object | null;
  readonly ms?: number | null;
  readonly attempts?: number;
  readonly outcome?: string;
}

/** One of the two events of a call to a mind, under the names they have always had. */
export function mindCallEvent(
  store: Store,
  id: string,
  step: "requested" | "returned",
  { aggregateType, aggregateId }: Scope,
  call: MindCall,
): NewEvent {
  const stream = { aggregate_type: aggregateType, aggregate_id: aggregateId };
  return {
    id,
    ...stream,
    event_type: step === "returned" ? CALL_RETURNED : "llm.call.requested",
    payload: { ...call },
    at: store.stamp(),
  };
}

const CALL_RETURNED = "llm.call.returned";
const MS_AN_HOUR = 3_600_000;
const Amount = v.optional(v.fallback(v.nullable(v.number()), null), null);
const Call = v.object({
  ms: v.fallback(v.pipe(v.number(), v.minValue(0)), 0),
  usage: v.fallback(v.nullable(v.object({ input_tokens: Amount, output_tokens: Amount, cost_usd: Amount })), null),
});

/** What minds took for the questions of these streams, as far as they said so; what a host thinks is its own. */
export async function readThinking(store: Store, scopes: readonly Scope[]): Promise<Spent> {
  const usages: (Reported | null)[] = [];
  let ms = 0;
  for (const { aggregateType, aggregateId } of scopes) {
    const { events } = await readStream(store, aggregateType, aggregateId);
    for (const { event_type, payload } of events) {
      const call = event_type === CALL_RETURNED ? v.safeParse(Call, payload) : undefined;
      if (!call?.success || payload.mind === "host") continue;
      usages.push(call.output.usage);
      ms += call.output.ms;
    }
  }
  return spentOf(usages, ms / MS_AN_HOUR);
}
