import { canonicalJson } from "../../base/canonical-json.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { sha256 } from "../../base/sha256.ts";
import { answeredRounds, type Interview } from "../../domain/interview/interview.ts";
import { INTERVIEW_ABORTED } from "../../domain/interview/interview-events.ts";
import { changeInterview } from "../../store/interviews.ts";
import { PM_REPOSITORIES_SELECTED } from "../../store/product-documents.ts";
import { findInterview, type InterviewWorld } from "../interview/interview-call.ts";
import { startInterview } from "../interview/start-interview.ts";
import { type Ground, lookAtRepositories } from "./look-at-repositories.ts";

interface ProductStart {
  readonly context: string;
  /** Folders the product is to be built on; none of them means that nothing is there yet, undefined that nobody said. */
  readonly selected: readonly string[] | undefined;
  readonly cwd: string;
  readonly by: string;
}

/** Begins a product's interview; resolves with its id. The idea and its ground are in the store before anybody is asked. */
export async function startProduct(world: InterviewWorld, start: ProductStart): Promise<string | Refusal> {
  const ground = await lookAtRepositories(world, start);
  return isRefusal(ground) ? ground : beginOn(world, start, ground, undefined);
}

/**
 * Has an interview that nothing was answered in stand on other repositories. What it was begun with stays as it is on record,
 * so it is begun anew and the old one given up; the same choice again finds the one that follows from it.
 */
export async function selectRepositories(
  world: InterviewWorld,
  { sessionId, selected, cwd, by }: Omit<ProductStart, "context"> & { readonly sessionId: string },
): Promise<string | Refusal> {
  const interview = await findProduct(world, sessionId);
  if (isRefusal(interview)) return interview;
  if (answeredRounds(interview).length > 0) return tooLate(interview);
  const ground = await lookAtRepositories(world, { selected, cwd });
  if (isRefusal(ground)) return ground;
  if (interview.status === "in_progress" && (ground.project?.text ?? null) === interview.project) return sessionId;
  const next = `interview_${sha256(canonicalJson([sessionId, ground.repositories])).slice(0, 16)}`;
  const givenUp = await changeInterview(world.store, sessionId, (now) => {
    if (answeredRounds(now).length > 0) return tooLate(now);
    const reason = `Begun anew as ${next}, on other repositories`;
    return now.status === "aborted" ? [] : [[INTERVIEW_ABORTED, { by, reason }]];
  });
  if (isRefusal(givenUp)) return givenUp;
  const begun = await beginOn(world, { context: interview.context, cwd: interview.cwd ?? cwd, by }, ground, next);
  return isRefusal(begun) && begun.code === "interview_exists" ? next : begun;
}

/** A product's interview by its id; those with developers have another tool. */
export async function findProduct(world: InterviewWorld, sessionId: string): Promise<Interview | Refusal> {
  const interview = await findInterview(world, sessionId);
  if (isRefusal(interview) || interview.kind === "product") return interview;
  return refuse(
    "other_interview",
    `${sessionId} is an interview with a developer, not about a product`,
    "Go on with ouroboros_interview, and then ouroboros_generate_seed",
    { session_id: sessionId },
  );
}

async function beginOn(
  { store }: InterviewWorld,
  { context, cwd, by }: Omit<ProductStart, "selected">,
  { project, repositories: repos }: Ground,
  interviewId: string | undefined,
): Promise<string | Refusal> {
  const id = await startInterview(store, { context, kind: "product", cwd, project, interviewId, by });
  if (isRefusal(id) || repos.length === 0) return id;
  const recorded = await changeInterview(store, id, () => [[PM_REPOSITORIES_SELECTED, { repos: [...repos], by }]]);
  return isRefusal(recorded) ? recorded : id;
}

function tooLate({ interview_id }: Interview): Refusal {
  return refuse(
    "already_answered",
    `Cannot choose repositories for ${interview_id}: answers rest on what it was begun with`,
    "Go on with it, or start another one with selected_repos",
    { session_id: interview_id },
  );
}
