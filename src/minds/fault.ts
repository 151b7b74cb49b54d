import { type Refusal, refuse } from "../base/refusal.ts";
import type { Usage } from "../runtimes/runtime.ts";

/** Why one try brought no answer, told by whoever tried. */
export interface Fault {
  /** `limited`: for now. `refused`: for good, whatever is tried. */
  readonly kind: "transient" | "limited" | "unauthorized" | "refused" | "timed_out" | "garbage";
  /** For a person, without a secret in it. */
  readonly message: string;
  readonly retryAfterMs: number | null;
  /** Is the same worth another try within this call? */
  readonly again: boolean;
  readonly usage: Usage | null;
}

const CODES = {
  transient: "mind_unavailable",
  limited: "mind_limited",
  unauthorized: "mind_unauthorized",
  refused: "mind_unavailable",
  timed_out: "mind_timed_out",
  garbage: "mind_bad_answer",
} as const;

const NEXT = {
  transient:
    "Try again later, or name another mind under `minds:` in config.yaml; `ouroboros runtimes` shows what there is",
  limited: "Wait, or name another mind under `minds:` in config.yaml",
  unauthorized: "Log in to that agent, or set the provider's key in the environment or in credentials.yaml",
  refused: "Check the agent, or the model's name and endpoint; `ouroboros runtimes` shows what there is",
  timed_out: "Try again with more time, or name a faster mind under `minds:` in config.yaml",
  garbage: "Try again, or name a stronger mind under `minds:` in config.yaml",
} as const;

/** What came of a whole call, for the refusal that ends it. */
export interface Spent {
  readonly mind: string;
  readonly model: string | null;
  readonly attempts: number;
  readonly usage: Usage | null;
}

/** The refusal a fault ends a call with. */
export function toRefusal({ kind, message, retryAfterMs }: Omit<Fault, "usage" | "again">, spent: Spent): Refusal {
  const limit = kind === "limited" && retryAfterMs !== null ? { retry_after_ms: retryAfterMs } : {};
  return refuse(CODES[kind], `Cannot get an answer from ${spent.mind}: ${message}`, NEXT[kind], { ...spent, ...limit });
}

/** The refusal of an answer that does not fit its schema, after it was sent back once. */
export function badAnswer(faults: readonly string[], spent: Spent): Refusal {
  const message = `Cannot use the answer of ${spent.mind}: ${faults.join("; ")}`;
  return refuse("mind_bad_answer", message, NEXT.garbage, { ...spent, faults });
}

/** The refusal of a call that its caller has ended. */
export function stopped(spent: Spent): Refusal {
  return refuse("mind_stopped", `Stopped asking ${spent.mind}`, "Ask again when you need the answer", { ...spent });
}

/** Both together; what neither has reported stays unreported. */
export function addUsage(a: Usage | null, b: Usage | null): Usage | null {
  if (!a || !b) return a ?? b;
  const sum = (key: keyof Usage) => (a[key] === null && b[key] === null ? null : (a[key] ?? 0) + (b[key] ?? 0));
  return {
    input_tokens: sum("input_tokens"),
    output_tokens: sum("output_tokens"),
    cached_input_tokens: sum("cached_input_tokens"),
    cost_usd: sum("cost_usd"),
    turns: sum("turns"),
  };
}
