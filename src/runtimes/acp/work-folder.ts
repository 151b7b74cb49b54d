import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";

/**
 * Where a path really leads, followed through the symbolic links of what exists of it; null when that is outside the
 * folder, or nobody can tell. `root` is a real path.
 */
export function insideFolder(root: string, path: string): string | null {
  try {
    const real = realPathOf(resolve(root, path));
    const way = relative(root, real);
    const leadsOut = way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way);
    return leadsOut ? null : real;
  } catch {
    return null; // A link to nowhere or in a circle, a file taken for a folder, no path at all.
  }
}

function realPathOf(path: string): string {
  const missing: string[] = [];
  let existing = path;
  // A dangling link exists: its own real path throws, and it is refused.
  while (lstatSync(existing, { throwIfNoEntry: false }) === undefined) {
    missing.unshift(basename(existing));
    existing = dirname(existing);
  }
  return join(realpathSync(existing), ...missing);
}
