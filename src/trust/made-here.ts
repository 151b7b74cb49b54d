import { messageOf } from "../base/errors.ts";
import { logLine } from "../base/log.ts";
import { isRefusal } from "../base/refusal.ts";
import type { SeedDocument } from "../domain/seed/seed-document.ts";
import { seedHash } from "../domain/seed/seed-hash.ts";
import { approve, type Way } from "./approvals.ts";
import type { Matter } from "./matter.ts";

/** Remembers that this user made this seed here. Only for a document `toSeed` accepts, and never for one that was read. */
export function rememberSeedMadeHere(home: string, document: SeedDocument): Promise<void> {
  const about = typeof document.goal === "string" ? document.goal : "";
  return remember(home, { kind: "seed", hash: seedHash(document) }, "made_here", about);
}

/** Remembers that a run was begun here with consent: what its agents declare may be run when it is evaluated. */
export function rememberRunBegunHere(home: string, executionId: string, goal: string): Promise<void> {
  return remember(home, { kind: "run", execution_id: executionId }, "begun_here", goal);
}

/** What was made is there, whether this can be written or not: without it somebody is asked later. */
async function remember(home: string, matter: Matter, by: Way, about: string): Promise<void> {
  try {
    const refused = await approve(home, matter, { by, about });
    if (isRefusal(refused)) logLine(`${refused.message}. ${refused.next}`);
  } catch (error) {
    logLine(messageOf(error));
  }
}
