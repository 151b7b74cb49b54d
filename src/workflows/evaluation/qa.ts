import { canonicalJson } from "../../base/canonical-json.ts";
import { newId } from "../../base/ids.ts";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { sha256 } from "../../base/sha256.ts";
import { QA_PASSES_AT, type QaResult, qaResult } from "../../domain/evaluation/qa.ts";
import type { WorkOrder } from "../../minds/mind.ts";
import { QA_INSTRUCTIONS, type QaQuestion, qaAnswer, qaInput } from "../../prompts/qa.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { append } from "../../store/append.ts";
import { readStream } from "../../store/streams.ts";
import type { Caller } from "../caller.ts";
import { stillThinking } from "../still-thinking.ts";
import { thinkOn } from "../think-on.ts";

const AGGREGATE = "qa";
/** Ours: upstream keeps no record of it. */
const QA_COMPLETED = "qa.completed";
const DEADLINE_MS = 5 * 60_000;

export interface QaRequest {
  readonly question: QaQuestion;
  readonly threshold?: number | undefined;
  /** The rounds of one artifact share it. */
  readonly qaSessionId?: string | undefined;
}

/** What a look at an artifact came to, or what the host has to think about first. */
export type QaDone =
  | { readonly status: "needs_host"; readonly qa_session_id: string; readonly work: WorkOrder }
  | { readonly status: "judged"; readonly qa_session_id: string; readonly by: string; readonly result: QaResult };

/** Has a mind hold an artifact against a quality bar. The verdict follows from its number; the same question is asked once. */
export async function judgeQuality(
  context: SessionContext,
  { question, threshold = QA_PASSES_AT, qaSessionId }: QaRequest,
  caller: Caller,
  signal: AbortSignal,
): Promise<QaDone | Refusal> {
  const { store, minds } = context;
  const hash = sha256(canonicalJson({ question, threshold }));
  const qa_session_id = qaSessionId ?? `qa-${hash.slice(0, 8)}`;
  const scope = { aggregateType: AGGREGATE, aggregateId: qa_session_id };
  const done = await thinkOn(store, `qa ${qa_session_id} ${hash}`, { patienceMs: caller.patienceMs, signal }, think);
  return done ?? stillThinking(qa_session_id, { qa_session_id });

  async function think(thinking: AbortSignal): Promise<QaDone | Refusal> {
    const known = await readStream(store, AGGREGATE, qa_session_id);
    const row = known.events.findLast(({ event_type, payload }) => {
      return event_type === QA_COMPLETED && payload.question_hash === hash;
    });
    // Written by nobody but us below, and of no consequence beyond this answer.
    if (row) return row.payload.done as QaDone;
    const host = { store, scope, continuation: caller.continuation };
    const mind = await minds.open({ role: "standard", hasHost: caller.hasHost, word: caller.mind, host });
    if (isRefusal(mind)) return mind;
    const schema = qaAnswer(threshold);
    const asked = { role: "standard", kind: "evaluation.qa", instructions: QA_INSTRUCTIONS, schema } as const;
    const answer = await mind.ask({ ...asked, input: qaInput(question), deadlineMs: DEADLINE_MS }, thinking);
    if (isRefusal(answer)) return answer;
    if (answer.status === "needs_host") return { status: "needs_host", qa_session_id, work: answer.work };
    const result = qaResult(answer.value, { threshold, earlier: question.earlier.length });
    const judged = { status: "judged", qa_session_id, by: answer.by.mind, result } as const;
    const event = { id: newId(), aggregate_type: AGGREGATE, aggregate_id: qa_session_id, event_type: QA_COMPLETED };
    const payload = { question_hash: hash, done: judged };
    await append(store, { kind: "any" }, [{ ...event, payload, at: store.stamp() }]);
    return judged;
  }
}
