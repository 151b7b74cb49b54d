/** What a waiter can ask to be woken by, and upstream's other words for it. */
export const WAIT_FOR = {
  raw: "raw",
  default: "raw",
  any: "raw",
  change: "raw",
  event: "raw",
  events: "raw",
  ac_change: "ac_change",
  ac: "ac_change",
  progress: "ac_change",
  meaningful: "ac_change",
  attention_or_ac_change: "attention_or_ac_change",
  attention: "attention_or_ac_change",
  phase_change: "phase_change",
  phase: "phase_change",
  terminal: "terminal",
  done: "terminal",
  completion: "terminal",
} as const;
export type WaitFor = (typeof WAIT_FOR)[keyof typeof WAIT_FOR];

const ENDS = /^(orchestrator\.session|mcp\.job)\.(completed|failed|cancelled|interrupted)$/;
/** A criterion's outcome. Heartbeats and stalls are of a criterion, too, but change nothing about it. */
const AC_CHANGE = /^execution\.session\.(started|completed|failed)$|^execution\.ac\.(?!heartbeat$|stall_detected$)/;
const ATTENTION = /^orchestrator\.session\.paused$|stall_detected$|^hitl\.|needs_attention|\.failed$/;
const PHASE_CHANGE =
  /^execution\.phase\.|^execution\.decomposition\.level_|^orchestrator\.session\.(started|paused|claimed|reopened)$/;

/**
 * Does an event of this type wake somebody who waits for that? A job's end wakes everybody by itself, whatever row or
 * dead owner it came by; an end among the rows may have been undone since.
 */
export function wakes(waitFor: WaitFor, eventType: string): boolean {
  switch (waitFor) {
    case "raw":
      return true;
    case "ac_change":
      return AC_CHANGE.test(eventType);
    case "attention_or_ac_change":
      return AC_CHANGE.test(eventType) || ATTENTION.test(eventType);
    case "phase_change":
      return PHASE_CHANGE.test(eventType) || ENDS.test(eventType);
    case "terminal":
      return false;
  }
}
