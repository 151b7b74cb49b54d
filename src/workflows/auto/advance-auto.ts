import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Block } from "../../domain/auto/auto-events.ts";
import { workPhaseOf } from "../../domain/auto/auto-phase.ts";
import type { AutoState } from "../../domain/auto/auto-state.ts";
import { type Ceiling, overCeiling } from "../../domain/run/ceiling.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import type { Caller } from "../caller.ts";
import { recordAnswer } from "../interview/record-answer.ts";
import type { AutoCall, AutoProgress, AutoStep } from "./auto-call.ts";
import { block } from "./block.ts";
import { carryOut } from "./carry-out.ts";
import { interviewStep } from "./interview-step.ts";
import { readState } from "./read-state.ts";
import { seedStep } from "./seed-step.ts";

/**
 * Takes an auto as far as it goes without somebody else: the interview, the seed, the lineage. Every step is on record before the next,
 * under ids that were made before anything was begun, so whoever calls, from any process, goes on there and begins nothing twice.
 */
export async function advanceAuto(
  context: SessionContext,
  autoId: string,
  call: AutoCall,
  signal: AbortSignal,
): Promise<AutoProgress | Refusal> {
  const { store } = context;
  let state = await readState(store, autoId);
  if (isRefusal(state)) return state;
  if (call.answer !== undefined) {
    const said = await takeAnswer(context, state, call.answer, call.by);
    if (isRefusal(said)) return said;
    state = said;
  }
  for (;;) {
    if (signal.aborted) return { status: "running", state, session: null };
    const { phase } = state;
    if (phase === "blocked" || phase === "failed" || phase === "complete") return { status: phase, state };
    const over = state.lineage ? undefined : overBudget(state);
    const step = over ? await block(context, autoId, over) : await stepOf(context, state, call, signal);
    if (isRefusal(step) && step.code !== "still_thinking") return resumable(step, autoId);
    const now = await readState(store, autoId);
    if (isRefusal(now)) return now;
    await tellOf(call, state, now);
    state = now;
    if (isRefusal(step) || step === "thinking") return { status: "running", state, session: null };
    if (step === "on") continue;
    if ("needs" in step) return { status: "needs_host", state, work: step.needs };
    return { status: "running", state, session: step.running };
  }
}

function stepOf(
  context: SessionContext,
  state: AutoState,
  call: AutoCall,
  signal: AbortSignal,
): Promise<AutoStep | Refusal> | AutoStep {
  const { deadline, hasHost, continuation, mind } = call;
  const patienceMs = deadline === undefined ? undefined : Math.max(0, deadline - performance.now());
  if (patienceMs === 0) return "thinking";
  const caller: Caller = { hasHost, continuation, mind, patienceMs };
  switch (workPhaseOf(state)) {
    case "interview":
      return interviewStep(context, state, caller, signal);
    case "seed_generation":
    case "review":
      return seedStep(context, state, caller, signal);
    case "run":
    case "evaluate":
      return carryOut(context, state, { ...call, caller }, signal);
  }
}

/** The person's word on the question that is in the way. */
async function takeAnswer(
  context: SessionContext,
  state: AutoState,
  { text, round }: NonNullable<AutoCall["answer"]>,
  by: string,
): Promise<AutoState | Refusal> {
  const { auto, block: asked, phase } = state;
  const isOpen = phase === "blocked" && asked?.round != null;
  // What was asked then has its answer by now.
  if (round !== undefined && !(isOpen && asked.round === round)) return state;
  if (!isOpen || asked.round === null) {
    const facts = { auto_session_id: auto.auto_id };
    return refuse("no_open_question", "No question waits for the person", "Leave the answer out", facts);
  }
  const said = await recordAnswer(context.store, auto.interview_id, { answer: text, round: asked.round, by });
  return isRefusal(said) ? said : readState(context.store, auto.auto_id);
}

const CODES = { hours: "wall_clock_exhausted", tokens: "token_budget", cost_usd: "money_budget" } as const;
const WORDS = { hours: "hours", tokens: "tokens", cost_usd: "US dollars" } as const;

/** Asked before every question; from the first generation on the lineage itself stops. */
function overBudget(state: AutoState): Block | undefined {
  const { auto, spent } = state;
  const which: keyof Ceiling | null = overCeiling(spent, auto.bounds);
  if (which === null) return undefined;
  const message = `It has taken ${spent[which]} of ${auto.bounds[which]} ${WORDS[which]} before any work was begun`;
  const next = "What was decided is kept. Go on by hand from its interview or seed, or begin again with more";
  return { phase: workPhaseOf(state), code: CODES[which], message, next, round: null, suggestions: [] };
}

async function tellOf({ tell }: AutoCall, before: AutoState, now: AutoState): Promise<void> {
  const known = new Set(before.auto.assumptions);
  for (const one of now.auto.assumptions.slice(known.size)) {
    await tell(`Round ${one.round}: ${one.question} Assumed (${one.confidence.toFixed(2)}): ${one.answer}`);
  }
  if (now.auto.seed && !before.auto.seed) await tell(`Seed ${now.auto.seed.seed_id} is written`);
  if (now.phase !== before.phase) await tell(`Now: ${now.phase.replace("_", " ")}`);
}

/** The step cannot be taken for now; the same call goes on from there. */
function resumable(refusal: Refusal, autoId: string): Refusal {
  const next = `${refusal.next}. What was done is kept: resume ${autoId} to go on`;
  return { ...refusal, next, facts: { ...refusal.facts, auto_session_id: autoId, recoverable: true } };
}
