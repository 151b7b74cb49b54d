/** What one racer does in one race; `ending` says how a claimer ends its term. */
export interface Part {
  readonly role: "claim" | "sweep" | "cancel" | "undo" | "write";
  readonly sessionId: string;
  readonly executionId: string;
  /** The clean-up batch that an undo takes back. */
  readonly batchId: string;
  readonly ending: "complete" | "pause" | "keep";
}

/** What a racer was told by the use case it called. */
export type Told =
  | { readonly role: "sweep"; readonly outcome: string; readonly batchId: string }
  | { readonly role: "cancel"; readonly outcome: string; readonly by: string }
  | { readonly role: "write"; readonly outcome: string }
  | { readonly role: "undo"; readonly outcome: string }
  | { readonly role: "failed"; readonly outcome: string }
  | { readonly role: "claim"; readonly outcome: string }
  | {
      readonly role: "claim";
      readonly outcome: "claimed";
      readonly jobId: string;
      readonly epoch: number;
      readonly eventIds: readonly string[];
      readonly written: string;
      readonly ended: string | undefined;
    };
