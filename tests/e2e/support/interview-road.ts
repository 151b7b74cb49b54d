import { STORY, thinkCarefully, WISH } from "./interview-story.ts";
import type { CallAnswer } from "./ouroboros-server.ts";

export const INTERVIEW_ID = "interview_tea";

export interface RoadCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What a host goes by in a tool's structured answer. */
interface RoadView {
  readonly status: string;
  readonly session_id?: string;
  readonly round?: number | null;
  readonly work?: { readonly work_id: string; readonly kind: string; readonly input: string } | null;
  readonly seed_path?: string | null;
  /** What the waiting tool then said, where a result was handed in. */
  readonly answer?: RoadView;
}

export const FIRST: RoadCall = {
  name: "ouroboros_interview",
  arguments: { initial_context: WISH, interview_id: INTERVIEW_ID },
};

/** What a host does next, by what it was last told: it thinks, it passes on what the person says, it asks for the seed; null at the end. */
export function nextCall(told: RoadView): RoadCall | null {
  const { status, work, round, session_id } = told.answer ?? told;
  if (work) return { name: "ouroboros_submit", arguments: { work_id: work.work_id, result: thinkCarefully(work) } };
  switch (status) {
    case "question":
      return { name: "ouroboros_interview", arguments: { session_id, round, answer: STORY[(round ?? 0) - 1]?.answer } };
    case "needs_turn":
      return { name: "ouroboros_interview", arguments: { session_id } };
    case "completed":
      return { name: "ouroboros_generate_seed", arguments: { session_id } };
    case "generated":
      return null;
    default:
      throw new Error(`A host does not know what to do about ${JSON.stringify(told)}`);
  }
}

/** The structured part of an answer that is no refusal. */
export function toldBy(answer: CallAnswer): RoadView {
  if (answer.isError || !answer.structuredContent) throw new Error(`Refused: ${JSON.stringify(answer.content)}`);
  // The server's output schemas are held elsewhere; here it is read as a host reads it.
  return answer.structuredContent as unknown as RoadView;
}

/** Goes all the way by calls of `call`, and names the tools it has called. */
export async function goTheRoad(call: (next: RoadCall) => Promise<CallAnswer>): Promise<string[]> {
  const names: string[] = [];
  for (let next: RoadCall | null = FIRST; next && names.length < 30; ) {
    names.push(next.name);
    next = nextCall(toldBy(await call(next)));
  }
  return names;
}
