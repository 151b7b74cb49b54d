import { chmod, open, stat } from "node:fs/promises";
import { failpoint } from "../base/failpoint.ts";
import { type Database, query, type Statement } from "./engine/database.ts";
import { openFileDatabase } from "./engine/file-database.ts";
import { StoreError } from "./engine/store-error.ts";
import { openStore } from "./open-store.ts";
import { creation, emptying, probeShape, SCHEMA_VERSION, type StoreShape } from "./schema.ts";
import { countSessions } from "./session/sessions.ts";

interface BackedUp {
  readonly events: number;
  readonly sessions: number;
}

type BackupStep = "copying" | "checking";

/**
 * Copies a store, as it stands at one moment, into a file that is not there yet; other programs go on reading and
 * writing meanwhile. Each step is one call into the database that blocks this whole process for as long as it takes, so
 * it belongs into a process of its own. `entering` is awaited before each step and may throw to end it. What a failure
 * leaves in the file is the caller's to remove.
 */
export async function backUpStore(
  path: string,
  copy: string,
  entering: (step: BackupStep) => Promise<void>,
): Promise<BackedUp> {
  await entering("copying");
  const mode = await copyStore(path, copy);
  await entering("checking");
  await mend(copy);
  const counts = await countCopy(copy);
  // Last of all: from here on a write would stand in a log beside the file, and the file alone is what gets its name.
  if (mode === "wal") await withFile(copy, (database) => database.pragma("PRAGMA journal_mode=WAL"));
  failpoint("backup:copy:finished");
  return counts;
}

/** The copy itself; answers the store's journal mode, which a copy does not inherit. */
async function copyStore(path: string, copy: string): Promise<string> {
  return await withFile(path, async (database) => {
    const shape = await probeShape(database);
    if (!shape.hasEvents) {
      throw new StoreError("store_missing", `Cannot back up the store ${path}: it holds no events table`);
    }
    // Without a write-ahead log writers would have to wait until the copy is made.
    if (shape.minReader <= SCHEMA_VERSION) await database.prepareForWriting();
    const { rows } = await database.pragma("PRAGMA journal_mode");
    await makePrivate(copy, path);
    failpoint("backup:copy:before");
    await database.pragma(`VACUUM INTO '${copy.replaceAll("'", "''")}'`);
    failpoint("backup:copy:after");
    return String(rows[0]?.[0]);
  });
}

/** An empty file that nobody may read who may not read the store: SQLite would make it readable for everybody. */
async function makePrivate(copy: string, path: string): Promise<void> {
  const { mode } = await stat(path);
  const file = await open(copy, "wx", 0o600);
  await file.close();
  await chmod(copy, mode & 0o777);
}

/** Makes the copy a store of its own, and has SQLite check it. */
async function mend(copy: string): Promise<void> {
  await withFile(copy, async (database) => {
    const statements = mending(await probeShape(database));
    if (statements.length > 0) await database.write(statements);
    const { rows } = await database.pragma("PRAGMA quick_check(5)");
    const complaints = rows.map((row) => String(row[0])).filter((word) => word !== "ok");
    if (complaints.length > 0) {
      throw new StoreError("store_corrupt", `Cannot back up the store: its copy is damaged: ${complaints.join("; ")}`);
    }
  });
}

/** Seats, such as the sweeper's, stand among the leases under names that no session has. */
const IS_SEAT = "session_id LIKE '@%'";

/**
 * SQLite promises nothing about the rowids of a copy, so what was folded up to a rowid is folded anew. And nobody holds
 * anything in a copy: owners go on in the original. Epochs and requests to cancel are facts and stay.
 */
function mending(shape: StoreShape): Statement[] {
  if (!shape.hasProjection && shape.schemaVersion === 0) return [];
  return [
    ...(shape.hasOurTables ? [] : creation(shape)),
    ...emptying(),
    { sql: `DELETE FROM ouro_lease WHERE ${IS_SEAT}` },
    { sql: "UPDATE ouro_lease SET expires_at = NULL WHERE expires_at IS NOT NULL" },
  ];
}

/** Counted as every reader will count them, without a trace in the file. */
async function countCopy(copy: string): Promise<BackedUp> {
  const target = { kind: "file", path: copy, createFolder: false } as const;
  await using store = await openStore(target, { readOnly: true, create: false });
  const sessions = await countSessions(store);
  const [row] = await query(store.database, "SELECT count(*) AS n FROM events");
  return { events: Number(row?.n), sessions: Object.values(sessions).reduce((sum, n) => sum + n, 0) };
}

async function withFile<T>(path: string, work: (database: Database) => Promise<T>): Promise<T> {
  await using database = await openFileDatabase(path, { createFolder: false, create: false });
  return await work(database);
}
