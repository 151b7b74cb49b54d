import { chmod, copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { putLicences } from "../licences.ts";
import { releaseName, type Target } from "../targets.ts";

/**
 * Has `write` make a file of `outdir` for each of some targets whose binary is in a folder, in a folder for work that goes afterwards;
 * answers the names of the files.
 */
export async function eachBinary<Wanted extends Target>(
  { binaries, outdir, targets }: { binaries: string; outdir: string; targets: readonly Wanted[] },
  write: (target: Wanted, binary: string, work: string) => Promise<string>,
): Promise<readonly string[]> {
  await mkdir(outdir, { recursive: true });
  const there = await readdir(binaries);
  const names: string[] = [];
  for (const target of targets.filter((one) => there.includes(releaseName(one)))) {
    const work = await mkdtemp(join(outdir, ".work-"));
    try {
      names.push(await write(target, join(binaries, releaseName(target)), work));
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return names;
}

/** Puts a binary into a folder at `path`, to be run, and the licences beside everything else. */
export async function putProgram(binary: string, folder: string, path: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await copyFile(binary, join(folder, path));
  await chmod(join(folder, path), 0o755);
  await putLicences(folder);
}
