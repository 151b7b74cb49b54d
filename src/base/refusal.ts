/** The rules say no: bad input, wrong state, not ready. Returned, never thrown; `next` says what to do about it. */
export interface Refusal {
  readonly refused: true;
  readonly code: string;
  readonly message: string;
  readonly next: string;
  /** Facts a program may act on, such as `retry_after_ms`. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A refusal with a snake_case code, what was refused and why, and the next step for a person or a model. */
export function refuse(code: string, message: string, next: string, facts: Record<string, unknown> = {}): Refusal {
  return { refused: true, code, message, next, facts };
}

/** Tells a refusal from an answer. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "refused" in value && value.refused === true;
}
