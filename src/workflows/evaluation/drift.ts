import * as v from "valibot";
import { canonicalJson } from "../../base/canonical-json.ts";
import { newId } from "../../base/ids.ts";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { sha256 } from "../../base/sha256.ts";
import { type Drift, type DriftInput, measureDrift } from "../../domain/evaluation/drift.ts";
import type { Payload } from "../../domain/event.ts";
import type { Seed } from "../../domain/seed/seed.ts";
import type { WorkOrder } from "../../minds/mind.ts";
import { DRIFT_INSTRUCTIONS, DriftAnswer, driftInput } from "../../prompts/drift.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { append } from "../../store/append.ts";
import type { Store } from "../../store/store.ts";
import { readStream } from "../../store/streams.ts";
import type { Caller, Needed } from "../caller.ts";
import { stillThinking } from "../still-thinking.ts";
import { thinkOn } from "../think-on.ts";

const AGGREGATE = "drift";
/** Upstream's row, in a stream of its own: a measurement is no activity of the session it is about. */
const DRIFT_MEASURED = "observability.drift.measured";
const DRIFT_JUDGED = "drift.judged";
const Judged = v.object({ question_hash: v.string(), value: DriftAnswer, by: v.string() });
type Judged = Omit<v.InferOutput<typeof Judged>, "question_hash">;
const DEADLINE_MS = 5 * 60_000;

export interface DriftRequest extends Pick<DriftInput, "output" | "violations" | "concepts"> {
  readonly seed: Seed;
  readonly sessionId: string;
}

export type DriftDone =
  | { readonly status: "needs_host"; readonly work: WorkOrder }
  | { readonly status: "measured"; readonly judged_by: string | null; readonly drift: Drift };

/** Measures how far an output is from its seed: by its words, and by a mind as well where a caller is given that may ask one. */
export async function measureDriftOf(
  context: SessionContext,
  request: DriftRequest,
  caller: Caller | null,
  signal: AbortSignal,
): Promise<DriftDone | Refusal> {
  const { seed, sessionId, ...input } = request;
  if (caller === null) return measured(null);
  const hash = sha256(canonicalJson({ seed, input }));
  const patience = { patienceMs: caller.patienceMs, signal };
  const found = await thinkOn(context.store, `drift ${sessionId} ${hash}`, patience, (thinking) =>
    judged(context, request, hash, caller, thinking),
  );
  if (found === undefined) return stillThinking(`the drift of ${sessionId}`, {});
  if (isRefusal(found)) return found;
  return "needs" in found ? { status: "needs_host", work: found.needs } : measured(found);

  async function measured(found: Judged | null): Promise<DriftDone> {
    const drift = measureDrift({ ...input, seed, answer: found?.value });
    const { suggestions: _, threshold: __, ...numbers } = drift;
    await record(context.store, sessionId, DRIFT_MEASURED, { ...numbers, seed_id: seed.seed_id });
    return { status: "measured", judged_by: found?.by ?? null, drift };
  }
}

/** A mind's judgement, asked for once. */
async function judged(
  { store, minds }: SessionContext,
  { seed, output, concepts, sessionId }: DriftRequest,
  question_hash: string,
  caller: Caller,
  signal: AbortSignal,
): Promise<Judged | Needed | Refusal> {
  const known = (await readStream(store, AGGREGATE, sessionId)).events.flatMap(({ event_type, payload }) => {
    const read = v.safeParse(Judged, payload);
    return event_type === DRIFT_JUDGED && read.success && read.output.question_hash === question_hash
      ? [read.output]
      : [];
  });
  const [before] = known;
  if (before) return before;
  const scope = { aggregateType: AGGREGATE, aggregateId: sessionId };
  const host = { store, scope, continuation: caller.continuation };
  const mind = await minds.open({ role: "standard", hasHost: caller.hasHost, word: caller.mind, host });
  if (isRefusal(mind)) return mind;
  const input = driftInput(seed, { output, concepts });
  const asked = { role: "standard", kind: "evaluation.drift", instructions: DRIFT_INSTRUCTIONS } as const;
  const answer = await mind.ask({ ...asked, schema: DriftAnswer, input, deadlineMs: DEADLINE_MS }, signal);
  if (isRefusal(answer)) return answer;
  if (answer.status === "needs_host") return { needs: answer.work };
  const found = { value: answer.value, by: answer.by.mind };
  await record(store, sessionId, DRIFT_JUDGED, { question_hash, ...found });
  return found;
}

async function record(store: Store, sessionId: string, event_type: string, payload: Payload): Promise<void> {
  const event = { id: newId(), aggregate_type: AGGREGATE, aggregate_id: sessionId, event_type, payload };
  await append(store, { kind: "any" }, [{ ...event, at: store.stamp() }]);
}
