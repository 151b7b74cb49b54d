import { OuroborosError } from "../../base/errors.ts";
import { failpoint } from "../../base/failpoint.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Conducting } from "../../domain/evolution/conducting.ts";
import { toOrigin, type WorkspaceMode } from "../../domain/run/origin.ts";
import type { RunStart } from "../../domain/run/run-start.ts";
import { parseSeed, type Seed } from "../../domain/seed/seed.ts";
import { readGitBranch } from "../../process/git-branch.ts";
import { type SelectedRuntime, selectRuntime } from "../../runtimes/runtime-settings.ts";
import { putBlob } from "../../store/blobs.ts";
import { readOrigin } from "../../store/session/run-records.ts";
import { planResume } from "../resume/resume-plan.ts";
import { refusalOf } from "../resume/resume-refusals.ts";
import type { WorkerOrder } from "../resume/worker-order.ts";
import { judgeSession, type SessionContext } from "../session-context.ts";
import { beginOwnedSession, type Claimed, type ClaimNote, claimSession } from "./claim-session.ts";
import { endOldOwner } from "./end-old-owner.ts";
import { endRun } from "./end-run.ts";
import { RunLease } from "./run-lease.ts";

/** A session that this process owns, with all it takes to work on it. Its lease is being renewed already. */
export interface OwnedRun {
  readonly lease: RunLease;
  readonly sessionId: string;
  readonly executionId: string;
  readonly jobId: string;
  readonly seed: Seed;
  readonly runtime: SelectedRuntime;
  readonly cwd: string;
  readonly workspace: WorkspaceMode;
  /** Earlier work that it goes on from, instead of what is checked out. */
  readonly runStart: RunStart | null;
  /** The lineage that it has go on instead of carrying its seed out. */
  readonly conducts: Conducting | null;
}

const TRIES = 20;

/** Carries a worker's order out up to the point where it owns the session; somebody else having it is no failure. */
export async function takeSession(
  context: SessionContext,
  order: WorkerOrder,
): Promise<OwnedRun | { readonly attached: string } | Refusal> {
  const seed = parseSeed(order.seed);
  if (isRefusal(seed)) return seed;
  const runtime = selectRuntime(context.runtimes, order.runtime);
  if (isRefusal(runtime)) return runtime;
  failpoint("take:seed:before");
  const seedHash = await putBlob(context.store, new TextEncoder().encode(order.seed));
  failpoint("take:seed:after");
  const note: ClaimNote = {
    by: order.by,
    jobId: order.job_id,
    host: order.host,
    seedHash,
    runtime: runtime.name,
    cwd: order.cwd,
    workspace: order.workspace ?? "in_place",
    parallel: order.parallel ?? null,
    runStart: order.run_start ?? null,
    conducts: order.conducts ?? null,
    ceiling: order.ceiling ?? null,
    branch: await readGitBranch(order.cwd),
  };
  const { cwd, workspace, runStart = null, conducts = null } = note;
  const ids = { sessionId: order.session_id, jobId: order.job_id };
  const parts = { ...ids, seed, runtime, cwd, workspace, runStart, conducts };
  if (order.kind === "begin") {
    const { session_id: sessionId, execution_id: executionId } = order;
    const claimed = await beginOwnedSession(
      context,
      { sessionId, executionId, seedId: seed.seed_id, goal: seed.goal },
      note,
    );
    if (!claimed) return refuse("id_taken", `There is a session ${order.session_id} already`, "Start it anew");
    return { ...parts, executionId: order.execution_id, lease: keep(context, claimed) };
  }
  return resume(context, order, note, parts);
}

type Parts = Omit<OwnedRun, "lease" | "executionId">;

async function resume(
  context: SessionContext,
  order: Extract<WorkerOrder, { kind: "resume" }>,
  note: ClaimNote,
  parts: Parts,
): Promise<OwnedRun | { readonly attached: string } | Refusal> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const judgement = await judgeSession(context, order.session_id);
    if (!judgement) throw new OuroborosError("not_found", `Session ${order.session_id} is gone`, "List the sessions");
    const { facts } = judgement;
    const origin = toOrigin(await readOrigin(context.store, order.session_id));
    const asked = { self: context.identity, machine: origin.machine, force: order.force };
    const plan = planResume(judgement, asked);
    if (plan.action === "attach") return { attached: plan.why };
    if (plan.action !== "claim" && plan.action !== "reopen") return refusalOf(plan, facts.session, origin);
    const claimed = await claimSession(context, facts, note);
    if (!claimed) continue;
    // Fenced first, ended second: an owner that wakes up in between can write nothing, and one that woke up before it kept
    // its session. Nobody works in the folder until all of the old ones are gone.
    const lease = keep(context, claimed);
    const executionId = facts.session.execution_id ?? order.session_id;
    const remains = await endOldOwner(context, facts.session.execution_id, facts.lease);
    if (remains.gone) return { ...parts, executionId, lease };
    await lease.stop();
    const end = { status: "paused", reason: "needs_attention", why: remains.why } as const;
    await endRun(context, claimed.term, { end, jobId: order.job_id });
    return refuse(
      "old_owner_remains",
      `Cannot resume ${order.session_id}: ${remains.why}`,
      "End those processes yourself, then resume it again",
    );
  }
  return refuse("busy", `Cannot resume ${order.session_id}: it kept changing`, "Try again in a moment", {
    retry_after_ms: 1000,
  });
}

function keep(context: SessionContext, claimed: Claimed): RunLease {
  const lease = new RunLease(context, claimed);
  lease.start();
  return lease;
}
