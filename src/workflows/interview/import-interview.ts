import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import type { Interview } from "../../domain/interview/interview.ts";
import { INTERVIEW_IMPORTED } from "../../domain/interview/interview-events.ts";
import { readProvenance } from "../../domain/interview/provenance.ts";
import { beginInterview, readInterview } from "../../store/interviews.ts";
import type { Store } from "../../store/store.ts";
import { cleanText } from "./clean-text.ts";
import { readText } from "./context-file.ts";
import { isInterviewId } from "./start-interview.ts";

const FILE = /^interview_(interview_[a-z0-9_]+)\.json$/;
const MOST_FILES = 2_000;
/** Answers have a limit there, their number has none. */
const MOST_STATE_BYTES = 8_000_000;

/** Upstream's state of an interview (its `bigbang/interview.py`), as far as it says anything. */
const UpstreamState = v.object({
  status: v.fallback(v.picklist(["in_progress", "completed", "aborted"]), "in_progress"),
  initial_context: v.optional(v.string(), ""),
  rounds: v.optional(
    v.array(v.object({ question: v.string(), user_response: v.optional(v.nullable(v.string()), null) })),
    [],
  ),
  is_brownfield: v.optional(v.boolean(), false),
  codebase_paths: v.optional(v.array(v.object({ path: v.string() })), []),
  codebase_context: v.optional(v.nullable(v.string()), null),
  ambiguity_score: v.optional(v.nullable(v.number()), null),
});

/** Takes an interview of upstream's into the store; undefined when there is no file of this id that can be read. */
export async function importInterview(store: Store, home: string, interviewId: string): Promise<Interview | undefined> {
  if (!isInterviewId(interviewId)) return undefined;
  const file = `interview_${interviewId}.json`;
  const state = await readState(join(home, "data", file));
  if (!state) return undefined;
  const meta = await readText(file, join(home, "data", `pm_meta_${interviewId}.json`), MOST_STATE_BYTES);
  const { status, initial_context, is_brownfield, codebase_paths, codebase_context, ambiguity_score } = state;
  const imported = {
    context: cleanText(initial_context),
    kind: isRefusal(meta) ? "developer" : "product",
    cwd: codebase_paths[0]?.path ?? null,
    is_brownfield,
    project: codebase_context === null || codebase_context === "" ? null : cleanText(codebase_context),
    status,
    rounds: toRounds(state.rounds),
    upstream_score: ambiguity_score,
    file,
  };
  // Whoever was first to see it has imported the same.
  await beginInterview(store, interviewId, [[INTERVIEW_IMPORTED, imported]]);
  return readInterview(store, interviewId);
}

/** Imports every interview of upstream's that this store has not seen; resolves with how many there were. */
export async function importInterviews(store: Store, home: string): Promise<number> {
  const names = await readdir(join(home, "data")).catch((): string[] => []);
  const ids = names.flatMap((name) => FILE.exec(name)?.[1] ?? []).slice(0, MOST_FILES);
  let imported = 0;
  for (const id of ids) {
    if (await readInterview(store, id)) continue;
    if (await importInterview(store, home, id)) imported++;
  }
  return imported;
}

/** Upstream appends the open question before its answer is there; only the last one may be without. */
function toRounds(rounds: v.InferOutput<typeof UpstreamState>["rounds"]) {
  return rounds.flatMap(({ question, user_response }, index) => {
    if (user_response === null && index < rounds.length - 1) return [];
    const said = user_response === null ? null : readProvenance(cleanText(user_response));
    return [{ question: cleanText(question), answer: said?.text ?? null, source: said?.source ?? ("person" as const) }];
  });
}

async function readState(path: string): Promise<v.InferOutput<typeof UpstreamState> | undefined> {
  const text = await readText(path, path, MOST_STATE_BYTES);
  if (isRefusal(text)) return undefined;
  try {
    const parsed = v.safeParse(UpstreamState, JSON.parse(text));
    if (!parsed.success) return undefined;
    const { initial_context, rounds } = parsed.output;
    // Taken in once and for ever: what says nothing yet may say something later.
    return initial_context === "" && rounds.length === 0 ? undefined : parsed.output;
  } catch {
    return undefined; // cut off while upstream wrote it
  }
}
