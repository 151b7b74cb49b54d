import { delay } from "../../base/delay.ts";
import { messageOf, OuroborosError } from "../../base/errors.ts";
import { failpoint } from "../../base/failpoint.ts";
import { newId } from "../../base/ids.ts";
import { logLine } from "../../base/log.ts";
import { AUTO_CLEANUP, isTerminal, PROGRESS_UPDATED, type SessionStatus } from "../../domain/session/session.ts";
import { parseTimestamp, toIsoTimestamp } from "../../domain/timestamp.ts";
import { append } from "../../store/append.ts";
import { reopenOwned, type Term } from "../../store/session/conclude-session.ts";
import { readLease, renewal } from "../../store/session/leases.ts";
import { loadSession } from "../../store/session/sessions.ts";
import type { SessionContext } from "../session-context.ts";
import type { Claimed } from "./claim-session.ts";
import { type LeaseTiming, leaseTiming } from "./lease-timing.ts";
import { ownerReopening } from "./owner-conclusions.ts";

/** Why an owner has to stop: it is one no more, a person wants the end, the session has ended elsewhere, or it was told to. */
export type Loss =
  | { readonly kind: "fenced" }
  | { readonly kind: "cancel_requested"; readonly by: string; readonly reason: string }
  | { readonly kind: "ended_elsewhere"; readonly status: SessionStatus }
  | { readonly kind: "stopped"; readonly why: string };

const TICK_MS = 1_000;
/** Wall and monotonic time apart by this much within a tick: the machine slept, or its clock was set. */
const GAP_MS = 5_000;

/**
 * Keeps a session for its owner: renews the lease by the store's clock, hears a request to stop within a second, takes
 * back what upstream's clean-up did to a live run, and says how long the owner may trust that nobody else has it.
 */
export class RunLease {
  readonly term: Term;
  readonly #context: SessionContext;
  readonly #timing: LeaseTiming;
  readonly #lost = new AbortController();
  readonly #closed = new AbortController();
  readonly #listeners = new Set<(ms: number) => void>();
  #loss: Loss | undefined;
  #task: Promise<void> | undefined;
  #renewedAt: number;
  #spokeAt = performance.now();
  #stampedAt: number;
  #inTrouble = false;

  constructor(context: SessionContext, { term, sentAt, at }: Claimed, timing = leaseTiming()) {
    this.#context = context;
    this.term = term;
    this.#timing = timing;
    this.#renewedAt = sentAt;
    this.#stampedAt = at;
  }

  /** Aborts once the owner has to stop; `loss` then says why. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get loss(): Loss | undefined {
    return this.#loss;
  }

  /** Milliseconds for which nobody else can have the session, counted from when the last renewal was sent. */
  trustMs(): number {
    const { ttl, margin } = this.#timing;
    return Math.max(0, this.#renewedAt + (ttl - margin) * 1000 - performance.now());
  }

  /** A time for a row of this owner, in microseconds: its rows never go back in time, as upstream folds them by it. */
  stamp(): number {
    this.#stampedAt = this.#context.store.stamp(this.#stampedAt);
    return this.#stampedAt;
  }

  /** Hears of every renewal, with the time it buys; returns how to stop listening. */
  onTrust(listener: (ms: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to watch and renew. */
  start(): void {
    this.#task ??= this.#keep();
  }

  /** Stops the owner for a reason of its own, such as a signal. */
  giveUp(loss: Loss): void {
    this.#lose(loss);
  }

  /** Ends the watch; the lease itself is let go of by whoever concludes the session. */
  async stop(): Promise<void> {
    this.#closed.abort();
    await this.#task;
  }

  async #keep(): Promise<void> {
    let wall = Date.now();
    let monotonic = performance.now();
    while (!this.#closed.signal.aborted) {
      await delay(TICK_MS, this.#closed.signal);
      if (this.#closed.signal.aborted) return;
      const gap = Math.abs(Date.now() - wall - (performance.now() - monotonic)) > GAP_MS;
      wall = Date.now();
      monotonic = performance.now();
      const isDue = performance.now() - this.#renewedAt >= this.#timing.renewEvery * 1000;
      try {
        if (gap || isDue) await this.#renew();
        await this.#listen();
        this.#inTrouble = false;
      } catch (error) {
        if (!(error instanceof OuroborosError)) throw error;
        // The agents stop by themselves when trust runs out; the owner goes on trying, for the store may come back.
        if (!this.#inTrouble) logLine(`cannot reach the store: ${messageOf(error)}. Trying again`);
        this.#inTrouble = true;
      }
    }
  }

  async #renew(): Promise<void> {
    const { sessionId, epoch, ownerId } = this.term;
    const sentAt = performance.now();
    failpoint("renew:before");
    const [renewed] = await this.#context.store.database.write([renewal(sessionId, epoch, ownerId, this.#timing.ttl)]);
    failpoint("renew:after");
    if (renewed?.rowsAffected !== 1) return; // `listen` finds out whether it is ours still
    this.#renewedAt = sentAt;
    for (const listener of this.#listeners) listener(this.trustMs());
    await this.#watchStatus();
    if (performance.now() - this.#spokeAt >= this.#timing.speakEvery * 1000) await this.#giveSign();
  }

  async #listen(): Promise<void> {
    const { lease } = await readLease(this.#context.store, this.term.sessionId);
    if (lease?.epoch !== this.term.epoch || lease.ownerId !== this.term.ownerId) {
      this.#lose({ kind: "fenced" });
    } else if (lease.cancelRequestedBy !== null) {
      const reason = lease.cancelReason ?? "Cancelled on request";
      this.#lose({ kind: "cancel_requested", by: lease.cancelRequestedBy, reason });
    }
  }

  /** Upstream knows no leases: its clean-up may cancel a live run, which is taken back; any other end is respected. */
  async #watchStatus(): Promise<void> {
    const loaded = await loadSession(this.#context.store, this.term.sessionId);
    if (!loaded || !isTerminal(loaded.session.status)) return;
    const { session } = loaded;
    if (session.status === "cancelled" && session.status_by === AUTO_CLEANUP) {
      this.#stampedAt = Math.max(this.#stampedAt, parseTimestamp(session.status_at) ?? 0);
      const at = this.stamp();
      failpoint("reopen-owned:before");
      await reopenOwned(this.#context.store, this.term, loaded, ownerReopening(session, this.term, at));
      failpoint("reopen-owned:after");
      return;
    }
    this.#lose({ kind: "ended_elsewhere", status: session.status });
  }

  async #giveSign(): Promise<void> {
    const at = this.stamp();
    const { sessionId, epoch, ownerId } = this.term;
    failpoint("sign-of-life:before");
    await append(this.#context.store, { kind: "owner", sessionId, epoch, ownerId }, [
      {
        id: newId(),
        aggregate_type: "session",
        aggregate_id: sessionId,
        event_type: PROGRESS_UPDATED,
        payload: { progress: { runtime_status: "running" }, timestamp: toIsoTimestamp(at) },
        at,
      },
    ]);
    failpoint("sign-of-life:after");
    this.#spokeAt = performance.now();
  }

  #lose(loss: Loss): void {
    if (this.#loss) return;
    this.#loss = loss;
    this.#lost.abort();
  }
}
