import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const SOURCE = join(import.meta.dirname, "../../../src");

/** The name of every failpoint, as often as it stands there; each has to be a line of its own, as the build expects. */
export function failpointsOfSource(): string[] {
  const names: string[] = [];
  for (const file of globSync("**/*.ts", { cwd: SOURCE })) {
    const source = readFileSync(join(SOURCE, file), "utf8");
    const calls = source.match(/\bfailpoint\(/g) ?? [];
    const lines = [...source.matchAll(/^\s*failpoint\("([^"]+)"\);$/gm)].map(([, name = ""]) => name);
    if (file.endsWith("base/failpoint.ts")) continue; // Its definition.
    if (calls.length !== lines.length) throw new Error(`A failpoint in ${file} is not a line of its own`);
    names.push(...lines);
  }
  return names;
}
