import { createHash, type Hash } from "node:crypto";
import { type Database, query } from "../engine/database.ts";
import { StoreError } from "../engine/store-error.ts";
import { openStore } from "../open-store.ts";
import { breathe } from "../session/catch-up.ts";
import { countSessions } from "../session/sessions.ts";
import type { Store } from "../store.ts";

/** What a copy of a store turned out to hold when it was opened and read. */
export interface CopyFacts {
  readonly events: number;
  readonly sessions: number;
  readonly newest_rowid: number;
  readonly blobs: number;
  /** Over every event in commit order, rowids aside. */
  readonly sha256: string;
}

type Tell = (step: string) => void;

const ROWS_AT_ONCE = 500;
const COMPLAINTS = 5;

/**
 * Opens a copy as any program would and reads all of it: SQLite checks the file, every event is read, and every body is held
 * against the hash it is called by. Throws a StoreError where something does not hold.
 */
export async function examineCopy(path: string, tell: Tell = () => undefined): Promise<CopyFacts> {
  await using copy = await openStore({ kind: "file", path, createFolder: false }, { readOnly: true, create: false });
  if (!copy.shape.hasEvents) throw new StoreError("store_missing", `${path} is no store: it holds no events table`);
  tell("Checking the file …");
  await breathe();
  const { rows } = await copy.database.pragma(`PRAGMA integrity_check(${COMPLAINTS})`);
  const complaints = rows.map((row) => String(row[0])).filter((word) => word !== "ok");
  if (complaints.length > 0) throw damaged(path, complaints.join("; "));
  const sessions = Object.values(await countSessions(copy)).reduce((sum, n) => sum + n, 0);
  const [top] = await query(copy.database, "SELECT count(*) AS events, max(rowid) AS newest FROM events");
  const blobs = await checkBlobs(copy, path);
  const events = Number(top?.events);
  const sha256 = await digest(copy.database, events, tell);
  return { events, sessions, newest_rowid: Number(top?.newest ?? 0), blobs, sha256 };
}

/** Holds a copy against the store it was made of, whose rows since then do not count; throws a StoreError where they differ. */
export async function compareWithCopy(store: Store, path: string, tell: Tell = () => undefined): Promise<CopyFacts> {
  const facts = await examineCopy(path, tell);
  const sha256 = await digest(store.database, facts.events, tell);
  if (sha256 !== facts.sha256) throw damaged(path, "its events are not those of the store");
  return facts;
}

/** The hash of a store's first so many events. */
async function digest(database: Database, events: number, tell: Tell): Promise<string> {
  const hash = createHash("sha256");
  let after = 0;
  for (let read = 0; read < events; await breathe()) {
    const limit = Math.min(ROWS_AT_ONCE, events - read);
    const rows = await query(
      database,
      `SELECT rowid AS row_id, id, aggregate_type, aggregate_id, event_type, CAST(payload AS BLOB) AS payload,
CAST(timestamp AS BLOB) AS timestamp FROM events WHERE rowid > ? ORDER BY rowid LIMIT ?`,
      [after, limit],
    );
    for (const row of rows) {
      for (const column of COLUMNS) add(hash, row[column]);
    }
    const last = rows.at(-1);
    if (!last) break;
    after = Number(last.row_id);
    read += rows.length;
    tell(`${read} of ${events} events compared`);
  }
  return hash.digest("hex");
}

const COLUMNS = ["id", "aggregate_type", "aggregate_id", "event_type", "payload", "timestamp"] as const;

/** With its length first, so that no two rows run together into the same bytes. */
function add(hash: Hash, value: unknown): void {
  const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : Buffer.from(String(value));
  hash.update(`${bytes.byteLength}:`).update(bytes);
}

async function checkBlobs({ database, shape }: Store, path: string): Promise<number> {
  if (!shape.hasOurTables) return 0;
  const names = (await query(database, "SELECT hash FROM ouro_blob")).map(({ hash }) => String(hash));
  for (const name of names) {
    const [row] = await query(database, "SELECT body FROM ouro_blob WHERE hash = ?", [name]);
    const body = row?.body;
    const found = body instanceof ArrayBuffer ? createHash("sha256").update(new Uint8Array(body)).digest("hex") : "";
    if (found !== name) throw damaged(path, `the body ${name} is not what it is called by`);
  }
  return names.length;
}

function damaged(path: string, why: string): StoreError {
  return new StoreError("store_corrupt", `The copy ${path} cannot be relied on: ${why}`);
}
