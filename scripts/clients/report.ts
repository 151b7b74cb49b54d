/** How a client reaches the server. */
export type Transport = "stdio" | "HTTP";

/** One thing that was tried: whether it came out as it should, and what was seen. */
export interface Cell {
  readonly ok: boolean;
  readonly said: string;
}

/** What a client did with one store. */
export interface Visit {
  readonly connected: Cell;
  readonly listed: Cell;
  readonly called: Cell;
  /** From the start of the client's own program to its being connected; null where it was not. */
  readonly connectMs: number | null;
  /** Lines that the client printed about it. */
  readonly printed: readonly string[];
}

export interface ClientRow {
  readonly client: string;
  readonly version: string;
  readonly transport: Transport;
  /** What a person does to have this client know the server. */
  readonly setup: string;
  readonly empty: Visit;
  /** The same on a large store, where that was asked for. */
  readonly large: Visit | null;
}

type Verdict = "passed" | "not applicable" | "failed";

export interface ScenarioResult {
  readonly scenario: string;
  readonly verdict: Verdict;
  /** Checks that say something about this server. */
  readonly passed: number;
  /** Why it failed, or why it or some checks of it do not apply. */
  readonly why: readonly string[];
}

/** One run of the conformance suite. */
export interface ConformanceRun {
  readonly suite: string;
  readonly revision: string;
  readonly transport: Transport;
  /** Of the suite itself, which was told what cannot be passed. */
  readonly exitCode: number | null;
  readonly scenarios: readonly ScenarioResult[];
}

/** A store as it was before anybody connected. */
export interface StoreFacts {
  readonly events: number;
  readonly bytes: number;
}

export interface Report {
  readonly date: string;
  readonly version: string;
  readonly machine: string;
  /** Programs that wanted a processor before any of ours did. */
  readonly load: number;
  /** Nothing outside the machine could be reached. */
  readonly offline: boolean;
  readonly tools: { readonly byDefault: number; readonly all: number };
  readonly largeStore: StoreFacts | null;
  /** What the server declares, by its paths. */
  readonly capabilities: readonly string[];
  readonly clients: readonly ClientRow[];
  readonly conformance: readonly ConformanceRun[];
}
