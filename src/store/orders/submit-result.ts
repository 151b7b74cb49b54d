import { canonicalJson } from "../../base/canonical-json.ts";
import { newId } from "../../base/ids.ts";
import { type Guard, insertEvent, mustBeWritable } from "../append.ts";
import { blobStatement } from "../blobs.ts";
import type { Statement } from "../engine/database.ts";
import type { Store } from "../store.ts";
import { mindCallEvent } from "./mind-calls.ts";
import { type Order, utf8, writeWork } from "./work-rows.ts";

const MOST_SUPERSEDED = 20;

export interface Submission {
  readonly workId: string;
  readonly result: unknown;
  /** The claim it is made under; 0 for work that was answered without claiming it. */
  readonly claimEpoch: number;
}

/** `already`: this very answer is stored. `answered`: another one is. `superseded`: kept, but somebody has claimed the work since. */
export type Submitted = "accepted" | "already" | "superseded" | "answered" | "not_claimed" | "expired" | "unknown";

/** Stores an answer, if the order still waits for one and nobody has claimed it since: one compare-and-set, with its event. */
export async function submitResult(store: Store, order: Order, submission: Submission): Promise<Submitted> {
  mustBeWritable(store);
  const { workId, claimEpoch } = submission;
  const submissionId = newId();
  const wanted: Guard = {
    sql: `EXISTS (SELECT 1 FROM ouro_work WHERE work_id = ? AND (claim_epoch > ?
OR (claim_epoch = ? AND result_hash IS NULL AND open_until > unixepoch('subsec'))))`,
    args: [workId, claimEpoch, claimEpoch],
  };
  const { hash, statement } = blobStatement(store, utf8(canonicalJson(submission.result)), wanted);
  const acceptance: Statement = {
    sql: `UPDATE ouro_work SET result_hash = ?, submission_id = ?
WHERE work_id = ? AND claim_epoch = ? AND result_hash IS NULL AND open_until > unixepoch('subsec')`,
    args: [hash, submissionId, workId, claimEpoch],
  };
  const isMine: Guard = {
    sql: "EXISTS (SELECT 1 FROM ouro_work WHERE work_id = ? AND submission_id = ?)",
    args: [workId, submissionId],
  };
  const { kind, body } = order;
  const answered = { mind: "host", model: null, role: body.role, kind, work_id: workId };
  const facts = { ...answered, usage: null, ms: null, attempts: 1 + order.faults.length, outcome: "answered" };
  const event = mindCallEvent(store, submissionId, "returned", body.scope, facts);
  const late: Statement = {
    sql: `UPDATE ouro_work SET superseded = json_insert(superseded, '$[#]', json_object('result_hash', ?, 'claim_epoch', ?))
WHERE work_id = ? AND claim_epoch > ? AND result_hash IS NOT ? AND json_array_length(superseded) < ?
AND NOT EXISTS (SELECT 1 FROM json_each(superseded) WHERE json_extract(value, '$.result_hash') = ?)`,
    args: [hash, claimEpoch, workId, claimEpoch, hash, MOST_SUPERSEDED, hash],
  };
  const rows = await writeWork(store, workId, [statement, acceptance, insertEvent(event, isMine), late]);
  const row = rows?.rows[0];
  if (!row) return "unknown";
  if (row.submission_id === submissionId) return "accepted";
  if (row.result_hash === hash) return "already";
  if (Number(row.claim_epoch) !== claimEpoch)
    return Number(row.claim_epoch) > claimEpoch ? "superseded" : "not_claimed";
  return row.result_hash === null ? "expired" : "answered";
}
