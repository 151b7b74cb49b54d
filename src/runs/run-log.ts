import { failpoint } from "../base/failpoint.ts";
import { newId } from "../base/ids.ts";
import type { NewEvent, Payload } from "../domain/event.ts";
import { type Step, WORKFLOW_PROGRESS } from "../domain/run/steps.ts";
import { toIsoTimestamp } from "../domain/timestamp.ts";
import { patiently } from "../sessions/owner/patiently.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { append, isOwner } from "../store/append.ts";
import { blobStatement } from "../store/blobs.ts";
import type { Statement } from "../store/engine/database.ts";
import { forgetAttempts } from "../store/session/leases.ts";

/** How a step stands in this run. */
export type StepState = "pending" | "in_progress" | "completed" | "failed";

/** What a run writes while it goes on: every batch carries its owner's term, and is nothing once that has passed. */
export class RunLog {
  readonly #context: SessionContext;
  readonly #run: OwnedRun;
  readonly #steps: readonly Step[];
  readonly #states: Map<number, StepState>;
  readonly #began = performance.now();

  constructor(context: SessionContext, run: OwnedRun, steps: readonly Step[], known: ReadonlyMap<number, StepState>) {
    this.#context = context;
    this.#run = run;
    this.#steps = steps;
    this.#states = new Map(steps.map(({ index }) => [index, known.get(index) ?? "pending"]));
  }

  stateOf({ index }: Step): StepState {
    return this.#states.get(index) ?? "pending";
  }

  counts(): { total: number; done: number; failed: readonly Step[] } {
    const failed = this.#steps.filter((step) => this.stateOf(step) === "failed");
    return { total: this.#steps.length, done: this.#done(), failed };
  }

  /** Shows the plan before the first step begins. */
  announce(): Promise<boolean> {
    return this.#append([this.#progress(null, "Planning")]);
  }

  /** Records something about a step, with the output that goes with it; false when this process is not the owner any more. */
  note(step: Step, type: string, payload: Payload, output?: Uint8Array): Promise<boolean> {
    const body = this.#blob(output);
    return this.#append([this.#stepEvent(step, type, withHash(payload, body))], body ? [body.statement] : []);
  }

  /** Records something about the whole run, or several such things at once. */
  noteRun(type: string, ...payloads: readonly Payload[]): Promise<boolean> {
    return this.#append(payloads.map((payload) => this.#runEvent(type, payload)));
  }

  /** Records that a step has changed, how far the run is with it, and the output that goes with it. */
  turn(step: Step, state: StepState, type: string, payload: Payload, output?: Uint8Array): Promise<boolean> {
    this.#states.set(step.index, state);
    const { sessionId, epoch, ownerId } = this.#run.lease.term;
    const body = this.#blob(output);
    const events = [
      this.#stepEvent(step, type, withHash(payload, body)),
      this.#progress(step, state === "in_progress" ? "Working" : "Checking"),
    ];
    const along = state === "completed" ? [forgetAttempts(sessionId, epoch, ownerId)] : [];
    return this.#append(events, body ? [body.statement, ...along] : along);
  }

  #blob(output: Uint8Array | undefined) {
    const { sessionId, epoch, ownerId } = this.#run.lease.term;
    return output && blobStatement(this.#context.store, output, isOwner(sessionId, epoch, ownerId));
  }

  async #append(events: readonly NewEvent[], along: readonly Statement[] = []): Promise<boolean> {
    const { lease } = this.#run;
    const { sessionId, epoch, ownerId } = lease.term;
    const owner = { kind: "owner", sessionId, epoch, ownerId } as const;
    failpoint("append:before");
    const written = await patiently(() => append(this.#context.store, owner, events, along), lease.lost);
    failpoint("append:after");
    if (written === "written") return true;
    lease.giveUp({ kind: "fenced" });
    return false;
  }

  #stepEvent(step: Step, type: string, payload: Payload): NewEvent {
    const at = this.#run.lease.stamp();
    return {
      id: newId(),
      aggregate_type: "execution",
      aggregate_id: step.scope,
      event_type: type,
      payload: {
        session_id: this.#run.sessionId,
        execution_id: this.#run.executionId,
        ac_id: step.scope,
        ac_index: step.index,
        acceptance_criterion: step.criterion,
        epoch: this.#run.lease.term.epoch,
        ...payload,
        timestamp: toIsoTimestamp(at),
      },
      at,
    };
  }

  #runEvent(type: string, payload: Payload): NewEvent {
    const at = this.#run.lease.stamp();
    const { sessionId: session_id, executionId: execution_id } = this.#run;
    return {
      id: newId(),
      aggregate_type: "execution",
      aggregate_id: execution_id,
      event_type: type,
      payload: {
        session_id,
        execution_id,
        epoch: this.#run.lease.term.epoch,
        ...payload,
        timestamp: toIsoTimestamp(at),
      },
      at,
    };
  }

  /** The whole list in one row, as upstream's readers expect it. */
  #progress(step: Step | null, phase: string): NewEvent {
    const at = this.#run.lease.stamp();
    return {
      id: newId(),
      aggregate_type: "execution",
      aggregate_id: this.#run.executionId,
      event_type: WORKFLOW_PROGRESS,
      payload: {
        session_id: this.#run.sessionId,
        acceptance_criteria: this.#steps.map((one) => ({
          index: one.index + 1,
          content: one.criterion,
          status: this.stateOf(one),
        })),
        completed_count: this.#done(),
        total_count: this.#steps.length,
        current_ac_index: step?.index ?? null,
        current_phase: phase,
        activity: step === null ? "" : step.criterion.slice(0, 200),
        elapsed_display: `${Math.round((performance.now() - this.#began) / 1000)} s`,
        timestamp: toIsoTimestamp(at),
      },
      at,
    };
  }

  #done(): number {
    return this.#steps.filter((step) => this.stateOf(step) === "completed").length;
  }
}

function withHash(payload: Payload, body: { readonly hash: string } | undefined): Payload {
  return body ? { ...payload, output_hash: body.hash } : payload;
}
