import * as v from "valibot";
import { delay } from "../../base/delay.ts";
import { toIsoTimestamp } from "../../domain/timestamp.ts";
import type { Rows, Statement } from "../engine/database.ts";
import { StoreError } from "../engine/store-error.ts";
import type { Store } from "../store.ts";

const Json = v.record(v.string(), v.unknown());

/** The call that is made again once the answer is there; it then finds it. */
const Continuation = v.object({ tool: v.string(), arguments: Json });
export type Continuation = Readonly<v.InferOutput<typeof Continuation>>;

/** Work in a folder, handed out by claims; every other kind is a question to a mind. */
export const STEP_WORK = "run.step";
/** A decision that an agent leaves to a person. */
export const PERSON_QUESTION = "run.question";

/** What a host is asked, as it is stored. */
const OrderBody = v.object({
  scope: v.object({ aggregateType: v.string(), aggregateId: v.string() }),
  /** Whose work it is, where that is not the scope itself. */
  session_id: v.optional(v.string()),
  /** The folder to do it in, where that is not the session's. */
  cwd: v.optional(v.string()),
  role: v.string(),
  instructions: v.string(),
  input: v.string(),
  answer_schema: Json,
  continuation: v.nullable(Continuation),
});
export type OrderBody = Readonly<Omit<v.InferOutput<typeof OrderBody>, "answer_schema" | "continuation">> & {
  readonly answer_schema: Readonly<Record<string, unknown>>;
  readonly continuation: Continuation | null;
};

/** A work order as it stands now. */
export interface Order {
  readonly work_id: string;
  readonly kind: string;
  /** `expired`: nobody has asked or answered for so long that an answer is no longer taken; asked again it is open again. */
  readonly status: "open" | "answered" | "expired";
  readonly session_id: string;
  readonly claim_epoch: number;
  /** Who holds it at this moment, and until when (ISO 8601, by the store's clock). */
  readonly claim: { readonly by: string; readonly expires_at: string } | null;
  readonly body: OrderBody;
  readonly result: { readonly hash: string; readonly value: unknown } | undefined;
  /** One list for each answer that was taken and then found not to fit after all. */
  readonly faults: readonly (readonly string[])[];
  /** Answers that came after somebody else had claimed the work: kept, and not used. */
  readonly superseded: readonly { readonly result_hash: string; readonly claim_epoch: number }[];
}

/** SQL that reads orders with their bodies; a condition follows. */
export const ORDER_ROWS = `SELECT work_id, session_id, kind, open_until > unixepoch('subsec') AS is_open, claim_epoch, claim_id,
claimed_by, expires_at, claim_id IS NOT NULL AND expires_at > unixepoch('subsec') AS is_held, submission_id,
result_hash, faults, superseded, b.body AS body, r.body AS result FROM ouro_work
JOIN ouro_blob AS b ON b.hash = body_hash LEFT JOIN ouro_blob AS r ON r.hash = result_hash`;

const TRIES_AFTER_LOST_REPLY = 4;

/** The order of an id, or undefined when there never was one. */
export async function readOrder(store: Store, workId: string): Promise<Order | undefined> {
  const [rows] = await again(() => store.database.read([rowOf(workId)]));
  return toOrder(rows);
}

/** Writes, and reads the order's row as it then is, in one transaction. */
export async function writeWork(
  store: Store,
  workId: string,
  statements: readonly Statement[],
): Promise<Rows | undefined> {
  return (await again(() => store.database.write([...statements, rowOf(workId)]))).at(-1);
}

/** Tries again where the reply was lost; for work that is safe to repeat: the second try finds what the first one did. */
export async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isPassing = error instanceof StoreError && error.code === "store_unreachable";
      if (!isPassing || attempt === TRIES_AFTER_LOST_REPLY) throw error;
      await delay(50 * attempt * (0.5 + Math.random()));
    }
  }
}

/** A row of `ouro_work` with its bodies as an order; one whose question cannot be read is as good as none. */
export function toOrder(rows: Rows | undefined): Order | undefined {
  const row = rows?.rows[0];
  return row && orderOf(row);
}

/** One row with `ORDER_ROWS` as an order; undefined for one whose question cannot be read. */
export function orderOf(row: Rows["rows"][number]): Order | undefined {
  const body = v.safeParse(OrderBody, parsed(row.body));
  if (!body.success) return undefined;
  const hash = row.result_hash;
  return {
    work_id: String(row.work_id),
    kind: String(row.kind),
    status: hash !== null ? "answered" : row.is_open === 1 ? "open" : "expired",
    session_id: String(row.session_id),
    claim_epoch: Number(row.claim_epoch),
    claim: row.is_held === 1 ? { by: String(row.claimed_by), expires_at: isoTime(row.expires_at) } : null,
    body: body.output,
    result: typeof hash === "string" ? { hash, value: parsed(row.result) } : undefined,
    faults: JSON.parse(String(row.faults)),
    superseded: JSON.parse(String(row.superseded)),
  };
}

/** JSON as it is stored. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function rowOf(workId: string): Statement {
  return {
    sql: `${ORDER_ROWS} WHERE work_id = ?`,
    args: [workId],
  };
}

function isoTime(seconds: unknown): string {
  return toIsoTimestamp(Math.round(Number(seconds) * 1000) * 1000);
}

function parsed(body: unknown): unknown {
  try {
    return body instanceof ArrayBuffer ? JSON.parse(new TextDecoder().decode(body)) : undefined;
  } catch {
    return undefined; // damaged, or somebody else's: it fits nothing, and is asked for again
  }
}
