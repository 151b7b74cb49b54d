import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describeProject } from "../../brownfield/describe-project.ts";
import { summaryText } from "../../brownfield/summary-text.ts";

/** What the interview is told of a folder: whether code is there, and a summary of it; null where nothing can be said. */
export async function lookAtProject(
  folder: string,
  home: string,
  signal: AbortSignal,
): Promise<{ readonly isBrownfield: boolean; readonly text: string } | null> {
  const root = resolve(folder);
  // A server that was started nowhere in particular is in no project.
  if (root === homedir() || dirname(root) === root) return null;
  try {
    const summary = await describeProject(root, { signal, cacheFolder: join(home, "cache", "projects") });
    return summary.is_brownfield ? { isBrownfield: true, text: summaryText(summary) } : null;
  } catch {
    signal.throwIfAborted();
    return null; // The folder is gone or may not be read: an interview needs none.
  }
}
