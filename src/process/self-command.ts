import { fileURLToPath } from "node:url";
import { OWN_PROGRAM } from "./own-program.ts";

declare const OUROBOROS_MAIN: string | undefined;

/** Where the program begins, seen from here; in the JavaScript of the npm package it lies elsewhere. */
const MAIN = typeof OUROBOROS_MAIN === "string" ? OUROBOROS_MAIN : "../main.ts";

/** How to start this same program again: the executable alone once compiled, else the runtime with the source. */
export function selfCommand(args: readonly string[]): { program: string; args: string[] } {
  const program = OWN_PROGRAM;
  if (isCompiled()) return { program, args: [...args] };
  const main = fileURLToPath(new URL(MAIN, import.meta.url));
  // Bun reads .env files of the folder it starts in; whoever starts it also chooses a folder without a bunfig.toml.
  if (process.versions.bun !== undefined) return { program, args: ["--no-env-file", main, ...args] };
  if ("deno" in process.versions) return { program, args: ["run", "-A", "--no-prompt", main, ...args] };
  return { program, args: [main, ...args] };
}

function isCompiled(): boolean {
  // On Windows the folder inside is ~BUN, and its tilde is written as %7E in a URL.
  return /\/(?:\$bunfs|(?:~|%7E)BUN)\//.test(import.meta.url);
}
