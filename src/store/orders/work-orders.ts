import { createHash } from "node:crypto";
import { canonicalJson } from "../../base/canonical-json.ts";
import { toTimestamp } from "../../domain/timestamp.ts";
import { type Guard, insertEvent, mustBeWritable } from "../append.ts";
import { blobStatement } from "../blobs.ts";
import type { Statement } from "../engine/database.ts";
import { StoreError } from "../engine/store-error.ts";
import type { Store } from "../store.ts";
import { mindCallEvent } from "./mind-calls.ts";
import { again, type Order, type OrderBody, readOrder, toOrder, utf8, writeWork } from "./work-rows.ts";

const OPEN_SECONDS = 7 * 24 * 3600;

/** Asks: makes the order, or finds it as it stands. One that is still open is open for its full time again. */
export async function createOrder(store: Store, kind: string, body: OrderBody): Promise<Order> {
  const workId = workIdOf(kind, body);
  const found = await readOrder(store, workId);
  if (found?.result) return found;
  mustBeWritable(store);
  const { hash, statement } = blobStatement(store, utf8(JSON.stringify(body)), ALWAYS);
  const offer: Statement = {
    sql: `INSERT INTO ouro_work (work_id, session_id, kind, open_until, body_hash, created_at)
VALUES (?, ?, ?, unixepoch('subsec') + ?, ?, ?)
ON CONFLICT (work_id) DO UPDATE SET body_hash = excluded.body_hash, open_until = excluded.open_until
WHERE ouro_work.result_hash IS NULL`,
    args: [workId, body.session_id ?? body.scope.aggregateId, kind, OPEN_SECONDS, hash, toTimestamp(store.stamp())],
  };
  const asked = { mind: "host", model: null, role: body.role, kind, work_id: workId };
  // Its id follows from the order's: however often the question is asked, it is on record once.
  const event = mindCallEvent(store, uuidFrom(`asked ${workId}`), "requested", body.scope, asked);
  const order = await writeAndRead(store, workId, [statement, offer, insertEvent(event, ALWAYS)]);
  if (!order) throw new StoreError("store_corrupt", `Cannot read the work order ${workId} right after it was written`);
  return order;
}

/** Takes an accepted answer back that does not fit after all, and keeps why; changes nothing when another one stands there. */
export async function rejectResult(store: Store, order: Order, faults: readonly string[]): Promise<Order> {
  mustBeWritable(store);
  const hash = order.result?.hash ?? null;
  const rejection: Statement = {
    sql: `UPDATE ouro_work SET result_hash = NULL, submission_id = NULL, faults = json_insert(faults, '$[#]', json(?)),
open_until = unixepoch('subsec') + ? WHERE work_id = ? AND result_hash = ?`,
    args: [JSON.stringify(faults), OPEN_SECONDS, order.work_id, hash],
  };
  return (await writeAndRead(store, order.work_id, [rejection])) ?? order;
}

/** Forgets what was wrong with earlier answers: whoever asks next begins afresh. */
export async function forgetFaults(store: Store, workId: string): Promise<void> {
  mustBeWritable(store);
  const sql = "UPDATE ouro_work SET faults = '[]' WHERE work_id = ?";
  await again(() => store.database.write([{ sql, args: [workId] }]));
}

const ALWAYS: Guard = { sql: "TRUE", args: [] };

/** The id of a question: the same question in the same scope has the same id, so asking twice is one order. */
function workIdOf(kind: string, { scope, instructions, input, answer_schema }: OrderBody): string {
  const question = [scope.aggregateType, scope.aggregateId, kind, instructions, input, answer_schema];
  return `work_${sha256(canonicalJson(question)).slice(0, 24)}`;
}

async function writeAndRead(store: Store, workId: string, statements: readonly Statement[]) {
  return toOrder(await writeWork(store, workId, statements));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function uuidFrom(text: string): string {
  const hex = sha256(text);
  const variant = "89ab"[Number.parseInt(hex.slice(16, 17), 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
