import { stat } from "node:fs/promises";
import { newHexId, newShortId } from "../../base/ids.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { AUTO_STARTED, type AutoBounds } from "../../domain/auto/auto-events.ts";
import { DECIDED_BEFOREHAND } from "../../prompts/assume.ts";
import { selectRuntime } from "../../runtimes/runtime-settings.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { beginAuto } from "../../store/autos.ts";
import { checksConsent } from "../../trust/checks-consent.ts";
import { checksToAgree } from "../evaluation/checks-to-agree.ts";
import { cleanText } from "../interview/clean-text.ts";
import { MOST_CONTEXT_CHARS } from "../interview/start-interview.ts";

/** Enough for a small thing; upstream goes on by itself for as many generations. */
const ROUNDS = 12;
const GENERATIONS = 3;

export interface AutoRequest {
  readonly goal: string;
  readonly cwd: string;
  /** What the person has decided already, by names of their choice. */
  readonly preferences?: Readonly<Record<string, unknown>> | undefined;
  readonly skipRun: boolean;
  readonly runtime?: string | undefined;
  /** Those that are named; the others are what this user's runs may take. */
  readonly bounds: { readonly [Bound in keyof AutoBounds]?: AutoBounds[Bound] | undefined };
  readonly by: string;
}

/**
 * Puts an auto on record; resolves with its id. Whatever would be in its way at the end is looked for now: with `needs_approval` it is
 * refused until this user has agreed to the checks that an existing project declares.
 */
export async function startAuto(
  context: SessionContext,
  request: AutoRequest,
): Promise<{ readonly auto_id: string } | Refusal> {
  const { cwd, skipRun, by } = request;
  const goal = cleanText(request.goal);
  const wish = wishOf(goal, request.preferences ?? {});
  if (goal === "") return refuse("bad_goal", "Cannot start: the goal is empty", "Say in a sentence what you want");
  if (wish.length > MOST_CONTEXT_CHARS) {
    const message = `Cannot start with ${wish.length} characters: at most ${MOST_CONTEXT_CHARS} are taken`;
    return refuse("goal_too_long", message, "Pass a summary", { max_chars: MOST_CONTEXT_CHARS });
  }
  const folder = await stat(cwd).catch(() => null);
  if (!folder?.isDirectory())
    return refuse("bad_cwd", `There is no folder ${cwd}`, "Make it, or pass the project's own");
  if (!skipRun) {
    const refused = await whatStopsWork(context, request);
    if (refused) return refused;
  }
  const auto_id = newShortId("auto");
  const { ceiling } = context.runSettings;
  const bounds = { max_interview_rounds: ROUNDS, generations: GENERATIONS, ...ceiling, ...given(request.bounds) };
  const ids = { interview_id: newHexId("interview"), lineage_id: newShortId("lin") };
  const runtime = request.runtime ?? null;
  const started = { goal, cwd, ...ids, context: wish, skip_run: skipRun, runtime, bounds, by };
  await beginAuto(context.store, auto_id, [AUTO_STARTED, started]);
  return { auto_id };
}

/** Nobody shall be asked about it after hours: an agent that is not there, checks that nobody has agreed to. */
async function whatStopsWork(context: SessionContext, { cwd, runtime }: AutoRequest): Promise<Refusal | undefined> {
  const agent = selectRuntime(context.runtimes, runtime);
  if (isRefusal(agent)) return agent;
  return checksConsent(context, await checksToAgree(cwd, context.allowedPrograms), null);
}

function wishOf(goal: string, preferences: Readonly<Record<string, unknown>>): string {
  const decided = Object.entries(preferences).map(([name, value]) => {
    return `- ${cleanText(name)}: ${cleanText(typeof value === "string" ? value : JSON.stringify(value))}`;
  });
  return decided.length === 0 ? goal : [goal, "", DECIDED_BEFOREHAND, ...decided].join("\n");
}

function given(bounds: AutoRequest["bounds"]): Partial<AutoBounds> {
  return Object.fromEntries(Object.entries(bounds).filter(([, value]) => value !== undefined));
}
