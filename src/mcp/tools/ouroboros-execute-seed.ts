import { realpath } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import * as v from "valibot";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { WORKSPACE_MODES } from "../../domain/run/origin.ts";
import { MAX_SEED_BYTES } from "../../domain/seed/seed-yaml.ts";
import { HOST } from "../../runtimes/runtime-settings.ts";
import { readHostBinding } from "../../sessions/resume/host-binding.ts";
import { resumeSession } from "../../sessions/resume/resume-session.ts";
import { readSeedFile } from "../../sessions/resume/seed-lookup.ts";
import { startRun } from "../../sessions/resume/start-run.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { ceilingWords, placeWords } from "../../views/run-plan.ts";
import { findSeed } from "../../workflows/seed/find-seed.ts";
import { projectFolder } from "../project-folder.ts";
import { defineTool } from "../tool.ts";
import { nameForTerminal, withConsent } from "../with-consent.ts";

const Id = v.pipe(v.string(), v.minLength(1));
const IGNORED = ["model_tier", "max_iterations", "skip_qa"] as const;
const ignored = v.optional(v.pipe(v.unknown(), v.description("Ignored")));

/** `ouroboros_execute_seed`: has agents carry a seed out, in a worker that outlives the window. */
export const ouroborosExecuteSeed = defineTool({
  name: "ouroboros_execute_seed",
  title: "Execute seed",
  description:
    "Starts a run of a seed, or resumes one: agents work on each criterion, our checks decide, on a branch of its own. It goes on without this window and costs tokens. Follow it with ouroboros_job_wait.",
  toolset: "sessions",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  alwaysLoad: false,
  input: v.object({
    seed_id: v.optional(v.pipe(Id, v.description("seed_…"))),
    seed_content: v.optional(v.pipe(Id, v.maxLength(MAX_SEED_BYTES), v.description("Or its YAML"))),
    seed_path: v.optional(v.pipe(Id, v.description("Or its file, below cwd or the seeds folder"))),
    cwd: v.optional(v.pipe(Id, v.description("Absolute project folder"))),
    session_id: v.optional(v.pipe(Id, v.description("Resume this instead"))),
    runtime: v.optional(v.pipe(Id, v.description("Which agent works; host: yours"))),
    workspace: v.optional(
      v.pipe(v.picklist(WORKSPACE_MODES), v.description("in_place: the folder itself, no way back")),
      "worktree",
    ),
    model_tier: ignored,
    max_iterations: ignored,
    skip_qa: ignored,
  }),
  output: v.looseObject({
    session_id: v.string(),
    execution_id: v.nullable(v.string()),
    job_id: v.nullable(v.string()),
    status: v.literal("running"),
  }),
  async run(input, call) {
    const { context, signal } = call;
    const { session_id, runtime, workspace } = input;
    const host = readHostBinding(process.env);
    const cwd = projectFolder(input.cwd);
    if (isRefusal(cwd)) return cwd;
    const skipped = IGNORED.filter((name) => input[name] !== undefined);
    const notes = skipped.length === 0 ? [] : [`Ignored: ${skipped.join(", ")}.`];
    const seed = await seedText(context, input, cwd);
    if (isRefusal(seed)) return seed;
    if (session_id !== undefined) {
      const request = { sessionId: session_id, by: "mcp_tool", host, force: false, seed, cwd: input.cwd, runtime };
      const done = await withConsent(call, () => resumeSession(context, request, signal));
      if (isRefusal(done)) return done;
      const { outcome, execution_id, job_id, steps_done, steps_total, why } = done;
      const ids = { session_id, execution_id, job_id, status: "running" as const };
      // Whoever conducts a lineage has no criteria of its own.
      const howFar = steps_total === null ? "" : `, ${steps_done} of ${steps_total} criteria done before`;
      const first =
        outcome === "resumed"
          ? `Resumed ${session_id} (${why})${howFar}.`
          : `${session_id} is being worked on already: ${why}.`;
      const lines = [first, ...after(ids, done.runtime), ...notes];
      return { value: { ...ids, outcome, steps_done, steps_total, ignored: skipped }, text: lines.join("\n") };
    }
    if (seed === undefined) return refuse("no_seed", "No seed is named", "Pass seed_id, seed_content or seed_path");
    const request = { seed, cwd, workspace, by: "mcp_tool", host, runtime };
    const started = await withConsent(call, () => startRun(context, request));
    if (isRefusal(started)) return input.seed_id === undefined ? nameForTerminal(call, seed, started) : started;
    const { worker_pid: _, ...ids } = started;
    const { ceiling } = context.runSettings;
    const lines = [
      `Started ${ids.session_id}: ${ids.steps_total} criteria with ${ids.runtime}.`,
      ...started.warnings,
      placeWords(workspace, ids.execution_id),
      ceilingWords(ceiling),
      ...after(ids, ids.runtime),
      ...notes,
    ];
    const value = { ...ids, status: "running" as const, outcome: "started", workspace, ceiling, ignored: skipped };
    return { value, text: lines.join("\n") };
  },
});

/** What to do with a run that has begun. */
function after(
  { session_id, job_id }: { readonly session_id: string; readonly job_id: string | null },
  runtime: string | null,
): string[] {
  const goesOn =
    runtime === HOST
      ? `Your agents do the steps: each claims one with ouroboros_claim_work {"session_id":"${session_id}"}`
      : "It goes on in the background, also when this window closes.";
  const wait = job_id === null ? [] : [`Follow: ouroboros_job_wait {"job_id":"${job_id}"}`];
  const look = `Look: ouroboros_ac_tree_hud {"session_id":"${session_id}"}`;
  return [goesOn, ...wait, look, `Cancel: ouroboros_cancel_execution {"execution_id":"${session_id}"}`];
}

interface Named {
  readonly seed_id?: string | undefined;
  readonly seed_content?: string | undefined;
  readonly seed_path?: string | undefined;
}

/** The YAML of the seed that is named; undefined where none is. */
async function seedText(
  context: SessionContext,
  { seed_id, seed_content, seed_path }: Named,
  cwd: string,
): Promise<string | undefined | Refusal> {
  if ([seed_id, seed_content, seed_path].filter((one) => one !== undefined).length > 1) {
    return refuse("two_seeds", "More than one seed is named", "Pass one of seed_id, seed_content and seed_path");
  }
  if (seed_path !== undefined) return seedBelow(seed_path, cwd, join(context.home, "seeds"));
  if (seed_id === undefined) return seed_content;
  const found = await findSeed(context, seed_id);
  return isRefusal(found) ? found : found.yaml;
}

/** A model names the file: nothing outside the project and the seeds is read for it, by no link either. */
async function seedBelow(path: string, cwd: string, seeds: string): Promise<string | Refusal> {
  const real = (one: string) => realpath(one).catch(() => null);
  const [file, ...folders] = await Promise.all([real(resolve(cwd, path)), real(cwd), real(seeds)]);
  if (file !== null && !folders.some((folder) => folder !== null && isBelow(file, folder))) {
    const message = `Cannot read ${path}: it is neither below ${cwd} nor below ${seeds}`;
    return refuse("seed_outside", message, "Pass the seed's text as seed_content, or its seed_id");
  }
  const text = file === null ? undefined : await readSeedFile(file);
  if (text !== undefined) return text;
  return refuse("bad_seed", `Cannot read a seed from ${path}`, "Pass an existing file, seed_content or seed_id");
}

function isBelow(file: string, folder: string): boolean {
  const way = relative(folder, file);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
