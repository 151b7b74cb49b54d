import type { Bench } from "../workspaces/workspace.ts";
import { type CommandLimits, type CommandResult, runCommand } from "./run-command.ts";

/** One run of a command in a bench, which is left as it was. */
export interface Attempt {
  readonly result: CommandResult;
  /** It changed the tree. */
  readonly mutated: boolean;
}

/**
 * Runs a command in a bench whose work is committed and has this tree, with the original checks put back if asked to; takes
 * away what it changed.
 */
export async function attempt(
  bench: Bench,
  tree: string | null,
  command: string,
  limits: CommandLimits,
  putBack?: () => Promise<{ undo(): Promise<void> }>,
): Promise<Attempt> {
  const then = await putBack?.();
  let mutated = false;
  try {
    const before = then === undefined ? tree : await bench.treeHash();
    const result = await runCommand(command, bench.folder, limits);
    mutated = before !== null && (await bench.treeHash()) !== before;
    return { result, mutated };
  } finally {
    await then?.undo();
    if (mutated) await bench.clean();
  }
}
