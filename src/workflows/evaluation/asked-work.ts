import { canonicalJson } from "../../base/canonical-json.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { findWork, type Work } from "./work-to-judge.ts";

/** What an evaluation was asked about, in the words of whoever asked. */
export interface AskedWork {
  /** A run's session or execution; any other name is the caller's own for a folder. */
  readonly sessionId?: string | undefined;
  readonly seedText?: string | undefined;
  /** What has to hold, where that is not all that a seed says. */
  readonly criteria: readonly string[];
  readonly cwd: string;
}

/** Finds the work that is meant: a run's, else what lies in the folder, by the seed, else by the criteria that were named. */
export async function findAskedWork(context: SessionContext, asked: AskedWork): Promise<Work | Refusal> {
  const { sessionId, seedText, criteria, cwd } = asked;
  if (sessionId !== undefined) {
    const own = await findWork(context, { run: sessionId, seed: seedText });
    if (!isRefusal(own)) return criteria.length === 0 ? own : byCriteria(own);
    if (own.code === "needs_seed" && criteria.length > 0) {
      return findWork(context, { run: sessionId, seed: seedOf(`The work of ${sessionId}`, criteria) });
    }
    if (own.code !== "not_found") return own;
  }
  if (seedText !== undefined) {
    const work = await findWork(context, { cwd, seed: seedText });
    return isRefusal(work) || criteria.length === 0 ? work : byCriteria(work);
  }
  if (criteria.length > 0) return findWork(context, { cwd, seed: seedOf("What was asked for holds", criteria) });
  const what = sessionId === undefined ? "Nothing to judge by is named" : `${sessionId} is no run of this store`;
  return refuse("needs_seed", what, "Pass seed_content, or acceptance_criteria");

  /** With a seed that knows them all it is the seed that counts, its checks included; else what was named, by its words alone. */
  async function byCriteria(work: Work): Promise<Work | Refusal> {
    const known = new Set(work.seed.criteria.map(({ description }) => description.trim()));
    if (criteria.every((text) => known.has(text.trim()))) return work;
    const seed = seedOf(work.seed.goal, criteria);
    const narrowed = parseSeed(seed);
    if (isRefusal(narrowed)) return narrowed;
    const { session_id } = work.subject;
    const at = { cwd: work.cwd, from: work.from, base: work.base };
    return findWork(context, session_id === null ? { ...at, seed } : { run: session_id, seed });
  }
}

/** A seed of nothing but these criteria: the same for the same. */
function seedOf(goal: string, criteria: readonly string[]): string {
  return canonicalJson({ goal, acceptance_criteria: criteria });
}
