import { parseTimestamp } from "../../domain/timestamp.ts";
import { query } from "../engine/database.ts";
import { storedText } from "../row.ts";
import { breathe, catchUp, caughtUp } from "../session/catch-up.ts";
import type { Store } from "../store.ts";

/** Rows and the bytes of what they say; their keys and indexes come on top. */
export interface Share {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Where a store's rows and bytes are, each list with the biggest first. */
export interface StoreUsage {
  readonly rows: number;
  readonly bytes: number;
  readonly types: readonly Share[];
  readonly sessions: readonly (Share & { readonly status: string; readonly project: string | null })[];
  /** By the folder that sessions worked in (`unknown` where none is on record); the rest by the kind of stream. */
  readonly projects: readonly Share[];
  /** By the Monday that a week begins with, the oldest first. */
  readonly weeks: readonly Share[];
  /** Rows whose time cannot be read: they are in no week. */
  readonly undated: number;
}

const ROWS_AT_ONCE = 5_000;

/** Goes through all rows once without reading what they say. */
export async function storeUsage(store: Store, signal: AbortSignal, tell: (rows: number) => void): Promise<StoreUsage> {
  const owners = await readOwners(store);
  const tally = {
    all: new Tally(),
    types: new Tally(),
    sessions: new Tally(),
    projects: new Tally(),
    weeks: new Tally(),
  };
  let undated = 0;
  for (let after = 0; !signal.aborted; await breathe()) {
    const rows = await query(store.database, ROWS, [after, ROWS_AT_ONCE]);
    for (const row of rows) {
      const bytes = Number(row.bytes);
      const owner = owners.of(String(row.aggregate_type), String(row.aggregate_id));
      const week = weekOf(storedText(row.timestamp));
      tally.all.add("all", bytes);
      tally.types.add(String(row.event_type), bytes);
      if (owner) tally.sessions.add(owner.id, bytes);
      tally.projects.add(owner ? (owner.project ?? UNKNOWN) : `(${row.aggregate_type})`, bytes);
      if (week === undefined) undated++;
      else tally.weeks.add(week, bytes);
    }
    const last = rows.at(-1);
    if (!last) break;
    after = Number(last.row_id);
    tell(tally.all.rowsOf("all"));
  }
  const [all] = tally.all.shares();
  return {
    rows: all?.rows ?? 0,
    bytes: all?.bytes ?? 0,
    types: tally.types.shares(),
    sessions: tally.sessions.shares().map((share) => ({ ...share, ...owners.facts(share.name) })),
    projects: tally.projects.shares(),
    weeks: tally.weeks.shares().sort((a, b) => (a.name < b.name ? -1 : 1)),
    undated,
  };
}

const UNKNOWN = "unknown";
/** `octet_length` asks for the size alone: what a row says lies on pages of its own and is not fetched. */
const ROWS = `SELECT rowid AS row_id, aggregate_type, aggregate_id, event_type, octet_length(payload) AS bytes,
CAST(timestamp AS BLOB) AS timestamp FROM events WHERE rowid > ? ORDER BY rowid LIMIT ?`;

class Tally {
  readonly #counts = new Map<string, { rows: number; bytes: number }>();

  add(name: string, bytes: number): void {
    const count = this.#counts.get(name);
    if (!count) {
      this.#counts.set(name, { rows: 1, bytes });
      return;
    }
    count.rows++;
    count.bytes += bytes;
  }

  rowsOf(name: string): number {
    return this.#counts.get(name)?.rows ?? 0;
  }

  shares(): Share[] {
    return [...this.#counts].map(([name, count]) => ({ name, ...count })).sort((a, b) => b.bytes - a.bytes);
  }
}

interface Owner {
  readonly id: string;
  readonly status: string;
  readonly project: string | null;
}

/** Which session a stream belongs to: its own, its execution's, or one below that (`session-scopes.ts`). */
async function readOwners(store: Store) {
  await catchUp(store);
  const sql = "SELECT session_id, execution_id, status, cwd FROM ouro_session ORDER BY started_at, session_id";
  const byId = new Map<string, Owner>();
  const byExecution = new Map<string, Owner>();
  for (const row of await caughtUp(store, () => query(store.database, sql))) {
    const id = String(row.session_id);
    const owner = { id, status: String(row.status), project: row.cwd === null ? null : String(row.cwd) };
    byId.set(id, owner);
    if (row.execution_id !== null) byExecution.set(String(row.execution_id), owner);
  }
  return {
    of(type: string, stream: string): Owner | undefined {
      if (type !== "session" && type !== "execution") return undefined;
      const exact = byId.get(stream) ?? byExecution.get(stream);
      if (exact || type === "session") return exact;
      for (
        let end = stream.length;
        end > 0;
        end = Math.max(stream.lastIndexOf("_", end - 1), stream.lastIndexOf(":", end - 1))
      ) {
        const owner = byExecution.get(stream.slice(0, end));
        if (owner) return owner;
      }
      return undefined;
    },
    facts(id: string): { status: string; project: string | null } {
      const { status, project } = byId.get(id) ?? { status: UNKNOWN, project: null };
      return { status, project };
    },
  };
}

const DAY_MS = 86_400_000;

/** The Monday of the week of a stored time, in UTC. */
function weekOf(timestamp: string): string | undefined {
  const at = parseTimestamp(timestamp);
  if (at === undefined) return undefined;
  const date = new Date(at / 1000);
  return new Date(date.getTime() - ((date.getUTCDay() + 6) % 7) * DAY_MS).toISOString().slice(0, 10);
}
