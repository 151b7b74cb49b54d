import type * as v from "valibot";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { type Assumption, AUTO_ASSUMED } from "../../domain/auto/auto-events.ts";
import type { AutoState } from "../../domain/auto/auto-state.ts";
import type { Interview, Round } from "../../domain/interview/interview.ts";
import type { Answer, Mind, WorkOrder } from "../../minds/mind.ts";
import { ASSUMED, AssumeAnswer, assumeInput, assumeInstructions } from "../../prompts/assume.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { autoScope, changeAuto } from "../../store/autos.ts";
import { openLook } from "../../workspaces/open-look.ts";
import type { Caller } from "../caller.ts";
import { recordAnswer } from "../interview/record-answer.ts";
import { thinkOn } from "../think-on.ts";
import { block } from "./block.ts";

type Decision = v.InferOutput<typeof AssumeAnswer>;

/**
 * Has a mind answer the open question in the person's place. The decision is on record before it becomes the answer, so whoever goes on
 * after a crash answers the same. Resolves with false while the mind is still at it and this caller waits no longer.
 */
export async function answerRound(
  context: SessionContext,
  { auto }: Pick<AutoState, "auto">,
  { interview, round }: { readonly interview: Interview; readonly round: Round },
  caller: Caller,
  signal: AbortSignal,
): Promise<true | false | { readonly needs: WorkOrder } | Refusal> {
  const { store } = context;
  const { auto_id } = auto;
  const known = auto.assumptions.find((one) => one.round === round.number && one.question === round.question.text);
  if (known) return answered(context, interview, known);
  const about = `assume ${auto_id} ${round.number}`;
  const { patienceMs } = caller;
  const found = await thinkOn(store, about, { patienceMs, signal }, async (thinking) => {
    const host = { store, scope: autoScope(auto_id), continuation: caller.continuation };
    const mind = await context.minds.open({ role: "standard", hasHost: caller.hasHost, word: caller.mind, host });
    if (isRefusal(mind)) return mind;
    const asked = await ask(context, mind, { interview, round, cwd: auto.cwd }, thinking);
    if (isRefusal(asked)) return asked;
    if (asked.status === "needs_host") return { needs: asked.work };
    return settle(context, auto_id, { interview, round }, asked.value);
  });
  return found ?? false;
}

/** A question about the code is looked up where it can be: by an agent in a copy of the project, by a host in the project itself. */
async function ask(
  { home }: SessionContext,
  mind: Mind,
  { interview, round, cwd }: { readonly interview: Interview; readonly round: Round; readonly cwd: string },
  signal: AbortSignal,
): Promise<Answer<Decision> | Refusal> {
  const isLookup = round.question.ask === "code" && interview.is_brownfield;
  const where = isLookup && mind.kind === "host" ? `\n\nThe project's folder is ${cwd}` : "";
  const question = {
    role: "standard",
    kind: "auto.assume",
    instructions: assumeInstructions(interview) + where,
    input: assumeInput(interview, round),
    schema: AssumeAnswer,
  } as const;
  if (!isLookup || mind.kind !== "agent") return mind.ask(question, signal);
  const look = await openLook({ cwd, home, from: undefined, signal });
  if (isRefusal(look)) return look;
  try {
    return await mind.ask({ ...question, folder: look.bench.folder }, signal);
  } finally {
    await look.close();
  }
}

/** What came of it: a decision, or a question that only the person can answer. */
async function settle(
  context: SessionContext,
  autoId: string,
  { interview, round }: { readonly interview: Interview; readonly round: Round },
  { ask_person, ...decision }: Decision,
): Promise<true | Refusal> {
  const { question, number } = round;
  if (ask_person) {
    const suggestions = [decision.answer, ...decision.alternatives, ...question.suggestions].filter(
      (one) => one !== "",
    );
    const asked = await block(context, autoId, {
      phase: "interview",
      code: "ask_person",
      message: question.text,
      next: `Only you can say: ${decision.why}`,
      round: number,
      suggestions: [...new Set(suggestions)].slice(0, 6),
    });
    return isRefusal(asked) ? asked : true;
  }
  const assumption = { round: number, question: question.text, ...decision };
  const noted = await changeAuto(context.store, autoId, (now) => {
    const isNoted = now.assumptions.some((one) => one.round === number && one.question === question.text);
    return isNoted ? [] : [[AUTO_ASSUMED, assumption]];
  });
  if (isRefusal(noted)) return noted;
  // Of two who decided at the same moment, the first has.
  const taken = noted.assumptions.find((one) => one.round === number) ?? assumption;
  return answered(context, interview, taken);
}

async function answered(
  { store }: SessionContext,
  { interview_id }: Interview,
  { round, answer }: Pick<Assumption, "round" | "answer">,
): Promise<true | Refusal> {
  const recorded = await recordAnswer(store, interview_id, { answer: `${ASSUMED} ${answer}`, round, by: "auto" });
  // Somebody else has answered it meanwhile: theirs stands.
  return isRefusal(recorded) && recorded.code !== "round_answered" ? recorded : true;
}
