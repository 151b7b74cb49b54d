import type { Step } from "../domain/run/steps.ts";
import { checkWork } from "./check-work.ts";
import { criterionOf, type Engine } from "./engine.ts";

/** Checks everything that was merged once more, where it is together; the criteria that held alone and do not hold now. */
export async function checkWhole(engine: Engine, steps: readonly Step[]): Promise<readonly Step[]> {
  const { workspace, run } = engine;
  const checked = steps.filter((step) => criterionOf(engine, step).verify_command !== null);
  // What was merged last was checked with all the others in it.
  if (checked.length < 2) return [];
  const bench = await workspace.open(`whole-${run.lease.term.epoch}`);
  const broken: Step[] = [];
  for (const step of checked) {
    const verification = await checkWork(engine, step, bench, { whole: true });
    if (!verification) return [];
    if (verification.verdict === "fail") broken.push(step);
  }
  await bench.close();
  return broken;
}
