import { delay } from "../base/delay.ts";
import { messageOf, OuroborosError } from "../base/errors.ts";
import { newShortId } from "../base/ids.ts";
import { logLine } from "../base/log.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { adoptStreams, type CleanUpOptions, closeJobs, sweepEverything } from "../sessions/sweep/clean-up.ts";
import { logSwept, sweep } from "../sessions/sweep/sweep.ts";
import type { SweptSession } from "../sessions/sweep/sweep-session.ts";
import { type SweeperTerm, standForElection } from "../sessions/sweep/sweeper-election.ts";
import { putReceipt } from "../store/receipts.ts";
import { breathe, catchUp } from "../store/session/catch-up.ts";
import { countOpenAfter } from "../store/session/leases.ts";
import { VERSION } from "../version.ts";
import { Gate } from "./gate.ts";
import { newReceipt, type Receipt, receiptLine, SweepCount } from "./receipt.ts";
import { SleepWatch } from "./sleep-watch.ts";

export interface StartUpOptions {
  /** Reads the configuration and opens the store; called again, with growing pauses, for as long as it throws. */
  readonly open: () => Promise<SessionContext>;
  /** Between two sweeps of a living server. */
  readonly everyMs?: number;
}

const PRE_SERVE_SESSIONS = 50;
const PRE_SERVE_MS = 250;
const EVERY_MS = 15_000;
/** Streams without a start and jobs left behind are looked for again in every so-many-th round. */
const THOROUGH_EVERY = 20;
const RENEW_MS = 10_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;

/**
 * The start-up as one tracked task with an owner: opens the store, catches up, cleans up, and goes on sweeping until it
 * is stopped. Nothing of it runs before `start()`, which the server calls once its first answer is on the wire.
 */
export class StartUp {
  readonly gate = new Gate();
  readonly receipt: Receipt;
  readonly #options: StartUpOptions;
  readonly #count: SweepCount;
  /** From the very start, so that a sleep during a long clean-up is noticed too. */
  readonly #sleepWatch = new SleepWatch();
  readonly #stop = new AbortController();
  #task: Promise<void> | undefined;
  #context: SessionContext | undefined;
  #term: SweeperTerm | undefined;
  #next: string | undefined;
  #began = 0;
  #rounds = 0;
  #renewedAt = 0;
  /** One batch id for the start, a new one for each later round: an undo takes back no more than one of them. */
  #batchId = newShortId("batch");

  constructor(options: StartUpOptions) {
    this.#options = options;
    this.receipt = newReceipt(this.#batchId);
    this.#count = new SweepCount(this.receipt);
  }

  /** The open store with its policy, once the gate has admitted a call that needs it. */
  get context(): SessionContext | undefined {
    return this.#context;
  }

  /** Begins, once; later calls change nothing. */
  start(): void {
    if (this.#task || this.#stop.signal.aborted) return;
    this.#task = this.#run().catch((error: unknown) => {
      // A bug, not trouble with the store: say it, admit everybody if there is a store (fencing protects), and stay up.
      logLine(error instanceof Error ? (error.stack ?? error.message) : String(error));
      this.#enter(this.#context ? "degraded:sweep" : "degraded:store", toTrouble(error));
    });
  }

