import { StoreError } from "../../src/store/engine/store-error.ts";
import type { StoreShape } from "../../src/store/schema.ts";
import { catchUp } from "../../src/store/session/catch-up.ts";
import { ACCIDENTS, type Accident, died } from "./accidents.ts";
import { contextOf, identityOf, pidOf, SESSION, STRANDS, WORKERS } from "./cast.ts";
import { type Content, foldOf, forget, intern } from "./content.ts";
import { ModelStore } from "./model-store.ts";
import { type Mutant, mutate } from "./mutants.ts";
import { OPERATIONS, type Operation, type Report } from "./operations.ts";
import type { Plan } from "./plan.ts";
import { type Broken, judgeStep, leaseOf } from "./promises.ts";
import { type Answer, modelStore, replay, type Standing, type Surroundings, straight } from "./replay.ts";
import { makeStart, STAMPED_AT_ONCE } from "./starts.ts";
import { keyOf, type Memory, type Running, type State, type Step, stepsOf, type Worker } from "./state.ts";

export interface Explored {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** Batches and reads that SQLite really ran. */
  readonly ran: number;
  readonly complete: boolean;
  /** In how many statements the mutant was found. */
  readonly hits: number;
  readonly broken: (Broken & { readonly steps: readonly string[] }) | undefined;
}

type Fate = "" | "lost" | "gone" | "late";

/** Visits every state that any interleaving of the plan leads to, nearest first, and judges each step. */
export async function explore(plan: Plan, mutant?: Mutant): Promise<Explored> {
  forget();
  const { store, shape } = await ModelStore.create((sql) => (mutant ? mutate(mutant, sql) : sql));
  const first = await makeStart(plan.start, store, shape);
  return await new Explorer(plan, store, shape).from(first);
}

class Explorer {
  readonly #plan: Plan;
  readonly #store: ModelStore;
  readonly #shape: StoreShape;
  readonly #operations: readonly Operation[];
  readonly #accidents: readonly Accident[];
  readonly #standings = new Map<number, Standing>();
  readonly #caughtUp = new Set<Content>();
  readonly #seen = new Set<string>();
  readonly #queue: State[] = [];
  #transitions = 0;
  #broken: Explored["broken"];

  constructor(plan: Plan, store: ModelStore, shape: StoreShape) {
    this.#plan = plan;
    this.#store = store;
    this.#shape = shape;
    this.#operations = OPERATIONS.filter(({ name }) => plan.operations?.includes(name) ?? true);
    this.#accidents = ACCIDENTS.filter(({ name, rare }) => plan.accidents?.includes(name) ?? !rare);
  }

  async from(first: State): Promise<Explored> {
    this.#queue.push(first);
    this.#seen.add(keyOf(first));
    const limit = this.#plan.states ?? Number.POSITIVE_INFINITY;
    let at = 0;
    let depth = 0;
    for (; at < this.#queue.length && !this.#broken && this.#seen.size < limit; at++) {
      const state = this.#queue[at];
      if (!state) break;
      depth = state.depth;
      await this.#expand(state);
      // States are kept for their successors only.
      delete this.#queue[at];
    }
    return {
      states: this.#seen.size,
      transitions: this.#transitions,
      depth,
      ran: this.#store.ran,
      complete: at === this.#queue.length,
      hits: this.#store.hits,
      broken: this.#broken,
    };
  }

