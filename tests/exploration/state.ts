import type { Statement } from "../../src/store/engine/database.ts";
import type { Term } from "../../src/store/session/conclude-session.ts";
import type { Content } from "./content.ts";
import type { Operation, Report } from "./operations.ts";
import type { Answer, Standing, Surroundings } from "./replay.ts";

/** An operation under way: how it was begun, what it was answered so far, and the call it makes next. */
export interface Running {
  readonly operation: Operation;
  readonly tag: string;
  readonly term: Term | undefined;
  readonly started: Surroundings;
  readonly stamped: number;
  readonly answers: readonly Answer[];
  readonly next: Extract<Standing, { kind: "calls" }>;
  /** The same for the same operation with the same answers. */
  readonly key: number;
}

export interface Worker {
  /** `stopped`: it has ended its run, or was told that it is not the owner any more. */
  readonly standing: "none" | "owner" | "stopped";
  readonly term: Term | undefined;
}

/** A batch whose sender has given it up, but which may still arrive. */
interface Late {
  readonly statements: readonly Statement[];
  readonly key: number;
  readonly strand: number;
  readonly operation: string;
  readonly tag: string;
  /** What its sender had been answered when it sent it. */
  readonly answers: readonly Answer[];
}

/** What has been promised to somebody so far. */
export interface Memory {
  /** The newest term whose owner was told that it has the session, until it let go, died or was told otherwise. */
  readonly owner: (Term & { readonly pid: number }) | undefined;
  /** A person was answered that the cancellation is on its way. */
  readonly asked: boolean;
  /** The event that carried out a person's cancellation. */
  readonly final: string | undefined;
  /** Terms that were let go of. */
  readonly released: readonly string[];
}

/** Everything there is at one moment. */
export interface State {
  /** Server B and its worker see nobody else's processes. */
  readonly apart: boolean;
  readonly content: Content;
  readonly nowMs: number;
  /** The latest moment the clock has ever shown. */
  readonly latestMs: number;
  readonly dead: readonly number[];
  readonly running: readonly (Running | undefined)[];
  /** How many operations each strand has begun. */
  readonly begun: readonly number[];
  readonly workers: readonly Worker[];
  /** The latest time each process has given out to a row, in microseconds. */
  readonly stamped: Readonly<Record<string, number>>;
  readonly late: Late | undefined;
  readonly memory: Memory;
  /** How often each thing has happened, operations and accidents alike. */
  readonly used: Readonly<Record<string, number>>;
  readonly trace: Trace | undefined;
  readonly depth: number;
}

export interface Trace {
  readonly before: Trace | undefined;
  readonly step: string;
}

/** What one step was, for those who judge it. */
export interface Step {
  /** The strand that took it; undefined for an accident and for Python. */
  readonly strand: number | undefined;
  readonly operation: string;
  readonly tag: string;
  /** The recording of an operation, with the answer of this step. */
  readonly answers: readonly Answer[];
  readonly report: Report | undefined;
  /** It failed instead of coming back. */
  readonly thrown: unknown;
}

export function stepsOf(trace: Trace | undefined): string[] {
  const steps: string[] = [];
  for (let at = trace; at; at = at.before) steps.push(at.step);
  return steps.reverse();
}

export function keyOf(state: State): string {
  const running = state.running.map((one) => one?.key ?? 0).join(",");
  const workers = state.workers.map((one) => `${one.standing[0]}${one.term?.epoch ?? ""}`).join(",");
  const used = Object.entries(state.used)
    .map(([name, n]) => `${name}${n}`)
    .sort()
    .join(",");
  const { owner, asked, final, released } = state.memory;
  const memory = `${owner?.pid ?? ""}.${owner?.epoch ?? ""}.${asked}.${final ?? ""}.${released.join("+")}`;
  return `${state.content.id}|${state.nowMs}|${state.latestMs}|${state.dead}|${running}|${state.begun}|${JSON.stringify(state.stamped)}|${workers}|${state.late?.key ?? ""}|${memory}|${used}`;
}
