import * as v from "valibot";
import { isRefusal, refuse } from "../../base/refusal.ts";
import { MAX_SEED_BYTES } from "../../domain/seed/seed-yaml.ts";
import { HOST } from "../../runtimes/runtime-settings.ts";
import { readHostBinding } from "../../sessions/resume/host-binding.ts";
import { resumeSession } from "../../sessions/resume/resume-session.ts";
import { readSeedFile } from "../../sessions/resume/seed-lookup.ts";
import { type ResumableView, resumableSessions } from "../../views/resumable.ts";
import { defineTool } from "../tool.ts";
import { withConsent } from "../with-consent.ts";

const BY_HOST = "Its steps are the host's: claim the next one with ouroboros_claim_work.";
const Id = v.pipe(v.string(), v.minLength(1));

/** `ouroboros_resume_session`: what can be resumed and what that would do; with an id, resumes it. */
export const ouroborosResumeSession = defineTool({
  name: "ouroboros_resume_session",
  title: "Resume session",
  description:
    "Without session_id: lists interrupted and running sessions, why they stopped and what resuming would do. With it: starts a worker that does the unfinished steps in the background, or attaches to the one at work; follow it with ouroboros_job_wait.",
  toolset: "sessions",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  alwaysLoad: true,
  input: v.object({
    session_id: v.optional(v.pipe(Id, v.description("Session to resume (orch_…)"))),
    seed_content: v.optional(v.pipe(Id, v.maxLength(MAX_SEED_BYTES), v.description("Seed YAML, after needs_seed"))),
    seed_path: v.optional(v.pipe(Id, v.description("File with the seed, instead of seed_content"))),
    cwd: v.optional(v.pipe(Id, v.description("Absolute folder of the checkout, after needs_cwd"))),
    force: v.optional(
      v.pipe(v.boolean(), v.description("Go on after in_use or needs_attention; ask the person first")),
      false,
    ),
    limit: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100), v.description("List at most this many")),
      20,
    ),
  }),
  output: v.object({
    outcome: v.picklist(["listed", "resumed", "attached"]),
    sessions: v.optional(
      v.array(
        v.object({
          session_id: v.string(),
          status: v.string(),
          would: v.string(),
          why: v.string(),
          goal: v.nullable(v.string()),
          steps_done: v.nullable(v.number()),
          steps_total: v.nullable(v.number()),
          last_activity_at: v.nullable(v.string()),
          job_id: v.nullable(v.string()),
        }),
      ),
    ),
    session_id: v.optional(v.string()),
    execution_id: v.nullish(v.string()),
    job_id: v.nullish(v.string()),
    why: v.optional(v.string()),
    steps_done: v.nullish(v.number()),
    steps_total: v.nullish(v.number()),
  }),
  async run({ session_id, seed_content, seed_path, cwd, force, limit }, call) {
    const { context, signal } = call;
    if (session_id === undefined) return list(await resumableSessions(context, limit));
    const seed = seed_content ?? (seed_path === undefined ? undefined : await readSeedFile(seed_path));
    if (seed_path !== undefined && seed === undefined) {
      return refuse("bad_seed", `Cannot read a seed from ${seed_path}`, "Pass an existing file or seed_content");
    }
    const host = readHostBinding(process.env);
    const request = {
      sessionId: session_id,
      by: "mcp_tool",
      host,
      force,
      seed,
      cwd,
    };
    const done = await withConsent(call, () => resumeSession(context, request, signal));
    if (isRefusal(done)) return done;
    const { worker_pid: _pid, epoch: _epoch, runtime, ...value } = done;
    const howFar = done.steps_total === null ? "" : ` ${done.steps_done} of ${done.steps_total} steps are done.`;
    const words =
      done.outcome === "resumed"
        ? `Resumed ${session_id} (${done.why}).${howFar} ${runtime === HOST ? BY_HOST : "It goes on in the background without this window."}`
        : `${session_id} is being worked on already: ${done.why}.`;
    const next = done.job_id === null ? "" : `\nWait for it: ouroboros_job_wait {"job_id":"${done.job_id}"}`;
    return { value, text: words + next };
  },
});

function list(sessions: readonly ResumableView[]) {
  const shown = sessions.map(
    ({ session_id, status, would, why, goal, steps_done, steps_total, last_activity_at, job_id }) => ({
      session_id,
      status,
      would,
      why,
      goal,
      steps_done,
      steps_total,
      last_activity_at,
      job_id,
    }),
  );
  const lines = sessions.map((one) => `${one.session_id} ${one.status}, would ${one.would}: ${one.why}`);
  const text = lines.length === 0 ? "Nothing to resume." : lines.join("\n");
  return { value: { outcome: "listed" as const, sessions: shown }, text };
}
