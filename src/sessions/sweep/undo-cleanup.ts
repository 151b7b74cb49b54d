import { type Refusal, refuse } from "../../base/refusal.ts";
import { isReopenable, SESSION_CANCELLED, type Session } from "../../domain/session/session.ts";
import { query } from "../../store/engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "../../store/row.ts";
import { loadSession } from "../../store/session/sessions.ts";
import type { SessionContext } from "../session-context.ts";
import { reopenSession } from "./sweep-session.ts";

export interface UndoneCleanup {
  readonly batch_id: string;
  readonly restored: readonly string[];
  /** Sessions that have moved on since, and were left as they are. */
  readonly left: readonly { readonly session_id: string; readonly status: string; readonly why: string }[];
}

/** Brings the sessions that one clean-up batch cancelled back as paused; without a batch id, the latest batch. */
export async function undoCleanup(context: SessionContext, batchId?: string): Promise<UndoneCleanup | Refusal> {
  const batch = batchId ?? (await latestBatch(context));
  if (batch === undefined)
    return refuse("no_batch", "Nothing to undo: no clean-up has cancelled anything", "Nothing needs to be done");
  const cancellations = await cancellationsOf(context, batch);
  if (cancellations.length === 0) {
    return refuse(
      "unknown_batch",
      `No session was cancelled by clean-up batch ${batch}`,
      "`ouroboros cleanup --json` names the batches",
    );
  }
  const restored: string[] = [];
  const left: UndoneCleanup["left"][number][] = [];
  for (const { sessionId, eventId } of cancellations) {
    const loaded = await loadSession(context.store, sessionId);
    const stands = loaded?.session.status_event_id === eventId;
    if (stands && (await reopenSession(context, sessionId, `clean-up ${batch} undone`, eventId)))
      restored.push(sessionId);
    else {
      const status = loaded?.session.status ?? "unknown";
      left.push({ session_id: sessionId, status, why: whyLeft(stands, loaded?.session) });
    }
  }
  return { batch_id: batch, restored, left };
}

function whyLeft(stands: boolean, session: Session | undefined): string {
  if (!stands) return "it has moved on since";
  return session && !isReopenable(session) ? "a person's cancellation is final" : "it changed at this moment";
}

async function latestBatch({ store }: SessionContext): Promise<string | undefined> {
  const [row] = await query(
    store.database,
    `SELECT payload ->> '$.batch_id' AS batch FROM events WHERE event_type = '${SESSION_CANCELLED}'
AND instr(payload, '"batch_id"') > 0 AND json_valid(payload) ORDER BY +rowid DESC LIMIT 1`,
  );
  return typeof row?.batch === "string" ? row.batch : undefined;
}

async function cancellationsOf(
  { store }: SessionContext,
  batch: string,
): Promise<{ sessionId: string; eventId: string }[]> {
  const rows = await query(
    store.database,
    `SELECT ${EVENT_COLUMNS} FROM events WHERE event_type = '${SESSION_CANCELLED}' AND instr(payload, ?) > 0 ORDER BY +rowid`,
    [batch],
  );
  return rows
    .map(toStoredEvent)
    .filter(({ payload }) => payload.batch_id === batch)
    .map(({ aggregate_id, id }) => ({ sessionId: aggregate_id, eventId: id }));
}