  async #expand(state: State): Promise<void> {
    for (const [strand, running] of state.running.entries()) {
      if (running) await this.#advanceAll(state, strand, running);
      else if (this.#isLeft(state)) await this.#begin(state, strand);
      if (this.#broken) return;
    }
    if (state.late) await this.#arrive(state);
    if (!this.#isLeft(state)) return;
    for (const accident of this.#accidents) {
      if (this.#mayHappen(state, accident.name)) await this.#happen(state, accident);
    }
  }

  #isLeft({ used }: State): boolean {
    return Object.values(used).reduce((sum, n) => sum + n, 0) < this.#plan.most;
  }

  #mayHappen({ used }: State, name: string): boolean {
    return (used[name] ?? 0) < (this.#plan.mostOfOne ?? 2);
  }

  async #begin(state: State, strand: number): Promise<void> {
    const who = STRANDS[strand];
    if (!who) return;
    const worker = who.worker === undefined ? undefined : state.workers[who.worker];
    const isOwners = who.role === "work" || who.role === "watch";
    if (isOwners && (worker?.standing !== "owner" || state.dead.includes(pidOf(who.process)))) return;
    for (const operation of this.#operations) {
      if (operation.by !== who.role || !this.#mayHappen(state, operation.name)) continue;
      if (operation.name === "resume" && (worker?.standing !== "none" || isDead(state, who.worker))) continue;
      const nowMs = state.nowMs + (operation.afterMs ?? 0);
      const later = { ...state, nowMs, latestMs: Math.max(state.latestMs, nowMs) };
      const process = processOf(strand, operation);
      const stamped = Math.max(state.stamped[process] ?? 0, nowMs * 1000) + STAMPED_AT_ONCE;
      const running = await this.#start(later, strand, operation);
      const used = { ...state.used, [operation.name]: (state.used[operation.name] ?? 0) + 1 };
      const begun = state.begun.map((n, at) => (at === strand ? n + 1 : n));
      const begins = { ...later, used, begun, stamped: { ...state.stamped, [process]: stamped } };
      // A read sees what it would have seen a moment later; a write that was sent off may meet another store.
      if (running.next.mode === "read") await this.#advanceAll(begins, strand, running);
      else await this.#sendOff(state, begins, strand, running);
      if (this.#broken) return;
    }
  }

  async #sendOff(before: State, begins: State, strand: number, running: Running): Promise<void> {
    const after = { ...begins, running: begins.running.map((one, at) => (at === strand ? running : one)) };
    const step: Step = {
      strand,
      operation: running.operation.name,
      tag: running.tag,
      answers: [],
      report: undefined,
      thrown: undefined,
    };
    await this.#arriveAt(before, after, step, `${STRANDS[strand]?.name}: ${running.operation.name} is sent off`);
  }

  async #start(state: State, strand: number, operation: Operation): Promise<Running> {
    const tag = `s${strand}n${state.begun[strand]}`;
    const worker = STRANDS[strand]?.worker;
    const isOwners = operation.by === "work" || operation.by === "watch";
    const term = isOwners && worker !== undefined ? state.workers[worker]?.term : undefined;
    const started: Surroundings = { nowMs: state.nowMs, dead: state.dead };
    const stamped = state.stamped[processOf(strand, operation)] ?? 0;
    const key = intern(`R${tag}|${operation.name}|${around(started)}|${term?.ownerId}|${stamped}`);
    const begun = { operation, tag, term, started, stamped, answers: [], key };
    const standing = await this.#stand(strand, begun);
    if (standing.kind !== "calls") throw new Error(`${operation.name} never calls the store`);
    return { ...begun, next: standing };
  }

  async #stand(strand: number, running: Omit<Running, "next">) {
    const { operation, tag, term, answers, key } = running;
    let standing = this.#standings.get(key);
    if (!standing) {
      const process = processOf(strand, operation);
      const { apart } = this.#plan.start;
      const begin = (store: ReturnType<typeof modelStore>) =>
        operation.run({ context: contextOf(store, process, apart), tag, term });
      standing = await replay(running, begin, this.#shape, answers);
      this.#standings.set(key, standing);
    }
    return standing;
  }

  async #advanceAll(state: State, strand: number, running: Running): Promise<void> {
    await this.#advance(state, strand, running, "");
    const mayFail = this.#plan.network === true && running.next.mode === "write" && !state.used.network;
    if (!mayFail || !this.#isLeft(state)) return;
    const troubled = { ...state, used: { ...state.used, network: 1 } };
    for (const fate of ["lost", "gone", "late"] as const) {
      if (!this.#broken) await this.#advance(troubled, strand, running, fate);
    }
  }

  /** One call of an operation, and everything it does until its next one. */
  async #advance(state: State, strand: number, running: Running, fate: Fate): Promise<void> {
    const { next, operation, tag } = running;
    const isSent = fate === "" || fate === "lost";
    const executed = isSent
      ? this.#store.execute(state.content, state.nowMs, next.mode, next.statements, next.key)
      : undefined;
    const then: Surroundings = { nowMs: state.nowMs, dead: state.dead };
    const answer: Answer =
      fate === ""
        ? { rows: executed?.rows, error: executed?.error, then }
        : { rows: undefined, error: UNREACHABLE, then };
    const answers = [...running.answers, answer];
    const key = intern(`R${running.key}|${fate === "" ? executed?.answer : "lost"}|${around(then)}`);
    const standing = await this.#stand(strand, { ...running, answers, key });
    const report = standing.kind === "returned" ? (standing.value as Report) : undefined;
    const thrown = standing.kind === "threw" ? standing.error : undefined;
    const goesOn: Running | undefined =
      standing.kind === "calls" ? { ...running, answers, next: standing, key } : undefined;
    const late =
      fate === "late"
        ? {
            statements: next.statements,
            key: next.key,
            strand,
            operation: operation.name,
            tag,
            answers: running.answers,
          }
        : state.late;
    let after: State = {
      ...state,
      content: executed?.content ?? state.content,
      running: state.running.map((one, at) => (at === strand ? goesOn : one)),
      late,
    };
    const step: Step = { strand, operation: operation.name, tag, answers, report, thrown };
    after = this.#kill(remember(state, after, step), strand, standing.killed);
    const word = `${STRANDS[strand]?.name}: ${operation.name}, ${next.mode} ${answers.length}${fate === "" ? "" : ` (${FATES[fate]})`}`;
    await this.#arriveAt(
      state,
      after,
      step,
      report ? `${word} → ${report.outcome}` : thrown ? `${word} → fails` : word,
    );
  }

