import { failpoint } from "../base/failpoint.ts";
import type { Step } from "../domain/run/steps.ts";
import type { Verification } from "../domain/run/verdict.ts";
import type { Bench } from "../workspaces/workspace.ts";
import { checkWork } from "./check-work.ts";
import type { Engine } from "./engine.ts";
import type { Halt } from "./halt.ts";

/** How work came into the run's branch, or why it did not. */
export type Merge =
  | { readonly kind: "merged"; readonly commit: string | null; readonly verification: Verification }
  | { readonly kind: "conflict"; readonly files: readonly string[] }
  /** It held alone, and does not with what others have merged meanwhile. */
  | { readonly kind: "broken"; readonly verification: Verification }
  /** Whoever should resolve a conflict cannot work for now. */
  | { readonly kind: "halted"; readonly halt: Halt }
  | { readonly kind: "interrupted" };

const MOST_TRIES = 20;

/**
 * Brings checked work into the run's branch: what others have merged comes in first, conflicts go to `resolve`, and what came
 * in is checked again. One at a time in this process; another one on the same repository makes it begin again.
 */
export function mergeWork(
  engine: Engine,
  work: {
    readonly step: Step;
    readonly bench: Bench;
    readonly verification: Verification;
    readonly common: Readonly<Record<string, unknown>>;
    /** Has an agent resolve the conflicts in these files; false when it could not, a halt when it cannot for now. */
    readonly resolve: (files: readonly string[]) => Promise<boolean | Halt>;
  },
): Promise<Merge> {
  const { merging } = engine;
  const merged = merging.queue.then(() => merge(engine, work));
  merging.queue = merged.catch(() => undefined);
  return merged;
}

async function merge(engine: Engine, work: Parameters<typeof mergeWork>[1]): Promise<Merge> {
  const { step, bench, common, resolve } = work;
  const { lease } = engine.run;
  let { verification } = work;
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    if (lease.lost.aborted) return { kind: "interrupted" };
    const { outcome, files } = await bench.update();
    if (outcome === "conflict") {
      const resolved = await resolve(files);
      if (lease.lost.aborted) return { kind: "interrupted" };
      if (typeof resolved === "object") return { kind: "halted", halt: resolved };
      if (!resolved || (await bench.unresolved()).length > 0) return { kind: "conflict", files };
      await bench.commit(`Resolve conflicts of ${bench.name}`);
    }
    if (outcome !== "current") {
      const again = await checkWork(engine, step, bench, { ...common, merged: true });
      if (!again) return { kind: "interrupted" };
      if (again.verdict === "fail") return { kind: "broken", verification: again };
      verification = again;
    }
    failpoint("publish:before");
    const published = await bench.publish();
    failpoint("publish:after");
    if (published.outcome === "published") return { kind: "merged", commit: published.commit, verification };
  }
  return { kind: "conflict", files: [] };
}
