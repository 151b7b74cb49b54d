import { delay } from "../base/delay.ts";
import type { OuroborosError } from "../base/errors.ts";
import { type Refusal, refuse } from "../base/refusal.ts";

/** Where a server stands between its first answer and the end of its clean-up. */
export type Phase =
  | "starting"
  | "opening"
  | "catching_up"
  | "pre_serve"
  | "ready"
  | "post_serve"
  | "settled"
  | "degraded:store"
  | "degraded:sweep"
  | "stopped";

/** What a call is about to do: nothing with the store, read it, or act on a session. */
export type Effect = "none" | "reads" | "acts";

const READ_PATIENCE_MS = 10_000;
const ACT_PATIENCE_MS = 2_000;

/**
 * The readiness flag. Reading waits for the store to be open; acting on a session waits until the pre-serve clean-up is
 * done, for a short while, and is then refused with the phase and when to try again. Opens again by itself after trouble.
 */
export class Gate {
  #phase: Phase = "starting";
  #trouble: OuroborosError | undefined;
  #waiters = new Set<() => void>();

  get phase(): Phase {
    return this.#phase;
  }

  /** Why the phase is a degraded one. */
  get trouble(): OuroborosError | undefined {
    return this.#trouble;
  }

  /** Moves on and wakes whoever waits. */
  enter(phase: Phase, trouble?: OuroborosError): void {
    this.#phase = phase;
    this.#trouble = trouble;
    for (const wake of [...this.#waiters]) wake();
  }

  /** Lets a call pass or says why not. Only waits while waiting can help. */
  async admit(effect: Effect, signal?: AbortSignal): Promise<Refusal | undefined> {
    const patience = effect === "acts" ? ACT_PATIENCE_MS : READ_PATIENCE_MS;
    const deadline = performance.now() + patience;
    while (!this.#isOpenFor(effect)) {
      if (this.#phase === "degraded:store") return this.#storeRefusal();
      const left = deadline - performance.now();
      if (left <= 0 || signal?.aborted || this.#phase === "stopped") return this.#notReady(effect);
      await this.#nextMove(left, signal);
    }
    return undefined;
  }

  #isOpenFor(effect: Effect): boolean {
    if (effect === "none") return true;
    const open = ["ready", "post_serve", "settled", "degraded:sweep"].includes(this.#phase);
    return open || (effect === "reads" && this.#phase === "pre_serve");
  }

  async #nextMove(ms: number, signal?: AbortSignal): Promise<void> {
    const moved = new AbortController();
    const wake = () => moved.abort();
    this.#waiters.add(wake);
    signal?.addEventListener("abort", wake, { once: true });
    await delay(ms, moved.signal);
    signal?.removeEventListener("abort", wake);
    this.#waiters.delete(wake);
  }

  #notReady(effect: Effect): Refusal {
    const what = effect === "acts" ? "the clean-up of orphaned sessions" : "opening the store";
    return refuse("not_ready", `Not ready: ${what} is still under way (${this.#phase})`, "Call again in a moment", {
      phase: this.#phase,
      retry_after_ms: 1_000,
    });
  }

  #storeRefusal(): Refusal {
    const { code, message, next } = this.#trouble ?? { code: "store_failed", message: "unknown", next: "" };
    return refuse("store_unavailable", message, `${next}. The server tries again by itself`, {
      phase: this.#phase,
      cause: code,
      retry_after_ms: 2_000,
    });
  }
}
