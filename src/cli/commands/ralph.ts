import { resolve } from "node:path";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { conductingWithin } from "../../domain/evolution/conducting.ts";
import { readHostBinding } from "../../sessions/resume/host-binding.ts";
import { startConductor } from "../../workflows/evolution/start-conductor.ts";
import type { Answer, Cli } from "../command.ts";
import { begin } from "../open.ts";
import { type ConsentFlags, withConsent } from "./approve/with-consent.ts";
import { followLineage } from "./evolve/follow-lineage.ts";
import { lineageNamed, readNamed } from "./evolve/resolve-lineage.ts";
import { inBackground } from "./run/conclusion.ts";

export type RalphFlags = ConsentFlags & {
  readonly cwd?: string | undefined;
  readonly runtime?: string | undefined;
  readonly parallel?: number | undefined;
  readonly lineage?: string | undefined;
  readonly generations?: number | undefined;
  readonly hours?: number | undefined;
  readonly tokens?: number | undefined;
  readonly cost?: number | undefined;
  readonly asides?: number | undefined;
  readonly paper: boolean;
  readonly wait: boolean;
};

/** `ouroboros ralph SEED|LINEAGE`: has a lineage go on by itself until it is over, or a bound is reached. */
export async function ralph(cli: Cli, flags: RalphFlags, name: string): Promise<Answer | Refusal | number> {
  const named = await readNamed(flags, name);
  if (isRefusal(named)) return named;
  return begin(flags, async (context) => {
    const lineage = await lineageNamed(context, named, { execute: !flags.paper, lineageId: flags.lineage });
    if (isRefusal(lineage)) return lineage;
    const { lineage_id } = lineage;
    const { generations, hours, tokens, cost, asides } = flags;
    const request = {
      conducting: conductingWithin(lineage_id, { generations, hours, tokens, cost_usd: cost, asides }),
      cwd: resolve(flags.cwd ?? "."),
      by: "user",
      host: readHostBinding(process.env),
      runtime: flags.runtime,
      parallel: flags.parallel,
    };
    const started = await withConsent(cli, flags, context, () => startConductor(context, request), name);
    if (isRefusal(started) || typeof started === "number") return started;
    const first = `${FIRST[started.outcome]}: ${started.session_id} has ${lineage_id} go on.`;
    const text = inBackground(first, started.session_id, [`  lineage: ouroboros lineage show ${lineage_id}`]);
    if (!flags.wait) return { json: started, text };
    await cli.errors.write(text);
    return followLineage(cli, context, started);
  });
}

const FIRST = { started: "Started", resumed: "Resumed", attached: "It is at work already" } as const;
