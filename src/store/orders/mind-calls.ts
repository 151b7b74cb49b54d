import type { NewEvent } from "../../domain/event.ts";
import type { Store } from "../store.ts";

/** The stream a question belongs to, and on which it is recorded. */
export interface Scope {
  readonly aggregateType: string;
  readonly aggregateId: string;
}

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
  return { id, ...stream, event_type: `llm.call.${step}`, payload: { ...call }, at: store.stamp() };
}
