import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { AUTO_SEEDED } from "../../domain/auto/auto-events.ts";
import type { AutoState } from "../../domain/auto/auto-state.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { changeAuto } from "../../store/autos.ts";
import type { Caller } from "../caller.ts";
import { lookAtProject } from "../interview/look-at-project.ts";
import { generateSeed } from "../seed/generate-seed.ts";
import type { AutoStep } from "./auto-call.ts";
import { block } from "./block.ts";
import { mendSeed } from "./mend-seed.ts";

/** Writes the seed of the interview and mends what can be mended; a seed that would make a run fail is not run. */
export async function seedStep(
  context: SessionContext,
  { auto }: AutoState,
  caller: Caller,
  signal: AbortSignal,
): Promise<AutoStep | Refusal> {
  const { store, minds, home } = context;
  const { auto_id, interview_id: sessionId } = auto;
  const world = { store, minds, home, look: (cwd: string) => lookAtProject(cwd, home, signal) };
  const made = await generateSeed(world, { sessionId, force: false, by: "auto" }, caller, signal);
  if (isRefusal(made)) return made;
  if (made.status === "needs_host") return { needs: made.work };
  const mended = await mendSeed(context, { seedId: made.seed.seed_id, yaml: made.yaml });
  if (isRefusal(mended)) return mended;
  const { seed_id, repaired, errors } = mended;
  if (errors.length > 0) {
    const named = errors.map(({ where, message }) => `${where}: ${message}`).join("; ");
    return block(context, auto_id, {
      phase: "review",
      code: "seed_errors",
      message: `The seed ${seed_id} would do harm or fail: ${named}`,
      next: `Mend it with \`ouroboros seed edit ${seed_id}\` and run what comes of it: \`ouroboros run SEED\``,
    });
  }
  const seeded = await changeAuto(store, auto_id, (now) => (now.seed ? [] : [[AUTO_SEEDED, { seed_id, repaired }]]));
  return isRefusal(seeded) ? seeded : "on";
}
