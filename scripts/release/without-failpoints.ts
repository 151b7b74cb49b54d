import { readFile } from "node:fs/promises";
import type { BunPlugin } from "bun";

/** Takes the calls that let tests end the process at a given line (src/base/failpoint.ts) out of what people run. */
export function withoutFailpoints(): BunPlugin {
  return {
    name: "without-failpoints",
    setup(build) {
      build.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        return { contents: source.replace(/^\s*failpoint\("[^"]+"\);$/gm, ""), loader: "ts" };
      });
    },
  };
}
