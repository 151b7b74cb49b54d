import { failpoint } from "../../base/failpoint.ts";
import { query } from "../engine/database.ts";
import type { Store } from "../store.ts";
import { caughtUp } from "./catch-up.ts";
import { writeProjection } from "./projection.ts";
import { upsertSessions } from "./session-rows.ts";
import { loadSession } from "./sessions.ts";

const STREAMS_AT_ONCE = 500;

/** One step of looking for streams the projection does not know: how many were found, and where to go on (undefined at the end). */
export interface StartlessStep {
  readonly found: number;
  readonly next: string | undefined;
}

/**
 * Finds session streams that never had a status row (imported or damaged histories) and takes them into the projection.
 * Jumps from id to id through an index, one seek a stream however long each is.
 */
export function adoptStartless(store: Store, after: string): Promise<StartlessStep> {
  const { missingIndexes } = store.shape;
  const canJump = ["ix_events_aggregate_type_id", "ix_events_agg_type_id_timestamp"].some(
    (index) => !missingIndexes.includes(index),
  );
  if (!canJump) return Promise.resolve({ found: 0, next: undefined });
  return caughtUp(store, async () => {
    const ids = (await query(store.database, NEXT_IDS, { after, limit: STREAMS_AT_ONCE })).map((row) => ({
      id: String(row.id),
      known: Number(row.known) === 1,
    }));
    const sessions = [];
    for (const { id } of ids.filter(({ known }) => !known)) {
      const loaded = await loadSession(store, id);
      if (loaded) sessions.push(loaded.session);
    }
    if (sessions.length > 0) {
      failpoint("startless:adopt:before");
      await writeProjection(store, [upsertSessions(sessions)]);
      failpoint("startless:adopt:after");
    }
    return { found: sessions.length, next: ids.length < STREAMS_AT_ONCE ? undefined : ids.at(-1)?.id };
  });
}

const NEXT_ID = "SELECT min(aggregate_id) FROM events WHERE aggregate_type = 'session' AND aggregate_id >";
const NEXT_IDS = `WITH RECURSIVE ids (id, n) AS (
SELECT (${NEXT_ID} :after), 1 UNION ALL SELECT (${NEXT_ID} ids.id), n + 1 FROM ids WHERE id IS NOT NULL AND n < :limit)
SELECT id, EXISTS (SELECT 1 FROM ouro_session WHERE session_id = id) AS known FROM ids WHERE id IS NOT NULL`;
