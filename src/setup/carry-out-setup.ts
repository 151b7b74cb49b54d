import { rm } from "node:fs/promises";
import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import { backUp, makeFolders, removeEmptyFolders, replaceConfigFile } from "./config-file.ts";
import type { Host } from "./hosts.ts";
import { planSetup, type SetupContext, type SetupPlan } from "./plan-setup.ts";
import { noteApplied } from "./receipts.ts";

/** What was done to one host's file. */
export interface SetupResult {
  readonly plan: SetupPlan;
  /** The copy of what was there before. */
  readonly backup: string | undefined;
}

/** Hosts write their files too, and so may another setup: what is planned on is read again this often. */
const MOST_TRIES = 5;

/** Writes one host's entry, backed up and noted first; on a file that somebody changes meanwhile, it is planned anew. */
export async function setUpHost(
  host: Host,
  context: SetupContext,
  replace: typeof replaceConfigFile = replaceConfigFile,
): Promise<SetupResult | Refusal> {
  for (let n = 0; n < MOST_TRIES; n++) {
    const plan = await planSetup(host, context);
    if (isRefusal(plan) || plan.write === undefined) return isRefusal(plan) ? plan : { plan, backup: undefined };
    const { file, after, applied } = plan.write;
    const isNew = file.stats === undefined;
    const folders = isNew ? await makeFolders(file.path) : [];
    let backup: string | undefined;
    let isDone = false;
    try {
      await noteApplied(context.home, host.id, plan.path, isNew ? { ...applied, folders } : applied);
      backup = isNew ? undefined : await backUp(file, new Date());
      isDone = await replace(file, after);
    } finally {
      if (!isDone && backup !== undefined) await rm(backup, { force: true });
      if (!isDone) await removeEmptyFolders(folders);
    }
    if (isDone) return { plan, backup };
  }
  return changedMeanwhile(host);
}

/** Refuses to go on with a file that somebody else keeps writing. */
export function changedMeanwhile({ title }: Host): Refusal {
  const message = `Cannot write the configuration of ${title}: another program keeps changing it`;
  return refuse("config_changing", message, `Quit ${title}, then try again`);
}
