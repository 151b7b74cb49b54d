import { spyOn } from "bun:test";
import * as delays from "../../src/base/delay.ts";
import * as ids from "../../src/base/ids.ts";
import * as log from "../../src/base/log.ts";
import { createStamper } from "../../src/domain/stamper.ts";
import * as processTree from "../../src/process/agent/process-tree.ts";
import * as gitBranch from "../../src/process/git-branch.ts";
import type { ProcessIdentity } from "../../src/process/identity.ts";
import { systemProcesses } from "../../src/process/liveness.ts";
import * as blobs from "../../src/store/blobs.ts";
import type { Database, Rows, Statement } from "../../src/store/engine/database.ts";
import type { StoreError } from "../../src/store/engine/store-error.ts";
import type { StoreShape } from "../../src/store/schema.ts";
import type { Store } from "../../src/store/store.ts";
import { intern } from "./content.ts";
import type { Mode } from "./model-store.ts";

/** What the world looks like to a process besides the store: its clock, and who is dead. */
export interface Surroundings {
  readonly nowMs: number;
  /** Pids of processes that have died, in order. */
  readonly dead: readonly number[];
}

/** How an operation begins: the words its ids begin with, what surrounds it, and what its process has stamped before. */
export interface Beginning {
  readonly tag: string;
  readonly started: Surroundings;
  /** The latest time its process has given out so far, in microseconds. */
  readonly stamped: number;
}

/** What a use case was answered by the store, and the surroundings in which it went on from there. */
export interface Answer {
  readonly rows: Rows[] | undefined;
  readonly error: StoreError | undefined;
  readonly then: Surroundings;
}

/** Where a use case stands after so many answers. */
export type Standing = { readonly killed: readonly number[] } & (
  | { readonly kind: "calls"; readonly mode: Mode; readonly statements: readonly Statement[]; readonly key: number }
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown }
);

let surroundings: Surroundings = { nowMs: 0, dead: [] };
let idPrefix = "";
let idCount = 0;
let monotonicMs = 0;
let killed: number[] = [];
let lookAround: (() => Promise<unknown>) | undefined;
let onDelay: () => Promise<void> = () => Promise.resolve();
/** So that whoever waits for somebody looks twice and then loses patience. */
const SHORTEST_DELAY_MS = 2_600;

/** Takes over what a use case asks of the machine besides the store; undo with the function returned. */
export function ownTheMachine(): () => void {
  const next = () => `${idPrefix}.${++idCount}`;
  const spies = [
    spyOn(ids, "newId").mockImplementation(next),
    spyOn(ids, "newShortId").mockImplementation((kind) => `${kind}_${next()}`),
    spyOn(performance, "now").mockImplementation(() => monotonicMs),
    spyOn(delays, "delay").mockImplementation((ms) => {
      monotonicMs += Math.max(ms, SHORTEST_DELAY_MS);
      return onDelay();
    }),
    spyOn(gitBranch, "readGitBranch").mockImplementation(() => Promise.resolve(null)),
    spyOn(blobs, "putBlob").mockImplementation(() => Promise.resolve("hash")),
    spyOn(processTree, "endProcess").mockImplementation(endProcess),
    spyOn(processTree, "endAgentGroup").mockImplementation(() => Promise.resolve("gone" as const)),
    spyOn(log, "logLine").mockImplementation(() => {}),
    spyOn(systemProcesses, "exists").mockImplementation((pid) => !surroundings.dead.includes(pid)),
    spyOn(systemProcesses, "startTicks").mockImplementation(() => "1"),
    spyOn(systemProcesses, "state").mockImplementation(() => null),
  ];
  return () => {
    for (const spy of spies) spy.mockRestore();
  };
}

/** Others may act before the signal arrives: looking at the store first makes it a step of its own. */
async function endProcess({ pid }: ProcessIdentity): Promise<"gone"> {
  await lookAround?.();
  killed.push(pid);
  return "gone";
}

/** A store of the model over some database, stamped by the surrounding clock. */
export function modelStore(database: Database, shape: StoreShape, stamped = 0): Store {
  let clock = () => stamped / 1000;
  const stamp = createStamper(() => clock());
  if (stamped > 0) stamp();
  clock = () => surroundings.nowMs;
  return {
    target: { kind: "file", path: "the model", createFolder: false },
    database,
    shape,
    access: "write",
    readOnlyBecause: undefined,
    stamp,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Runs a use case straight through, in these surroundings, with ids of this prefix. */
export function straight<T>(prefix: string, around: Surroundings, work: () => Promise<T>): Promise<T> {
  surroundings = around;
  idPrefix = prefix;
  idCount = 0;
  monotonicMs = 0;
  killed = [];
  lookAround = undefined;
  onDelay = () => Promise.resolve();
  return work();
}

/** Runs work beside which a loop waits for its next round, which never comes. */
export function withoutTicks<T>(work: () => Promise<T>): Promise<T> {
  onDelay = () => new Promise(() => {});
  return work();
}

/** Lets a loop that waits before each of its rounds go round once; it then waits for ever. */
export function afterOneTick(start: () => void): Promise<void> {
  return new Promise((resolve) => {
    let waited = 0;
    onDelay = () => {
      if (waited++ === 0) return Promise.resolve();
      resolve();
      return new Promise(() => {});
    };
    start();
  });
}

/**
 * Runs a use case from its beginning: the calls it makes are answered from the recording, and the first one beyond it is
 * where it stands. That run is then left for ever; the same recording leads there again, or further.
 */
export function replay(
  { tag, started, stamped }: Beginning,
  begin: (store: Store) => Promise<unknown>,
  shape: StoreShape,
  answers: readonly Answer[],
): Promise<Standing> {
  const { promise, resolve } = Promise.withResolvers<Standing>();
  let answered = 0;
  function call(mode: Mode, statements: readonly Statement[]): Promise<Rows[]> {
    const answer = answers[answered++];
    if (!answer) {
      const key = intern(`${mode}${JSON.stringify(statements)}`);
      resolve({ kind: "calls", mode, statements, key, killed });
      return new Promise(() => {});
    }
    surroundings = answer.then;
    killed = [];
    return answer.error ? Promise.reject(answer.error) : Promise.resolve(answer.rows ?? []);
  }
  const database = recordedDatabase(call);
  straight(tag, started, () => {
    lookAround = () => database.read([{ sql: "SELECT 1" }]);
    return begin(modelStore(database, shape, stamped));
  }).then(
    (value) => resolve({ kind: "returned", value, killed }),
    (error: unknown) => resolve({ kind: "threw", error, killed }),
  );
  return promise;
}

function recordedDatabase(call: (mode: Mode, statements: readonly Statement[]) => Promise<Rows[]>): Database {
  const unused = () => Promise.reject(new Error("No use case of the model calls this"));
  return {
    engine: "remote",
    where: "the model",
    firstStatementAt: 0,
    read: (statements) => call("read", statements),
    write: (statements) => call("write", statements),
    scratch: unused,
    useTemporary: unused,
    prepareForWriting: unused,
    checkpoint: unused,
    pragma: unused,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
