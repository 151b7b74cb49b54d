import { join } from "node:path";
import type { BunPlugin } from "bun";
import { withoutFailpoints } from "./without-failpoints.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

interface Wishes {
  readonly version: string;
  readonly entry?: string;
  /** For tests alone: keeps the places where a process can be told to die. */
  readonly failpoints?: boolean;
  readonly define?: Readonly<Record<string, string>>;
  readonly plugins?: readonly BunPlugin[];
}

/** How the program is bundled, whatever it is to run on: the binaries and the plain JavaScript are the same parts. */
export function programOptions({ version, entry = MAIN, failpoints = false, define, plugins = [] }: Wishes) {
  return {
    entrypoints: [entry],
    format: "esm" as const,
    minify: true,
    // In one piece, every process would carry all of it: names, functions and the pages they lie on.
    splitting: true,
    define: { OUROBOROS_VERSION: JSON.stringify(version), ...define },
    plugins: [...plugins, ...(failpoints ? [] : [withoutFailpoints()])],
  };
}
