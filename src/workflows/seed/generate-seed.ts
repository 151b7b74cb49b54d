import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { blockersOfPerson } from "../../domain/interview/blockers.ts";
import { currentAssessment, type Interview, transcriptHash } from "../../domain/interview/interview.ts";
import { INTERVIEW_SEEDED } from "../../domain/interview/interview-events.ts";
import type { Finding } from "../../domain/seed/lint/finding.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import { lintSeed } from "../../domain/seed/seed-lint.ts";
import { toYaml } from "../../domain/seed/seed-yaml.ts";
import { toIsoTimestamp } from "../../domain/timestamp.ts";
import type { WorkOrder } from "../../minds/mind.ts";
import { changeInterview, interviewScope } from "../../store/interviews.ts";
import { readSeed, type SeedRecord, saveSeed } from "../../store/seeds.ts";
import { rememberSeedMadeHere } from "../../trust/made-here.ts";
import type { Caller } from "../caller.ts";
import { completeInterview } from "../interview/end-interview.ts";
import { findInterview, type InterviewWorld } from "../interview/interview-call.ts";
import { planTurn } from "../interview/plan-turn.ts";
import { stillThinking } from "../still-thinking.ts";
import { thinkOn } from "../think-on.ts";
import { draftDocument } from "./draft-document.ts";
import { keepSeedFile } from "./keep-seed-file.ts";
import { seedQuestion } from "./seed-question.ts";

/** A seed as it was made, or the work a host does first. */
export type GeneratedSeed =
  | { readonly status: "needs_host"; readonly interview: Interview; readonly work: WorkOrder }
  | {
      readonly status: "generated";
      readonly interview: Interview;
      readonly seed: SeedRecord;
      readonly yaml: string;
      /** Where its file is; null where none could be written, and why. */
      readonly path: string | null;
      readonly fileProblem: string | null;
      readonly findings: readonly Finding[];
    };

/**
 * Makes the seed of an interview: scored first, so that it carries its true score; refused while it is not clear, unless forced;
 * then one question to a mind, whose every criterion has to name its source. An interview that was not changed keeps its seed.
 */
export async function generateSeed(
  world: InterviewWorld,
  { sessionId, force, by }: { readonly sessionId: string; readonly force: boolean; readonly by: string },
  caller: Caller,
  signal: AbortSignal,
): Promise<GeneratedSeed | Refusal> {
  const found = await findInterview(world, sessionId);
  if (isRefusal(found)) return found;
  const turn = await planTurn(world, sessionId, caller, signal);
  if (isRefusal(turn)) return turn;
  if (currentAssessment(turn.interview) === undefined && !turn.work)
    return stillThinking(turn.interview.interview_id, { session_id: turn.interview.interview_id });
  if (turn.work) return { status: "needs_host", interview: turn.interview, work: turn.work };
  const interview = await closed(world, turn.interview, { force, by });
  if (isRefusal(interview)) return interview;
  const known = interview.seeds.findLast(({ transcript_hash }) => transcript_hash === transcriptHash(interview));
  if (known) return asMade(world, interview, known.seed_id);
  const about = `seed ${sessionId} ${transcriptHash(interview)}`;
  const made = await thinkOn(world.store, about, { patienceMs: caller.patienceMs, signal }, (thinking) =>
    draftSeed(world, interview, { caller, by }, thinking),
  );
  return made ?? stillThinking(interview.interview_id, { session_id: interview.interview_id });
}

/** A person who asks for the seed says that it is enough; whether it is, the scores say. */
async function closed(
  { store }: InterviewWorld,
  interview: Interview,
  { force, by }: { readonly force: boolean; readonly by: string },
): Promise<Interview | Refusal> {
  if (interview.status === "aborted") {
    return refuse("interview_aborted", `${interview.interview_id} was given up`, "Start another one");
  }
  if (force) return interview;
  if (interview.status === "in_progress") return completeInterview(store, interview.interview_id, by);
  const blockers = blockersOfPerson(interview);
  if (blockers.length === 0) return interview;
  return refuse(
    "not_clear_yet",
    `${interview.interview_id} ended before it was clear: ${blockers.map(({ message }) => message).join("; ")}`,
    "Open it again with an answer and last_question, or pass force: the seed then carries the true score",
    { session_id: interview.interview_id, blockers },
  );
}

async function draftSeed(
  world: InterviewWorld,
  interview: Interview,
  { caller, by }: { readonly caller: Caller; readonly by: string },
  signal: AbortSignal,
): Promise<GeneratedSeed | Refusal> {
  const { store, minds, home } = world;
  const { interview_id } = interview;
  const host = { store, scope: interviewScope(interview_id), continuation: caller.continuation };
  const mind = await minds.open({ role: "deep", hasHost: caller.hasHost, word: caller.mind, host });
  if (isRefusal(mind)) return mind;
  const answer = await mind.ask(seedQuestion(interview), signal);
  if (isRefusal(answer)) return answer;
  if (answer.status === "needs_host") return { status: "needs_host", interview, work: answer.work };
  const ambiguity = currentAssessment(interview)?.ambiguity ?? 1;
  const forced = blockersOfPerson(interview).length > 0;
  const createdAt = toIsoTimestamp(store.stamp());
  const { document, decided } = draftDocument(answer.value, { interview, ambiguity, forced, createdAt });
  const saved = await saveSeed(store, { yaml: toYaml(document), createdBy: by, forced, decided });
  if (isRefusal(saved)) return saved;
  // Of what was drafted by this very call, and never of a seed that the store names: others write to that.
  await rememberSeedMadeHere(home, document);
  const hash = transcriptHash(interview);
  const seeded = await changeInterview(store, interview_id, () => [
    [INTERVIEW_SEEDED, { seed_id: saved.seed_id, transcript_hash: hash, forced, by: answer.by }],
  ]);
  return isRefusal(seeded) ? seeded : asMade(world, seeded, saved.seed_id);
}

/** A seed that is in the store, its file written where upstream's programs look for it, and what a linter says of it. */
async function asMade(
  { store, home }: InterviewWorld,
  interview: Interview,
  seedId: string,
): Promise<GeneratedSeed | Refusal> {
  const stored = await readSeed(store, seedId);
  if (!stored) return refuse("seed_gone", `The text of ${seedId} is not in the store any more`, "Generate it anew");
  const { yaml, ...record } = stored;
  const seed = parseSeed(yaml);
  if (isRefusal(seed)) return seed;
  const findings = lintSeed(seed, { platform: process.platform });
  const kept = await keepSeedFile(home, seedId, yaml);
  return { status: "generated", interview, seed: record, yaml, ...kept, findings };
}
