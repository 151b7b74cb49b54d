import { nextForId } from "../../base/id-kind.ts";
import { newShortId } from "../../base/ids.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Ceiling } from "../../domain/run/ceiling.ts";
import { type Origin, toOrigin } from "../../domain/run/origin.ts";
import { stepsOf } from "../../domain/run/steps.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import type { Session } from "../../domain/session/session.ts";
import { runtimeNamed, selectRuntime } from "../../runtimes/runtime-settings.ts";
import { readFinishedSteps, readOrigin } from "../../store/session/run-records.ts";
import { agreeWith, seedConsent } from "../../trust/seed-consent.ts";
import { type Judgement, judgeSession, type SessionContext } from "../session-context.ts";
import type { HostBinding } from "./host-binding.ts";
import { planResume, type ResumePlan } from "./resume-plan.ts";
import { refusalOf } from "./resume-refusals.ts";
import { findSeed } from "./seed-lookup.ts";
import { startWorker } from "./start-worker.ts";
import { findWorkFolder } from "./work-folder.ts";
import type { WorkerReport } from "./worker-order.ts";

export interface ResumeRequest {
  readonly sessionId: string;
  /** Who asks, for the record. */
  readonly by: string;
  readonly host: HostBinding;
  /** Go on although nothing proves that nobody works on it, or although its last owners all died. */
  readonly force: boolean;
  /** The seed's YAML, for a session whose seed is nowhere to be found. */
  readonly seed?: string | undefined;
  /** The folder of its work, for a session that names none. */
  readonly cwd?: string | undefined;
  /** Another agent than the one it was begun with. */
  readonly runtime?: string | undefined;
  /** What it may take at most, from now on. */
  readonly ceiling?: Ceiling | undefined;
}

/** What became of a request to resume: a worker has taken the session over, or somebody is at work on it already. */
export interface Resumed {
  readonly outcome: "resumed" | "attached";
  readonly session_id: string;
  readonly execution_id: string | null;
  readonly why: string;
  readonly job_id: string | null;
  /** Who does the work; null where somebody else had it already. */
  readonly runtime: string | null;
  readonly epoch: number | null;
  readonly worker_pid: number | null;
  readonly steps_total: number | null;
  readonly steps_done: number | null;
}

/**
 * Resumes a session by its id from any process of its machine: attaches to a live one, else starts a worker that claims it
 * and does its unfinished steps, of a seed whose commands this user has agreed to. Nothing is written unless a worker claims it, and never an end.
 */
export async function resumeSession(
  context: SessionContext,
  request: ResumeRequest,
  signal?: AbortSignal,
): Promise<Resumed | Refusal> {
  const prepared = await prepareResume(context, request);
  if (isRefusal(prepared)) return prepared;
  const { judgement, plan } = prepared;
  const { session } = judgement.facts;
  if (plan.action === "attach") return attached(session, plan.why, prepared.origin);
  const needs = await readNeeds(context, request, session, prepared.origin);
  if (isRefusal(needs)) return needs;
  const report = await startWorker(
    context,
    {
      kind: "resume",
      session_id: session.session_id,
      job_id: newShortId("job"),
      by: request.by,
      force: request.force,
      seed: needs.seedText,
      runtime: needs.runtime,
      cwd: needs.cwd,
      // A session of upstream's has its worktree in its folder already.
      workspace: prepared.origin.workspace_mode ?? "in_place",
      parallel: prepared.origin.parallel,
      run_start: prepared.origin.run_start,
      conducts: prepared.origin.conducts,
      ceiling: request.ceiling ?? prepared.origin.ceiling,
      host: { ...request.host },
    },
    signal,
  );
  switch (report.outcome) {
    case "refused":
      return refuse(report.code, report.message, report.next, report.facts);
    case "attached":
      // Somebody was faster, and what to wait for is their job, which was not there when this began.
      return attached(session, report.why, await originOf(context, session.session_id));
    case "claimed":
      return toResumed(session, plan, needs, report);
  }
}

