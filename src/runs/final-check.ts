import type { Step } from "../domain/run/steps.ts";
import { failureFacts } from "../domain/run/verdict.ts";
import { checkWork } from "./check-work.ts";
import { criterionOf, type Engine } from "./engine.ts";

/** A criterion that does not hold any more, and what may be told of it. */
export interface Broken {
  readonly step: Step;
  readonly facts: string;
}

/** Checks everything that was merged once more, where it is together; the criteria that held alone and do not hold now. */
export async function checkWhole(engine: Engine, steps: readonly Step[]): Promise<readonly Broken[]> {
  const { workspace } = engine;
  const checked = steps.filter((step) => criterionOf(engine, step).verify_command !== null);
  // What was merged last was checked with all the others in it.
  if (checked.length < 2) return [];
  const bench = await workspace.open(`whole-${(await workspace.tip())?.slice(0, 12) ?? ""}`);
  const broken: Broken[] = [];
  for (const step of checked) {
    const verification = await checkWork(engine, step, bench, { whole: true });
    if (!verification) return [];
    if (verification.verdict === "fail") broken.push({ step, facts: failureFacts(verification) });
  }
  await bench.close();
  return broken;
}
