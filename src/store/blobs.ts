import { createHash } from "node:crypto";
import { toTimestamp } from "../domain/timestamp.ts";
import { type Guard, mustBeWritable } from "./append.ts";
import { query, type Statement } from "./engine/database.ts";
import type { Store } from "./store.ts";

/** Stores a body once, under the SHA-256 of its bytes (hexadecimal); the same body again costs nothing. */
export async function putBlob(store: Store, body: Uint8Array): Promise<string> {
  mustBeWritable(store);
  const { hash, statement } = blobStatement(store, body, { sql: "TRUE", args: [] });
  // A compaction leaves young bodies alone: one that is put again is young again until the event that names it is there.
  const again = statement.sql.replace("DO NOTHING", "DO UPDATE SET created_at = excluded.created_at");
  await store.database.write([{ ...statement, sql: again }]);
  return hash;
}

/** A body's hash, and the statement that stores it if the guard holds: for writing it along with the event that names it. */
export function blobStatement(store: Store, body: Uint8Array, guard: Guard): { hash: string; statement: Statement } {
  const hash = createHash("sha256").update(body).digest("hex");
  const bytes = body.slice().buffer;
  const sql = `INSERT INTO ouro_blob (hash, bytes, body, created_at) SELECT ?, ?, ?, ? WHERE ${guard.sql} ON CONFLICT (hash) DO NOTHING`;
  return { hash, statement: { sql, args: [hash, body.byteLength, bytes, toTimestamp(store.stamp()), ...guard.args] } };
}

/** The body of a hash, or undefined when it was never stored. */
export async function getBlob(store: Store, hash: string): Promise<Uint8Array | undefined> {
  const [row] = await query(store.database, "SELECT body FROM ouro_blob WHERE hash = ?", [hash]);
  const body = row?.body;
  return body instanceof ArrayBuffer ? new Uint8Array(body) : undefined;
}