async function prepareResume(
  context: SessionContext,
  { sessionId, force }: ResumeRequest,
): Promise<{ judgement: Judgement; plan: ResumePlan; origin: Origin } | Refusal> {
  const judgement = await judgeSession(context, sessionId);
  if (!judgement) {
    return refuse(
      "not_found",
      `Session not found: ${sessionId}`,
      nextForId(sessionId, ["orch_"], "`ouroboros sessions` lists the sessions of this store"),
    );
  }
  const origin = await originOf(context, sessionId);
  const plan = planResume(judgement, { self: context.identity, machine: origin.machine, force });
  const goesOn = plan.action === "attach" || plan.action === "claim" || plan.action === "reopen";
  return goesOn ? { judgement, plan, origin } : refusalOf(plan, judgement.facts.session, origin);
}

interface Needs {
  readonly seedText: string;
  readonly runtime: string;
  readonly cwd: string;
  /** Steps, and how many of them are done before the new worker begins; null where it has none of its own. */
  readonly total: number | null;
  readonly done: number | null;
}

/** Everything a worker needs to know, or what is missing and how to pass it. */
async function readNeeds(
  context: SessionContext,
  request: ResumeRequest,
  session: Session,
  origin: Origin,
): Promise<Needs | Refusal> {
  const { session_id, seed_id } = session;
  const text = request.seed ?? (await findSeed(context, { seedHash: origin.seed_hash, seedId: seed_id }));
  if (text === undefined) {
    return refuse(
      "needs_seed",
      `Cannot resume ${session_id}: its seed${seed_id ? ` ${seed_id}` : ""} is neither in the store nor in ${context.home}/seeds`,
      "Pass the seed's YAML (seed_content or seed_path; --seed FILE on the command line)",
      { session_id, seed_id },
    );
  }
  const seed = parseSeed(text);
  if (isRefusal(seed)) return seed;
  if (request.seed !== undefined && seed_id && seed.seed_id !== null && seed.seed_id !== seed_id) {
    return refuse(
      "wrong_seed",
      `Cannot resume ${session_id} with seed ${seed.seed_id}: it was begun with ${seed_id}`,
      "Pass the seed it was begun with, or start a new run with this one",
      { session_id, seed_id },
    );
  }
  const runtime = selectRuntime(context.runtimes, request.runtime ?? begunWith(context, origin));
  if (isRefusal(runtime)) return runtime;
  const cwd = await findWorkFolder(context, session, { origin, asked: request.cwd });
  if (isRefusal(cwd)) return cwd;
  const consent = await seedConsent(context, text);
  if (isRefusal(consent)) return { ...consent, next: agreeWith(`resume ${session_id}`) };
  const common = { seedText: text, runtime: runtime.name, cwd };
  // The steps of whoever conducts a lineage are those of other sessions.
  if (origin.conducts) return { ...common, total: null, done: null };
  const executionId = session.execution_id ?? session_id;
  const finished = await readFinishedSteps(context.store, session);
  const done = stepsOf(seed, executionId).filter(({ index }) => finished.has(index)).length;
  return { ...common, total: seed.criteria.length, done };
}

/** Upstream's rows name an agent, too, but mean their own program's; one that is configured no more is chosen anew. */
function begunWith({ runtimes }: SessionContext, { seed_hash, runtime_backend }: Origin): string | undefined {
  if (seed_hash === null || runtime_backend === null) return undefined;
  return runtimeNamed(runtimes, runtime_backend)?.name;
}

function toResumed(
  { session_id }: Session,
  { why }: ResumePlan,
  { total, done, runtime }: Needs,
  { execution_id, job_id, epoch, pid }: Extract<WorkerReport, { outcome: "claimed" }>,
): Resumed {
  const who = { job_id, runtime, epoch, worker_pid: pid };
  return { outcome: "resumed", session_id, execution_id, why, ...who, steps_total: total, steps_done: done };
}

function attached({ session_id, execution_id }: Session, why: string, { job_id }: Origin): Resumed {
  const none = { runtime: null, epoch: null, worker_pid: null, steps_total: null, steps_done: null };
  return { outcome: "attached", session_id, execution_id, why, job_id, ...none };
}

async function originOf({ store }: SessionContext, sessionId: string): Promise<Origin> {
  return toOrigin(await readOrigin(store, sessionId));
}
