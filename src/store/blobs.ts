import { createHash } from "node:crypto";
import { toTimestamp } from "../domain/timestamp.ts";
import { type Guard, mustBeWritable } from "./append.ts";
import { query, type Statement } from "./engine/database.ts";
import type { Store } from "./store.ts";

/**
 * Stores a body once, under the SHA-256 of its bytes (hexadecimal). The same body again is young again: a compaction leaves young
 * ones alone, and the event that names it is yet to come.
 */
export async function putBlob(store: Store, body: Uint8Array): Promise<string> {
  mustBeWritable(store);
  const renewed = "DO UPDATE SET created_at = excluded.created_at";
  const { hash, statement } = insertion(store, body, { sql: "TRUE", args: [] }, renewed);
  await store.database.write([statement]);
  return hash;
}

/** A body's hash, and the statement that stores it if the guard holds: for writing it along with the event that names it. */
export function blobStatement(store: Store, body: Uint8Array, guard: Guard): { hash: string; statement: Statement } {
  return insertion(store, body, guard, "DO NOTHING");
}

function insertion(store: Store, body: Uint8Array, guard: Guard, whereItIs: string) {
  const hash = createHash("sha256").update(body).digest("hex");
  const bytes = body.slice().buffer;
  const sql = `INSERT INTO ouro_blob (hash, bytes, body, created_at) SELECT ?, ?, ?, ? WHERE ${guard.sql} ON CONFLICT (hash) ${whereItIs}`;
  return { hash, statement: { sql, args: [hash, body.byteLength, bytes, toTimestamp(store.stamp()), ...guard.args] } };
}

/** The body of a hash, or undefined when it was never stored. */
export async function getBlob(store: Store, hash: string): Promise<Uint8Array | undefined> {
  const [row] = await query(store.database, "SELECT body FROM ouro_blob WHERE hash = ?", [hash]);
  const body = row?.body;
  return body instanceof ArrayBuffer ? new Uint8Array(body) : undefined;
}
