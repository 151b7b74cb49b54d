import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../package.json";
import { writeInstallScripts } from "../release/install-scripts.ts";
import { writeSums } from "../release/sums.ts";
import { hostTarget, releaseName, TARGETS, type Target } from "../release/targets.ts";

const BINARY = join(import.meta.dirname, "../../dist/ouroboros");

/** What a release has for this machine, out of the program as it was built. */
export async function makeRelease(folder: string): Promise<void> {
  const target = Object.keys(TARGETS).find((name): name is Target => name === hostTarget());
  if (target === undefined) throw new Error(`Nothing is built for ${hostTarget()}`);
  mkdirSync(folder);
  symlinkSync(BINARY, join(folder, releaseName(target)));
  await writeInstallScripts(folder, version);
  await writeSums(folder);
}
