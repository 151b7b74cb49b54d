import type { StoredEvent } from "../../domain/event.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { query } from "../../store/engine/database.ts";
import { eventsAfter } from "../../store/event-queries.ts";
import { breathe } from "../../store/session/catch-up.ts";
import type { Store } from "../../store/store.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { look } from "../open.ts";
import { type Progress, startProgress } from "../progress.ts";
import { lines, table } from "../render.ts";

const AT_ONCE = 500;
const LISTED = 20;

/** `ouroboros store check`: decodes every row and lets SQLite check the file; it repairs nothing. */
export function storeCheck({ style, interruption }: Cli, flags: SharedFlags): Promise<Answer> {
  return look(flags, async (context) => {
    const { found, rows, quick_check } = await check(context, interruption.signal);
    const listed = found.listed.map((event) => ({
      rowid: event.rowid,
      id: event.id,
      type: event.event_type,
      aggregate_id: event.aggregate_id,
      why: event.quarantined ?? "",
    }));
    const damaged = found.count > 0 || (quick_check !== null && quick_check.length > 0);
    const complete = !interruption.signal.aborted;
    const json = {
      ok: !damaged && complete,
      complete,
      rows,
      quarantined: found.count,
      quarantined_rows: listed,
      quick_check,
    };
    const list = table(
      style,
      [
        { heading: "ROW", cell: (row) => String(row.rowid) },
        { heading: "ID", cell: (row) => row.id },
        { heading: "TYPE", cell: (row) => row.type },
        { heading: "OF", cell: (row) => row.aggregate_id },
        { heading: "WHY", cell: (row) => row.why, grows: true },
      ],
      listed,
    );
    const file = quick_check === null ? [] : quick_check.length === 0 ? ["The file is sound."] : quick_check;
    const more = found.count > listed.length ? [`… and ${found.count - listed.length} more`] : [];
    const sum = `${rows} rows read, ${found.count} of them cannot be decoded; they are skipped, and never a reason to fail.`;
    const text =
      (listed.length > 0 ? list : "") +
      lines([
        ...more,
        found.count > 0 ? sum : `${rows} rows read, all sound.`,
        ...file,
        ...(complete ? [] : ["Interrupted: the rest was not read."]),
      ]);
    return { json, text, exitCode: damaged ? EXIT.failure : EXIT.ok };
  });
}

interface Found {
  count: number;
  readonly listed: StoredEvent[];
}

async function check({ store }: SessionContext, signal: AbortSignal) {
  const progress = startProgress(process.stderr, "Reading rows …");
  try {
    const { rows, found } = await readAll(store, signal, progress);
    progress.tell("Checking the file …");
    await breathe();
    return { rows, found, quick_check: signal.aborted ? null : await quickCheck(store) };
  } finally {
    progress.done();
  }
}

async function readAll(store: Store, signal: AbortSignal, progress: Progress): Promise<{ rows: number; found: Found }> {
  const [top] = await query(store.database, "SELECT max(rowid) AS top FROM events");
  const last = Number(top?.top ?? 0);
  const found: Found = { count: 0, listed: [] };
  let rows = 0;
  for (let after = 0; after < last && !signal.aborted; await breathe()) {
    const events = await eventsAfter(store, after, AT_ONCE);
    for (const event of events) {
      if (event.quarantined === undefined) continue;
      found.count++;
      if (found.listed.length < LISTED) found.listed.push(event);
    }
    rows += events.length;
    after = events.at(-1)?.rowid ?? last;
    progress.tell(`${rows} rows read, up to row ${after} of ${last}`);
  }
  return { rows, found };
}

/** SQLite's own complaints, none for a sound file; null on a server, which looks after its own. */
async function quickCheck(store: Store): Promise<string[] | null> {
  if (store.database.engine === "remote") return null;
  const { rows } = await store.database.pragma(`PRAGMA quick_check(${LISTED})`);
  const words = rows.map((row) => String(row[0]));
  return words.length === 1 && words[0] === "ok" ? [] : words;
}
