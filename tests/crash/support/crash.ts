import { expect } from "bun:test";
import type { ChildProcess } from "node:child_process";
import { kill, send } from "../../support/agent-processes.ts";
import { CrashHome, type EventRow, type Said } from "./crash-home.ts";
import type { HomeProcess } from "./processes.ts";

/** A home in which exactly one process dies at one failpoint, and what the store held at that moment. */
export class Crash implements Disposable {
  readonly home: CrashHome;
  readonly failpoint: string;
  #witness: Witness | undefined;
  #victim: Promise<HomeProcess> | undefined;
  #isOver = false;

  constructor(failpoint: string, options: { steps?: number; leaseSeconds?: number } = {}) {
    this.home = new CrashHome(options);
    this.failpoint = failpoint;
  }

  /** Everything that was in the store when the process died. */
  get atDeath(): readonly EventRow[] {
    return this.#witness?.rows ?? [];
  }

  /** Which of a pair of failpoints it is: had the write been made, the signal been sent, the process been started? */
  get isAfter(): boolean {
    return /:after(#\d+)?$/.test(this.failpoint);
  }

  /** Calls the program so that it, or the first process below it that gets there, dies at the failpoint. */
  start(...args: readonly string[]): { child: ChildProcess; said: Promise<Said> } {
    const started = this.home.start(args, this.#order());
    this.#watch();
    return started;
  }

  /** The same for a server. */
  serve(): Promise<Said> {
    const said = this.home.serve(this.#order());
    this.#watch();
    return said;
  }

  /** The same for another program. */
  spawn(...command: readonly string[]): { child: ChildProcess; said: Promise<Said> } {
    const started = this.home.spawn(command, this.#order());
    this.#watch();
    return started;
  }

  /** Resolves once the process has died there; fails when nobody gets there, or somebody else does. */
  async died(role: string): Promise<void> {
    const victim = await this.#victim;
    expect(victim?.role).toBe(role);
  }

  /** How many rows of a type were in the store when the process died. */
  had(type: string): number {
    return this.atDeath.filter((row) => row.type === type).length;
  }

  /** What holds whatever happens: nothing lost, nothing twice, nothing done again that was on record as done. */
  async endsAs(
    status: "completed" | "cancelled",
    { steps = 2, id = this.home.sessionIds()[0] ?? "" } = {},
  ): Promise<void> {
    await holds(this.home, { id, status, steps });
    this.#witness?.check();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.home[Symbol.dispose]();
  }

  /** It stops itself there, so that it can be seen to be there and nowhere else; then it is killed. */
  #order(): Record<string, string> {
    return { OUROBOROS_FAILPOINT: this.failpoint, OUROBOROS_FAILPOINT_SIGNAL: "SIGSTOP" };
  }

  #watch(): void {
    this.#victim = this.#kill();
    this.#victim.catch(() => {});
  }

  async #kill(): Promise<HomeProcess> {
    const { home } = this;
    const stopped = () => home.processes().find((one) => one.state === "T" && one.failpoint === this.failpoint);
    const victim = await home.until(`somebody gets to ${this.failpoint}`, stopped);
    this.#witness = new Witness(home);
    kill(victim.pid);
    void this.#sparesOthers();
    return victim;
  }

  /** One dies; whoever else comes by goes on. */
  async #sparesOthers(): Promise<void> {
    while (!this.#isOver) {
      for (const one of this.home.processes()) {
        if (one.state === "T" && one.failpoint === this.failpoint) send(one.pid, "SIGCONT");
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The promises about one session that hold however its processes died on the way to this end. */
export async function holds(
  home: CrashHome,
  { id, status, steps }: { id: string; status: "completed" | "cancelled" | "paused"; steps: number },
): Promise<void> {
  await home.until("everything it started is gone", () => home.processes().length === 0);
  expect(home.sql("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  const rows = home.rows();
  expect(home.sql("SELECT status FROM ouro_session WHERE session_id = ?", id)).toEqual([{ status }]);
  expect(home.journal().filter((line) => line.startsWith("overlap"))).toEqual([]);
  const executionId = String(
    rows.find(({ payload }) => typeof payload.execution_id === "string")?.payload.execution_id,
  );
  const scopes = rows.filter(isSuccess).map(({ stream }) => stream);
  expect(new Set(scopes).size).toBe(scopes.length);
  for (const scope of scopes) {
    expect(home.journal().some((line) => line.startsWith(`end ${stepOf(scope)} `))).toBe(true);
  }
  if (status === "completed") {
    const all = Array.from({ length: steps }, (_, index) => `${executionId}_ac_${index}`);
    expect(scopes.sort()).toEqual(all.sort());
  }
  const ends = rows.filter(({ type, stream }) => type === `orchestrator.session.${status}` && stream === id);
  const final = ends.filter(({ payload }) => status === "completed" || payload.cancelled_by === "user");
  if (status !== "paused") expect(final).toHaveLength(1);
  const jobs = rows.filter(({ type }) => type === "mcp.job.created").map(({ stream }) => stream);
  for (const job of jobs) {
    const jobEnds = rows.filter(
      ({ stream, type }) => stream === job && /completed|failed|cancelled|interrupted/.test(type),
    );
    expect({ job, ends: jobEnds.map(({ type }) => type) }).toMatchObject({ job, ends: [expect.any(String)] });
  }
  const held = home.leases().filter((lease) => lease.session_id === id && (lease.expires_at ?? 0) > lease.now);
  expect(held).toEqual([]);
}

/** What was in the store and in the journal at one moment: none of it may ever be gone, changed or done again. */
export class Witness {
  readonly rows: readonly EventRow[];
  readonly #home: CrashHome;
  readonly #journal: number;

  constructor(home: CrashHome) {
    this.#home = home;
    // In this order: whatever is on record as done by now does not begin after the journal's end.
    this.rows = home.rows();
    this.#journal = home.journal().length;
  }

  check(): void {
    expect(this.#home.rows().slice(0, this.rows.length)).toEqual([...this.rows]);
    const done = this.rows.filter(isSuccess).map(({ stream }) => stepOf(stream));
    const later = this.#home.journal().slice(this.#journal);
    expect(later.filter((line) => done.some((step) => line.startsWith(`begin ${step} `)))).toEqual([]);
  }
}

function isSuccess({ type, payload }: EventRow): boolean {
  return type === "execution.session.completed" && payload.success === true;
}

/** A step's number in the journal, from 1. */
function stepOf(scope: string): number {
  return Number(scope.split("_ac_")[1]) + 1;
}
