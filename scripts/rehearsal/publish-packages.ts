import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { version } from "../../package.json";
import { writeNpmPackages } from "../release/npm/write-npm-packages.ts";

/** Publishes the npm packages of a release to the registry that a user's npm configuration names. */
export async function publishPackages(release: string, work: string, userConfig: string): Promise<void> {
  const folders = await writeNpmPackages(release, work);
  writeFileSync(join(work, ".npmrc"), userConfig);
  const env = { ...process.env, HOME: work, npm_config_update_notifier: "false" };
  for (const folder of folders) {
    // As npm packs it, but not as small: that would take a minute.
    const pack = ["pm", "pack", "--quiet", "--gzip-level", "1", "--destination", work];
    execFileSync(process.execPath, pack, { cwd: folder, env, stdio: "ignore" });
    const tarball = join(work, `${basename(folder)}-${version}.tgz`);
    execFileSync("npm", ["publish", "--tag", "latest", tarball], {
      cwd: work,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
  }
}
