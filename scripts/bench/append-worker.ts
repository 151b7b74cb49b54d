// One side of the append comparison. Obeys lines on stdin: a number of batches to write now; answers with the
// milliseconds that took. At the end of its input it prints how many of its rows are in the store.
import { createInterface } from "node:readline";
import { createClient } from "@libsql/client/sqlite3";
import { newId } from "../../src/base/ids.ts";
import type { NewEvent } from "../../src/domain/event.ts";
import { toTimestamp } from "../../src/domain/timestamp.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import { append, type Expected } from "../../src/store/append.ts";
import { fileUrl } from "../../src/store/engine/store-target.ts";
import { openStore } from "../../src/store/open-store.ts";
import { takeOver } from "../../src/store/session/leases.ts";

const [, , side, path = "", expectation, perBatch = "1", payloadBytes = "300"] = process.argv;
const SESSION = "orch_0123456789ab";
const OWNER = "bench";

const payload = payloadOf(Number(payloadBytes));
const write = side === "bare" ? await bareWriter() : await storeWriter();
for await (const line of createInterface({ input: process.stdin })) {
  const batches = Array.from({ length: Number(line) }, batchOfEvents);
  const began = performance.now();
  for (const batch of batches) await write.batch(batch);
  process.stdout.write(`${performance.now() - began}\n`);
}
process.stdout.write(`${await write.count()}\n`);
await write.close();

interface Writer {
  batch(events: readonly NewEvent[]): Promise<void>;
  count(): Promise<number>;
  close(): Promise<void>;
}

/** What anybody would write with the driver alone: the same rows, the same durability, no guard, no model. */
async function bareWriter(): Promise<Writer> {
  const client = createClient({ url: fileUrl(path), concurrency: 1, timeout: 15 });
  await client.execute("PRAGMA journal_mode=WAL");
  await client.execute("PRAGMA synchronous=NORMAL");
  const sql =
    "INSERT INTO events (id, aggregate_type, aggregate_id, event_type, payload, timestamp) VALUES (?, ?, ?, ?, ?, ?)";
  return {
    async batch(events) {
      const statements = events.map(({ id, aggregate_type, aggregate_id, event_type, payload, at }) => ({
        sql,
        args: [id, aggregate_type, aggregate_id, event_type, JSON.stringify(payload), toTimestamp(at)],
      }));
      const [only, ...others] = statements;
      if (only && others.length === 0) await client.execute(only);
      else await client.batch(statements, "write");
    },
    count: async () => Number((await client.execute("SELECT count(*) AS n FROM events")).rows[0]?.n),
    close: async () => client.close(),
  };
}

async function storeWriter(): Promise<Writer> {
  const store = await openStore({ kind: "file", path, createFolder: false }, { readOnly: false, create: false });
  const seen = { sessionId: SESSION, executionId: null, lease: undefined, epoch: 0, newestRowid: 0 };
  const taker = { ownerId: OWNER, purpose: "run", identity: ownIdentity(), ttlSeconds: 3600, overCancelRequest: false };
  if (expectation === "owner") await store.database.write([takeOver(seen, { ...taker, purpose: "run" })]);
  const expected: Expected =
    expectation === "owner" ? { kind: "owner", sessionId: SESSION, epoch: 1, ownerId: OWNER } : { kind: "any" };
  return {
    async batch(events) {
      const outcome = await append(store, expected, events);
      if (outcome !== "written") throw new Error(`Cannot time an append that was ${outcome}`);
    },
    async count() {
      const [result] = await store.database.read([{ sql: "SELECT count(*) AS n FROM events" }]);
      return Number(result?.rows[0]?.n);
    },
    close: async () => await store[Symbol.asyncDispose](),
  };
}

function batchOfEvents(): NewEvent[] {
  return Array.from({ length: Number(perBatch) }, () => ({
    id: newId(),
    aggregate_type: "session",
    aggregate_id: SESSION,
    event_type: "orchestrator.progress.updated",
    payload,
    at: Date.now() * 1000,
  }));
}

/** A progress payload of about this many bytes: a few levels, some numbers, mostly text. */
function payloadOf(bytes: number): NewEvent["payload"] {
  const head = { session_id: SESSION, runtime_status: "running", messages_processed: 17, cost: 0.25, tools: ["Read"] };
  const lines: { kind: string; text: string }[] = [];
  for (let rest = bytes - JSON.stringify(head).length; rest > 0; rest -= 160) {
    lines.push({ kind: "assistant", text: "x".repeat(Math.max(1, Math.min(rest, 160) - 40)) });
  }
  return { ...head, progress: { lines } };
}
