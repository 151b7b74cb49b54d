import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { newShortId } from "../base/ids.ts";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import { openWorkspace, type WorkspaceOrder } from "./open-workspace.ts";
import type { Bench } from "./workspace.ts";

/** A worktree of its own to look at and to run checks in; closed, it leaves nothing behind. */
export interface Look {
  readonly bench: Bench;
  /** What the project was taken over with, in sentences. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

const LOOK = "look";
/** Nobody looks for so long: whoever made it died over it. */
const LEFT_AFTER_MS = 24 * 3_600_000;

/**
 * Opens a look at a commit (`from`), or at the project as it lies there now; of the same name again the one that was left open.
 * Looks that somebody died over are removed.
 */
export async function openLook(
  order: Pick<WorkspaceOrder, "cwd" | "home" | "from" | "signal"> & { readonly name?: string | undefined },
): Promise<Look | Refusal> {
  const open = (runId: string) => openWorkspace({ ...order, runId, mode: "worktree" });
  const id = order.name === undefined ? newShortId(LOOK) : `${LOOK}_${order.name}`;
  const workspace = await open(id);
  if (isRefusal(workspace)) return workspace;
  try {
    for (const left of await leftBeside(id, join(order.home, "worktrees"))) {
      const old = await open(left);
      if (!isRefusal(old)) await old.discard();
    }
    return { bench: await workspace.open(LOOK), notes: workspace.notes, close: () => workspace.discard() };
  } catch (error) {
    await workspace.discard();
    throw error;
  }
}

/** Ids of looks in the same repository that are too old to be somebody's. */
async function leftBeside(id: string, worktrees: string): Promise<string[]> {
  const left: string[] = [];
  for (const repository of await readdir(worktrees)) {
    const names = await readdir(join(worktrees, repository)).catch((): string[] => []);
    if (!names.includes(id)) continue;
    for (const name of names.filter((one) => one.startsWith(`${LOOK}_`))) {
      const found = await lstat(join(worktrees, repository, name)).catch(() => null);
      if (found && Date.now() - found.mtimeMs > LEFT_AFTER_MS) left.push(name);
    }
  }
  return left;
}