  /** Signals reach whoever is in the sender's own pid namespace. */
  #kill(state: State, strand: number, pids: readonly number[]): State {
    let after = state;
    const { apart } = this.#plan.start;
    const sender = identityOf(STRANDS[strand]?.process ?? "", apart).pid_namespace;
    for (const process of WORKERS) {
      const pid = pidOf(process);
      const isHit =
        pids.includes(pid) && !after.dead.includes(pid) && identityOf(process, apart).pid_namespace === sender;
      if (isHit) after = { ...after, ...died(after, process) };
    }
    return after;
  }

  /** A batch arrives whose sender has given it up. */
  async #arrive(state: State): Promise<void> {
    const { late } = state;
    if (!late) return;
    const { content } = this.#store.execute(state.content, state.nowMs, "write", late.statements, late.key);
    const step: Step = { ...late, report: undefined, thrown: undefined };
    const after = remember(state, { ...state, content, late: undefined }, step);
    await this.#arriveAt(state, after, step, `a late batch of ${STRANDS[late.strand]?.name} arrives`);
  }

  async #happen(state: State, accident: Accident): Promise<void> {
    const changes = accident.apply ? accident.apply(state) : {};
    if (!changes || this.#broken) return;
    const statements = accident.sql?.(state);
    const key = statements && intern(JSON.stringify(statements));
    const executed = statements && this.#store.execute(state.content, state.nowMs, "write", statements, key ?? 0);
    const used = { ...state.used, [accident.name]: (state.used[accident.name] ?? 0) + 1 };
    const changed: State = { ...state, ...changes, content: executed?.content ?? state.content, used };
    const step: Step = {
      strand: undefined,
      operation: accident.name,
      tag: "",
      answers: [],
      report: undefined,
      thrown: undefined,
    };
    const after = remember(state, { ...changed, latestMs: Math.max(state.latestMs, changed.nowMs) }, step);
    await this.#arriveAt(state, after, step, accident.name);
  }

  async #arriveAt(before: State, after: State, step: Step, words: string): Promise<void> {
    this.#transitions++;
    const trace = { before: before.trace, step: words };
    const broken = this.#isRowGone() ?? judgeStep(before, after, step) ?? (await this.#catchesUp(after.content));
    if (broken) {
      this.#broken = { ...broken, steps: stepsOf(trace) };
      return;
    }
    const key = keyOf(after);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#queue.push({ ...after, trace, depth: before.depth + 1 });
  }

  #isRowGone(): Broken | undefined {
    const { goneRow } = this.#store;
    return goneRow === undefined ? undefined : { promise: "every acknowledged event is there once", how: goneRow };
  }

  /** Caught up from here, the projection is what a fold from zero says. */
  async #catchesUp(content: Content): Promise<Broken | undefined> {
    if (this.#caughtUp.has(content)) return undefined;
    this.#caughtUp.add(content);
    this.#store.load(content, 0);
    const folded = modelStore(this.#store.database(), this.#shape);
    await straight("catch up", { nowMs: 0, dead: [] }, () => catchUp(folded));
    const [row] = this.#store.dump().sessions;
    const fold = foldOf(content);
    const same =
      row?.status === fold?.status && row?.status_event_id === fold?.status_event_id && row?.epoch === fold?.epoch;
    if (same) return undefined;
    return {
      promise: "the projection is the fold",
      how: `caught up it is ${row?.status}, folded from zero ${fold?.status}`,
    };
  }
}

