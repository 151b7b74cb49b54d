/** The world broke: thrown with a literal code, the cause, and what a person can do about it. */
export class OuroborosError extends Error {
  readonly code: string;
  readonly next: string;

  constructor(code: string, message: string, next: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "OuroborosError";
    this.code = code;
    this.next = next;
  }
}

/** The text of whatever was thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
