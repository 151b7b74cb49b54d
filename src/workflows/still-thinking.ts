import { type Refusal, refuse } from "../base/refusal.ts";

/** The mind is at it, and this caller waits no longer; `facts` say on what. */
export function stillThinking(id: string, facts: Readonly<Record<string, string>>): Refusal {
  return refuse(
    "still_thinking",
    `A mind is still at work on ${id}`,
    "Call again with the same arguments in a moment: it goes on meanwhile, and nothing is asked twice",
    { ...facts, recoverable: true, retry_after_ms: 2_000 },
  );
}
