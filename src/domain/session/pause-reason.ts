/** Why an owner pauses a run whose steps have not failed: it waits for somebody or something outside. */
export type PauseReason = "needs_host" | "usage_limit" | "not_logged_in" | "ceiling";

export const NEEDS_HOST: PauseReason = "needs_host";

const WORDS: Readonly<Record<PauseReason, string>> = {
  needs_host: "waits for a host's agents to claim its steps (ouroboros_claim_work)",
  usage_limit: "its agent's usage limit is reached",
  not_logged_in: "its agent is not logged in",
  ceiling: "it has taken as much time, tokens or money as it may",
};

/** A recorded reason of a pause for a person; as it stands where it is none of these. */
export function pauseWords(reason: string): string {
  return Object.hasOwn(WORDS, reason) ? WORDS[reason as PauseReason] : reason;
}
