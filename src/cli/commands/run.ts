import { resolve } from "node:path";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import { HOST } from "../../runtimes/runtime-settings.ts";
import { readHostBinding } from "../../sessions/resume/host-binding.ts";
import { readSeedFile } from "../../sessions/resume/seed-lookup.ts";
import { startRun } from "../../sessions/resume/start-run.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { begin } from "../open.ts";
import { conclusionOf, inBackground, waitsForHost } from "./run/conclusion.ts";
import { followRun } from "./run/follow-run.ts";

export type RunFlags = SharedFlags & {
  readonly cwd?: string | undefined;
  readonly runtime?: string | undefined;
  readonly wait: boolean;
  readonly inPlace: boolean;
};

/** `ouroboros run SEED`: starts a worker for a new run; with `--wait`, shows it until it ends. */
export async function run(cli: Cli, flags: RunFlags, seedPath: string): Promise<Answer | Refusal> {
  const seed = await readSeedFile(seedPath);
  if (seed === undefined) return refuse("bad_seed", `Cannot read a seed from ${seedPath}`, "Name a file with a seed");
  // Before the store is opened, which makes one where there is none.
  const parsed = parseSeed(seed);
  if (isRefusal(parsed)) return parsed;
  return begin(flags, async (context) => {
    const started = await startRun(context, {
      seed,
      cwd: resolve(flags.cwd ?? "."),
      workspace: flags.inPlace ? "in_place" : "worktree",
      by: "user",
      host: readHostBinding(process.env),
      runtime: flags.runtime,
    });
    if (isRefusal(started)) return started;
    const first = `Started ${started.session_id}: ${started.steps_total} steps with ${started.runtime}.`;
    const inWords = started.runtime === HOST ? waitsForHost : inBackground;
    if (!flags.wait) return { json: started, text: inWords(first, started.session_id) };
    await cli.errors.write(`${first}\n`);
    return conclusionOf(started, await followRun(cli, context, started.session_id));
  });
}
