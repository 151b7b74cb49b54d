import { mkdir, realpath, rm } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import type { RunStart } from "../domain/run/run-start.ts";
import { beginBranch } from "./begin-branch.ts";
import { copyProject } from "./copy-project.ts";
import { type Checkout, findCheckout } from "./find-checkout.ts";
import { gitWorkspace } from "./git-workspace.ts";
import { inPlaceWorkspace } from "./in-place.ts";
import { checkName, openRunRepository } from "./repository.ts";
import type { Workspace } from "./workspace.ts";

/** Which run, where, and whether agents may work in the user's own files. */
export interface WorkspaceOrder {
  /** Letters, digits, `_` and `-`: it becomes part of a branch's name. */
  readonly runId: string;
  /** The folder the run was started in. */
  readonly cwd: string;
  /** Ouroboros' own folder. */
  readonly home: string;
  readonly mode: "worktree" | "in_place";
  /** What the run begins with instead of what is checked out: an earlier run's work. */
  readonly from?: Pick<RunStart, "commit" | "copy_of"> | undefined;
  /** What the run has merged last: a repository without it has none of its work. */
  readonly tip?: string | undefined;
  /** Ends whatever git is doing, now and later. */
  readonly signal: AbortSignal;
}

/**
 * Opens a run's workspace, or makes it: the same call for the same run, from any process and after any crash, finds the
 * same branch and base. The user's checkout, index, HEAD, configuration and stash are read and not written.
 */
export async function openWorkspace(order: WorkspaceOrder): Promise<Workspace | Refusal> {
  const { runId, signal } = order;
  checkName(runId);
  const cwd = isAbsolute(order.cwd) ? await realpath(order.cwd).catch(() => null) : null;
  if (cwd === null) {
    return refuse("folder_missing", `There is no folder ${order.cwd}.`, "Name the project's folder by its whole path.");
  }
  await mkdir(order.home, { recursive: true, mode: 0o700 });
  const home = await realpath(order.home);
  const checkout = await findCheckout(cwd, signal);
  if (order.mode === "in_place") return inPlace(order, cwd, home, checkout);
  if (isRefusal(checkout)) return checkout;
  if (checkout === null) return aroundCopy(order, cwd, home);
  const run = await openRunRepository(runId, checkout, home, signal);
  const begun = await beginBranch(run, order.from?.commit, order.tip);
  return isRefusal(begun) ? begun : gitWorkspace("git", run, begun);
}

/** Where git is of no help the folder is worked in all the same: that is what was asked for. */
async function inPlace(
  { runId, signal }: WorkspaceOrder,
  cwd: string,
  home: string,
  checkout: Checkout | Refusal | null,
): Promise<Workspace> {
  if (checkout === null || isRefusal(checkout)) return inPlaceWorkspace(cwd, null);
  return inPlaceWorkspace(cwd, await openRunRepository(runId, checkout, home, signal));
}

async function aroundCopy(
  { runId, from, tip, signal }: WorkspaceOrder,
  cwd: string,
  home: string,
): Promise<Workspace | Refusal> {
  // A run that goes on from another one has its branch beside that one's, in the same copy.
  const project = join(home, "workspaces", checkName(from?.copy_of ?? runId), "project");
  const copied = from ? [] : await copyProject(cwd, project, home, signal);
  if (isRefusal(copied)) return copied;
  const checkout = { top: project, prefix: "", gitFolder: join(project, ".git"), common: join(project, ".git") };
  const run = await openRunRepository(runId, checkout, home, signal, cwd);
  const begun = await beginBranch(run, from?.commit, tip);
  if (isRefusal(begun)) return begun;
  const workspace = gitWorkspace("copy", run, { ...begun, notes: [...copied, ...begun.notes] });
  if (from) return workspace;
  const discard = async () => {
    await workspace.discard();
    await rm(dirname(project), { recursive: true, force: true });
  };
  return { ...workspace, discard };
}
