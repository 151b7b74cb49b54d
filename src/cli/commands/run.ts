import { resolve } from "node:path";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { readConfig } from "../../config.ts";
import type { WorkspaceMode } from "../../domain/run/origin.ts";
import type { Seed } from "../../domain/seed/seed.ts";
import { HOST, selectRuntime } from "../../runtimes/runtime-settings.ts";
import { readHostBinding } from "../../sessions/resume/host-binding.ts";
import { startRun } from "../../sessions/resume/start-run.ts";
import { ceilingWords, placeWords, runPlan } from "../../views/run-plan.ts";
import type { Answer, Cli } from "../command.ts";
import { begin } from "../open.ts";
import { type ConsentFlags, withConsent } from "./approve/with-consent.ts";
import { conclusionOf, inBackground, waitsForHost } from "./run/conclusion.ts";
import { followRun } from "./run/follow-run.ts";
import { planText } from "./run/plan-text.ts";
import { readSources } from "./seed/seed-source.ts";

export type RunFlags = ConsentFlags & {
  readonly cwd?: string | undefined;
  readonly runtime?: string | undefined;
  readonly wait: boolean;
  readonly inPlace: boolean;
  readonly parallel?: number | undefined;
  readonly dryRun: boolean;
};

/** `ouroboros run SEED`: starts a worker for a new run; with `--wait`, shows it until it ends; with `--dry-run`, only says what it would do. */
export async function run(cli: Cli, flags: RunFlags, name: string): Promise<Answer | Refusal | number> {
  // Before the store is opened for it, which makes one where there is none.
  const found = await readSources(flags, [name]);
  if (isRefusal(found)) return found;
  const [one] = found;
  if (!one) throw new Error("One seed was asked for");
  const workspace: WorkspaceMode = flags.inPlace ? "in_place" : "worktree";
  const cwd = resolve(flags.cwd ?? ".");
  // What no worker would begin, such as without git, is refused before anything is on record.
  const plan = await planned(cli, flags, one.seed, { cwd, mode: workspace });
  if (isRefusal(plan) || flags.dryRun) return plan;
  return begin(flags, async (context) => {
    const request = {
      seed: one.yaml,
      cwd,
      workspace,
      by: "user",
      host: readHostBinding(process.env),
      runtime: flags.runtime,
      parallel: flags.parallel,
    };
    const started = await withConsent(cli, flags, context, () => startRun(context, request), name);
    if (isRefusal(started) || typeof started === "number") return started;
    const first = `Started ${started.session_id}: ${started.steps_total} steps with ${started.runtime}.`;
    const { ceiling } = context.runSettings;
    const about = [...started.warnings, placeWords(workspace, started.execution_id), ceilingWords(ceiling)];
    const inWords = started.runtime === HOST ? waitsForHost : inBackground;
    if (!flags.wait) return { json: { ...started, ceiling }, text: inWords(first, started.session_id, about) };
    await cli.errors.write(inWords(first, started.session_id, about));
    return conclusionOf(started, await followRun(cli, context, started.session_id));
  });
}

async function planned(
  { style, interruption }: Cli,
  flags: RunFlags,
  seed: Seed,
  where: { readonly cwd: string; readonly mode: WorkspaceMode },
): Promise<Answer | Refusal> {
  const { runs, runtimes } = await readConfig({ db: flags.db });
  const runtime = selectRuntime(runtimes, flags.runtime);
  if (isRefusal(runtime)) return runtime;
  const planWithMind = runs.planWithMind && runtime.name !== HOST;
  const settings = { ...runs, planWithMind, parallel: flags.parallel ?? runs.parallel };
  const plan = await runPlan(seed, where, settings, interruption.signal);
  if (isRefusal(plan)) return plan;
  return { json: { ...plan, runtime: runtime.name }, text: planText(style, plan, runtime.name) };
}