  /** Stops between two verdicts, lets go of the sweeper's seat and closes the store. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#task;
    this.#enter("stopped");
    await this.#term?.resign().catch(() => undefined); // the seat runs out by itself
    await this.#context?.store[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    const context = await this.#openPatiently();
    if (!context) return;
    await this.#tolerate(() => this.#preServe(context));
    if (this.#stop.signal.aborted) return;
    this.receipt.ready_at = new Date().toISOString();
    this.receipt.ms.ready = this.#elapsed();
    if (this.gate.phase !== "degraded:sweep") this.#enter("ready");
    await breathe(); // whoever waited at the gate goes first
    await this.#tolerate(() => this.#postServe(context));
    await this.#settle(context);
    await this.#recur(context);
  }

  /** Opens and catches up, for as long as it takes; the cause is visible meanwhile, and recovery needs no restart. */
  async #openPatiently(): Promise<SessionContext | undefined> {
    this.#began = performance.now();
    for (let pause = FIRST_RETRY_MS; !this.#stop.signal.aborted; pause = Math.min(pause * 2, LAST_RETRY_MS)) {
      let context: SessionContext | undefined;
      try {
        if (this.gate.phase !== "degraded:store") this.#enter("opening");
        context = await this.#options.open();
        this.receipt.ms.first_statement = this.#elapsed(context.store.database.firstStatementAt);
        this.receipt.ms.open = this.#elapsed();
        if (this.gate.phase !== "degraded:store") this.#enter("catching_up");
        const { folded, quarantined } = await catchUp(context.store, this.#stop.signal);
        this.receipt.folded += folded;
        this.receipt.quarantined += quarantined;
        this.receipt.ms.catch_up = this.#elapsed();
        this.#context = context;
        return context;
      } catch (error) {
        await context?.store[Symbol.asyncDispose]();
        if (!(error instanceof OuroborosError)) throw error;
        if (this.gate.phase !== "degraded:store") logLine(`${error.message}. ${error.next}`);
        this.#enter("degraded:store", error);
        await delay(pause, this.#stop.signal);
      }
    }
    return undefined;
  }

  async #preServe(context: SessionContext): Promise<void> {
    this.#enter("pre_serve");
    if (context.store.access === "read") {
      this.receipt.role = "reader";
      return;
    }
    this.#term = await standForElection(context);
    this.#renewedAt = performance.now();
    this.receipt.role = this.#term ? "sweeper" : "bystander";
    if (!this.#term) return;
    this.#next = ""; // should this first look fail, all of it is left over
    const { batchId, signal } = this.#cleanUp();
    const bounds = { leases: "not_live" as const, maxSessions: PRE_SERVE_SESSIONS, maxMs: PRE_SERVE_MS, after: "" };
    const { swept, next } = await sweep(context, { ...bounds, batchId, signal });
    await this.#note(swept);
    this.#next = next;
    if (next !== undefined) this.receipt.deferred = await countOpenAfter(context.store, next);
  }

  async #postServe(context: SessionContext): Promise<void> {
    if (!this.#term || this.#stop.signal.aborted) return;
    this.#enter("post_serve");
    // What the gate left over comes first, then leases that look live and may belong to the dead.
    if (this.#next !== undefined) {
      await sweepEverything(context, this.#cleanUp(), { after: this.#next, leases: "not_live" });
    }
    await sweepEverything(context, this.#cleanUp(), { after: "", leases: "live" });
    this.receipt.jobs_closed += await this.#sweepStragglers(context);
  }

  async #settle(context: SessionContext): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { receipt } = this;
    receipt.settled_at = new Date().toISOString();
    receipt.ms.settled = this.#elapsed();
    if (this.gate.phase !== "degraded:sweep") this.#enter("settled");
    logLine(receiptLine(receipt));
    await this.#tolerate(() => this.#keepReceipt(context));
  }

  async #keepReceipt({ store, identity }: SessionContext): Promise<void> {
    if (store.access === "read") return;
    await putReceipt(store, {
      receiptId: newShortId("start"),
      startedAt: toTimestamp(Date.parse(this.receipt.scheduled_at) * 1000),
      settledAt: toTimestamp(store.stamp()),
      machine: identity.machine,
      pid: identity.pid,
      version: VERSION,
      body: { ...this.receipt },
    });
  }

  /** In a living server: notices what others wrote, dead owners and a vacant seat, every few seconds. */
  async #recur(context: SessionContext): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await delay(this.#options.everyMs ?? EVERY_MS, signal);
      if (signal.aborted) return;
      // After a sleep every lease looks expired: owners renew first, and nobody sweeps for one lease time.
      if (this.#sleepWatch.isGracePeriod()) continue;
      await this.#tolerate(() => this.#round(context));
    }
  }

  async #round(context: SessionContext): Promise<void> {
    if (context.store.access === "read") return;
    await catchUp(context.store, this.#stop.signal);
    await this.#renew();
    this.#term ??= await standForElection(context);
    this.receipt.role = this.#term ? "sweeper" : "bystander";
    if (this.#term) {
      this.#batchId = newShortId("batch");
      await sweepEverything(context, this.#cleanUp());
      if (++this.#rounds % THOROUGH_EVERY === 0) await this.#sweepStragglers(context);
    }
    if (this.gate.phase === "degraded:sweep") this.#enter("settled");
    // Not at the start: it waits for the disk, and with it whoever calls. A client that has just connected does call.
    await context.store.database.checkpoint("PASSIVE");
  }

  /** What no prefilter finds: streams without a start, and jobs of sessions that have ended. */
  async #sweepStragglers(context: SessionContext): Promise<number> {
    if (await adoptStreams(context, this.#stop.signal)) await sweepEverything(context, this.#cleanUp());
    return await closeJobs(context, this.#stop.signal);
  }

  #cleanUp(): CleanUpOptions {
    return { batchId: this.#batchId, signal: this.#stop.signal, onSwept: (swept) => this.#note(swept) };
  }

  async #note(swept: readonly SweptSession[]): Promise<void> {
    this.#count.add(swept);
    logSwept(swept);
    // A long clean-up must not outlast its own election.
    if (performance.now() - this.#renewedAt > RENEW_MS) await this.#renew();
  }

  async #renew(): Promise<void> {
    this.#renewedAt = performance.now();
    if (this.#term && !(await this.#term.renew())) this.#term = undefined;
  }

  /** Trouble while sweeping admits everybody: fencing protects them, and the next round tries again. */
  async #tolerate(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof OuroborosError)) throw error;
      if (this.gate.phase !== "degraded:sweep") logLine(`clean-up interrupted: ${messageOf(error)}. ${error.next}`);
      this.#enter("degraded:sweep", error);
    }
  }

  #enter(phase: Receipt["phase"], trouble?: OuroborosError): void {
    this.receipt.phase = phase;
    this.receipt.trouble = trouble ? { code: trouble.code, message: trouble.message, next: trouble.next } : null;
    this.gate.enter(phase, trouble);
  }

  #elapsed(until = performance.now()): number {
    return Math.round((until - this.#began) * 10) / 10;
  }
}

function toTrouble(error: unknown): OuroborosError {
  return new OuroborosError("internal", messageOf(error), "This is a bug: please report it with the log", error);
}