const FATES = { lost: "its reply is lost", gone: "it never arrives", late: "it is under way for long" };
const UNREACHABLE = new StoreError("store_unreachable", "the model's network");

/** A resume is carried out by the worker that the server starts for it. */
function processOf(strand: number, { name }: Operation): string {
  const who = STRANDS[strand];
  return (name === "resume" ? WORKERS[who?.worker ?? 0] : who?.process) ?? "";
}

function around({ nowMs, dead }: Surroundings): string {
  return `${nowMs}.${dead}`;
}

function isDead({ dead }: State, worker: number | undefined): boolean {
  return worker !== undefined && dead.includes(pidOf(WORKERS[worker] ?? ""));
}

/** The state after a step with everything in it that follows from what the store and the operation said. */
function remember(before: State, after: State, step: Step): State {
  let state = after;
  let memory: Memory = after.memory;
  const lease = leaseOf(after.content);
  const old = leaseOf(before.content);
  if (lease?.owner_id !== old?.owner_id) memory = { ...memory, owner: undefined };
  if (lease && old && old.owner_id === lease.owner_id && old.expires_at !== null && lease.expires_at === null) {
    const owner = memory.owner?.ownerId === lease.owner_id ? undefined : memory.owner;
    memory = { ...memory, owner, released: [...memory.released, `${SESSION}.${lease.epoch}.${lease.owner_id}`] };
  }
  if (before.content.events !== after.content.events && memory.final === undefined) {
    const session = foldOf(after.content);
    if (session?.status === "cancelled" && session.status_by !== "auto_cleanup")
      memory = { ...memory, final: session.status_event_id, owner: undefined };
  }
  const { report } = step;
  const who = step.strand === undefined ? undefined : STRANDS[step.strand];
  if (report && who?.role === "person" && report.outcome === "cancel_requested") memory = { ...memory, asked: true };
  if (report && who?.worker !== undefined) {
    if (report.term) {
      const pid = pidOf(WORKERS[who.worker] ?? "");
      memory = { ...memory, owner: { ...report.term, pid } };
      state = { ...state, workers: withWorker(state, who.worker, { standing: "owner", term: report.term }) };
    } else if (who.role !== "server" && (report.outcome === "fenced" || report.outcome.startsWith("ended "))) {
      const worker = state.workers[who.worker];
      if (memory.owner?.ownerId === worker?.term?.ownerId) memory = { ...memory, owner: undefined };
      state = { ...state, workers: withWorker(state, who.worker, { standing: "stopped", term: worker?.term }) };
    }
  }
  return { ...state, memory };
}

function withWorker({ workers }: State, at: number, worker: Worker): readonly Worker[] {
  return workers.map((one, index) => (index === at ? worker : one));
}
