import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Everything a module loads before it runs: files by path, packages by name. What it imports on demand is not among it. */
export function staticImports(entry: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  const { imports } = new Bun.Transpiler({ loader: "ts" }).scan(readFileSync(entry, "utf8"));
  for (const { kind, path } of imports) {
    if (kind !== "import-statement") continue;
    if (path.startsWith(".")) staticImports(join(dirname(entry), path), seen);
    else seen.add(path);
  }
  return seen;
}
