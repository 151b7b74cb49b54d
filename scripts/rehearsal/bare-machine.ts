import { accessSync, constants, mkdirSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { clientProgram } from "../../tests/e2e/support/clients.ts";

/** What any system has, git, and what the install script fetches with. */
const TOOLS =
  "sh env cat head tail tr sed grep cut ls pwd printf sleep mkdir mktemp mv cp rm ln chmod uname dirname basename sha256sum git curl";

/** Makes a folder that is all of somebody's PATH: those tools, these programs, and Claude Code. */
export function bareMachine(folder: string, programs: readonly string[]): string {
  mkdirSync(folder);
  for (const name of [...TOOLS.split(" "), ...programs]) symlinkSync(programOnPath(name), join(folder, name));
  symlinkSync(clientProgram("claude"), join(folder, "claude"));
  return folder;
}

function programOnPath(name: string): string {
  // One Bun is both of its commands.
  if (name === "bun" || name === "bunx") return process.execPath;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {} // The next folder may have it.
  }
  throw new Error(`Cannot rehearse: ${name} is not on PATH`);
}
