import type { Payload, StoredEvent } from "../event.ts";
import { PROGRESS_UPDATED, SESSION_COMPLETED, SESSION_FAILED } from "./session.ts";

/** How far a session says it is: messages counted as upstream counts them, and its progress keys, latest value each. */
export interface Progress {
  readonly messages: number;
  readonly keys: Payload;
}

export const NO_PROGRESS: Progress = { messages: 0, keys: {} };

/** The types that carry progress in a session's own stream. */
export const PROGRESS_TYPES: readonly string[] = [PROGRESS_UPDATED, SESSION_COMPLETED, SESSION_FAILED];

/** Bulky or internal keys: a runtime handle and its tool catalogue are copied into every row. */
const LEFT_OUT = new Set(["runtime", "tool_catalog"]);

/** Folds one row: progress keys merge shallowly; the count is the row's own where it has one, else one more. */
export function foldProgress(progress: Progress, event: StoredEvent): Progress {
  const inner = event.payload.progress;
  const keys = isObject(inner) ? inner : {};
  const told = number(event.payload.messages_processed) ?? number(keys.messages_processed);
  const isMessage = event.event_type === PROGRESS_UPDATED;
  const messages = told === undefined ? progress.messages + (isMessage ? 1 : 0) : Math.max(progress.messages, told);
  if (!isMessage) return { ...progress, messages };
  const kept = Object.entries(keys).filter(([key]) => !LEFT_OUT.has(key));
  return { messages, keys: { ...progress.keys, ...Object.fromEntries(kept) } };
}

/** What the execution's own latest progress row tells, under upstream's names. */
const WORKFLOW_KEYS = [
  "acceptance_criteria",
  "completed_count",
  "total_count",
  "current_ac_index",
  "current_phase",
  "activity",
  "activity_detail",
  "elapsed_display",
  "estimated_remaining",
  "messages_count",
  "tool_calls_count",
  "estimated_tokens",
  "estimated_cost_usd",
  "last_update",
];

/** The progress keys of a `workflow.progress.updated` payload. */
export function workflowProgress(payload: Payload): Payload {
  return Object.fromEntries(
    WORKFLOW_KEYS.filter((key) => payload[key] !== undefined).map((key) => [key, payload[key]]),
  );
}

function isObject(value: unknown): value is Payload {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
