import type { SweptSession } from "../sessions/sweep/sweep-session.ts";
import type { Phase } from "./gate.ts";

/** What a start did and when: the visible contract of the clean-up. Times are ISO text, `ms` counts from the beginning of the start-up. */
export interface Receipt {
  phase: Phase;
  scheduled_at: string;
  ready_at: string | null;
  settled_at: string | null;
  /** `sweeper`: this process cleans up. `bystander`: another one of this store does. `reader`: nobody may, here. */
  role: "sweeper" | "bystander" | "reader" | null;
  batch_id: string;
  /** Sessions judged, and what became of them. */
  examined: number;
  cancelled: number;
  paused: number;
  /** Judged and left alone: alive, young, protected, or changed while we looked. */
  skipped: number;
  /** Left for after the gate opened. */
  deferred: number;
  /** Rows met that could not be decoded. */
  quarantined: number;
  /** Rows folded to catch up with other writers. */
  folded: number;
  /** Jobs closed because their session had ended. */
  jobs_closed: number;
  ms: {
    first_statement: number | null;
    open: number | null;
    catch_up: number | null;
    ready: number | null;
    settled: number | null;
  };
  /** What later rounds of the sweep in this process have done. */
  since: { cancelled: number; paused: number };
  trouble: { code: string; message: string; next: string } | null;
}

/** A receipt with nothing done yet. */
export function newReceipt(batchId: string): Receipt {
  return {
    phase: "starting",
    scheduled_at: new Date().toISOString(),
    ready_at: null,
    settled_at: null,
    role: null,
    batch_id: batchId,
    examined: 0,
    cancelled: 0,
    paused: 0,
    skipped: 0,
    deferred: 0,
    quarantined: 0,
    folded: 0,
    jobs_closed: 0,
    ms: { first_statement: null, open: null, catch_up: null, ready: null, settled: null },
    since: { cancelled: 0, paused: 0 },
    trouble: null,
  };
}

/** Counts sessions, not looks at them: one that is judged twice in a start counts as what became of it last. */
export class SweepCount {
  readonly #receipt: Receipt;
  readonly #outcomes = new Map<string, "cancelled" | "paused" | "skipped">();

  constructor(receipt: Receipt) {
    this.#receipt = receipt;
  }

  /** Adds judged sessions: to the start until it has settled, to the rounds after that. */
  add(swept: readonly SweptSession[]): void {
    for (const { session_id, outcome } of swept) {
      const became = outcome === "cancelled" || outcome === "paused" ? outcome : "skipped";
      if (this.#receipt.settled_at === null) this.#count(session_id, became);
      else if (became !== "skipped") this.#receipt.since[became]++;
    }
  }

  #count(sessionId: string, became: "cancelled" | "paused" | "skipped"): void {
    const before = this.#outcomes.get(sessionId);
    if (before === undefined) this.#receipt.examined++;
    else this.#receipt[before]--;
    this.#receipt[became]++;
    this.#outcomes.set(sessionId, became);
  }
}

/** The one line a person finds in the server's log. */
export function receiptLine(receipt: Receipt): string {
  const { phase, role, examined, cancelled, paused, skipped, deferred, quarantined, ms } = receipt;
  const counts = { examined, cancelled, paused, skipped, deferred, quarantined };
  const words = Object.entries(counts).map(([name, n]) => `${n} ${name}`);
  return `start-up ${phase} as ${role ?? "nobody yet"}: ${words.join(", ")}; ready after ${ms.ready ?? "?"} ms, settled after ${ms.settled ?? "?"} ms`;
}
