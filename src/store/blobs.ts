import { createHash } from "node:crypto";
import { toTimestamp } from "../domain/timestamp.ts";
import { mustBeWritable } from "./append.ts";
import { query } from "./database.ts";
import type { Store } from "./store.ts";

/** Stores a body once, under the SHA-256 of its bytes (hexadecimal); the same body again costs nothing. */
export async function putBlob(store: Store, body: Uint8Array): Promise<string> {
  mustBeWritable(store);
  const hash = createHash("sha256").update(body).digest("hex");
  const bytes = body.slice().buffer;
  await store.database.write([
    {
      sql: "INSERT INTO ouro_blob (hash, bytes, body, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
      args: [hash, body.byteLength, bytes, toTimestamp(store.stamp())],
    },
  ]);
  return hash;
}

/** The body of a hash, or undefined when it was never stored. */
export async function getBlob(store: Store, hash: string): Promise<Uint8Array | undefined> {
  const [row] = await query(store.database, "SELECT body FROM ouro_blob WHERE hash = ?", [hash]);
  const body = row?.body;
  return body instanceof ArrayBuffer ? new Uint8Array(body) : undefined;
}
