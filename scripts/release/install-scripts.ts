import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "../../src/setup/update/repository.ts";

const TEMPLATES = join(import.meta.dirname, "../install");

/** Writes into the folder of a release what installs it, and which version it is (`VERSION`, for `ouroboros update`). */
export async function writeInstallScripts(folder: string, version: string): Promise<void> {
  const values: Readonly<Record<string, string>> = {
    VERSION: version,
    RELEASES: `${REPOSITORY}/releases`,
    REPOSITORY: new URL(REPOSITORY).pathname.slice(1),
  };
  await writeFile(join(folder, "VERSION"), `${version}\n`);
  for (const name of ["install.sh", "install.ps1"]) {
    const template = await readFile(join(TEMPLATES, name), "utf8");
    const text = template.replace(/@([A-Z]+)@/g, (mark, key: string) => {
      const value = values[key];
      if (value === undefined) throw new Error(`${name} has a place for ${mark}, which a release does not fill in`);
      return value;
    });
    await writeFile(join(folder, name), text, { mode: 0o755 });
  }
}
