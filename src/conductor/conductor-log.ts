import { newId } from "../base/ids.ts";
import type { Lineage } from "../domain/evolution/lineage.ts";
import { PROGRESS_UPDATED } from "../domain/session/session.ts";
import { toIsoTimestamp } from "../domain/timestamp.ts";
import { patiently } from "../sessions/owner/patiently.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { append } from "../store/append.ts";
import { forgetAttempts } from "../store/session/leases.ts";

/** Tells how far a lineage is, as its session's progress: once for each phase. */
export class ConductorLog {
  readonly #context: SessionContext;
  readonly #run: OwnedRun;
  #told: string | undefined;

  constructor(context: SessionContext, run: OwnedRun) {
    this.#context = context;
    this.#run = run;
  }

  /** One more phase is on record, unless it is the one that was told last; an owner that got so far has got something done. */
  async tell({ lineage_id, generations }: Lineage): Promise<void> {
    const { number = 0, phase = "waiting" } = generations.at(-1) ?? {};
    const place = `${number} ${phase}`;
    if (place === this.#told) return;
    const isFirst = this.#told === undefined;
    this.#told = place;
    const { lease } = this.#run;
    const { sessionId, epoch, ownerId } = lease.term;
    const at = lease.stamp();
    const activity = `Generation ${number} of ${lineage_id}`;
    const progress = { runtime_status: "running", lineage_id, generation: number, current_phase: phase, activity };
    const event = {
      id: newId(),
      aggregate_type: "session",
      aggregate_id: sessionId,
      event_type: PROGRESS_UPDATED,
      payload: { progress, epoch, timestamp: toIsoTimestamp(at) },
      at,
    };
    const along = isFirst ? [] : [forgetAttempts(sessionId, epoch, ownerId)];
    const owner = { kind: "owner", sessionId, epoch, ownerId } as const;
    const written = await patiently(() => append(this.#context.store, owner, [event], along), lease.lost);
    if (written === "fenced") lease.giveUp({ kind: "fenced" });
  }
}
