import { join } from "node:path";
import { beginBase, type RunBase } from "./begin-branch.ts";
import { patchBetween, pathsBetween } from "./refs.ts";
import type { RunRepository } from "./repository.ts";
import { currentTree } from "./stage-tree.ts";
import { bringBack, swapFiles } from "./swap-files.ts";
import type { Bench, Workspace } from "./workspace.ts";

const NO_NET = "Agents work in the folder itself: there is no branch, and no way back but your own.";

/** Work in the folder itself, for those who ask for it: every bench is that folder. Without a repository nothing can be compared. */
export async function inPlaceWorkspace(folder: string, run: RunRepository | null): Promise<Workspace> {
  const begun = run === null ? null : await beginBase(run);
  if (run !== null) await bringBack(run.checkout.top, keepOf(run));
  return {
    kind: "in_place",
    repository: run?.checkout.top ?? folder,
    branch: null,
    base: begun?.base ?? null,
    snapshot: begun?.snapshot ?? false,
    notes: [NO_NET],
    tip: async () => null,
    open: async (name) => inPlaceBench(name, folder, run, begun),
    async diff() {
      if (run === null || begun === null) return "";
      return patchBetween(await run.git(), begun.base, await currentTree(run.project));
    },
    prune: async () => [],
    discard: async () => {},
  };
}

function inPlaceBench(name: string, folder: string, run: RunRepository | null, begun: RunBase | null): Bench {
  return {
    name,
    folder,
    base: begun?.base ?? null,
    // The user's branch, index and files are theirs: nothing is committed, thrown away or merged there.
    commit: async () => null,
    clean: async () => {},
    update: async () => ({ outcome: "current", files: [] }),
    unresolved: async () => [],
    publish: async () => ({ outcome: "published", commit: null }),
    close: async () => {},
    treeHash: async () => (run === null ? null : currentTree(run.project)),
    async changedSince(commit = begun?.base) {
      if (run === null || commit === undefined) return [];
      return pathsBetween(await run.git(), commit, await currentTree(run.project));
    },
    async withFilesOf(commit, files) {
      if (run === null) return { undo: async () => {} };
      await swapFiles(run.project, keepOf(run), commit, files);
      return { undo: () => bringBack(run.checkout.top, keepOf(run)) };
    },
  };
}

function keepOf(run: RunRepository): string {
  return join(run.folder, ".kept");
}
