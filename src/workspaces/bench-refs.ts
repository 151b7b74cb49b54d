import { contains, moveRef, readRef, removeRef } from "./refs.ts";
import type { RunRepository } from "./repository.ts";

/** A bench's branch, and the commit it began with; found or made, the base first, as with the run's. */
export async function beginBench(run: RunRepository, name: string, branch: string): Promise<string> {
  const git = await run.git();
  const baseRef = run.benchBase(name);
  const known = await readRef(git, baseRef);
  // A branch without its base was left by a closing that died between the two.
  const left = known === null ? await readRef(git, branch) : null;
  const base = known ?? left ?? (await run.tip());
  if (known === null) await moveRef(git, baseRef, base, null);
  if ((await readRef(git, branch)) === null) await moveRef(git, branch, base, null);
  return base;
}

/** Removes a bench's branch and base when the run's branch has all of it. */
export async function forgetMerged(run: RunRepository, name: string): Promise<void> {
  const git = await run.git();
  const branch = run.benchBranch(name);
  const [tip, base] = [await readRef(git, branch), await readRef(git, run.benchBase(name))];
  if (tip !== null && !(await contains(git, await run.tip(), tip))) return;
  // The branch last: by itself it says where the work is, and a base alone would begin it anew.
  if (base !== null) await removeRef(git, run.benchBase(name), base);
  if (tip !== null) await removeRef(git, branch, tip);
}
