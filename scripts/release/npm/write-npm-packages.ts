import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import packageJson from "../../../package.json" with { type: "json" };
import { putLicences, THIRD_PARTY } from "../licences.ts";
import { parseTargets, releaseName, TARGETS, type Target } from "../targets.ts";
import { bundleLauncher, bundleProgram } from "./bundle.ts";
import { platformPackage } from "./platform-package.ts";

const NAME = "ouroboros-mcp";
const { version, description, license, repository } = packageJson;
const HOMEPAGE = repository.url.replace(/^git\+|\.git$/g, "");

/**
 * Writes the npm packages of a release into an emptied folder: one for each binary that is in `binaries`, and
 * `ouroboros-mcp`, which chooses among them. Returns their folders in the order in which they are to be published.
 */
export async function writeNpmPackages(binaries: string, outdir: string): Promise<readonly string[]> {
  const all = parseTargets("all");
  if ("unknown" in all) throw new Error(`Cannot tell the targets: ${all.unknown}`);
  const targets = all.filter((target) => existsSync(join(binaries, releaseName(target))));
  if (targets.length === 0) throw new Error(`Cannot write npm packages: there is no binary in ${binaries}`);
  await rm(outdir, { recursive: true, force: true });
  const platforms = await Promise.all(targets.map((target) => writePlatform(target, binaries, outdir)));
  return [...platforms, await writeLauncher(targets, outdir)];
}

/** Tells the plugin's launcher which package to install where there is no program; once that package is published. */
export async function writePluginPackage(plugin: string): Promise<void> {
  await writeFile(join(plugin, "launch/package"), `${NAME}@${version}\n`);
}

async function writePlatform(target: Target, binaries: string, outdir: string): Promise<string> {
  const { platform, arch } = TARGETS[target];
  const name = platformPackage(target);
  const folder = join(outdir, name);
  const program = join(folder, "bin", platform === "win32" ? "ouroboros.exe" : "ouroboros");
  await mkdir(join(folder, "bin"), { recursive: true });
  await copyFile(join(binaries, releaseName(target)), program);
  await chmod(program, 0o755);
  await writeRest(folder, {
    name,
    version,
    description: `The binary of ${NAME} for ${target}`,
    ...about(),
    os: [platform],
    cpu: [arch],
    ...(platform === "linux" ? { libc: [target.endsWith("-musl") ? "musl" : "glibc"] } : {}),
    files: ["bin", THIRD_PARTY],
    preferUnplugged: true,
  });
  return folder;
}

async function writeLauncher(targets: readonly Target[], outdir: string): Promise<string> {
  const folder = join(outdir, NAME);
  await mkdir(join(folder, "bin"), { recursive: true });
  await Promise.all([
    bundleLauncher(join(folder, "bin/ouroboros.js")),
    bundleProgram(join(folder, "lib"), version),
    copyFile(join(import.meta.dirname, "README.md"), join(folder, "README.md")),
  ]);
  await writeRest(folder, {
    name: NAME,
    mcpName: `io.github.${new URL(HOMEPAGE).pathname.slice(1)}`,
    version,
    description,
    keywords: ["mcp", "mcp-server", "agents", "claude-code", "codex", "spec-first", "workflow"],
    ...about(),
    type: "module",
    bin: { ouroboros: "bin/ouroboros.js", [NAME]: "bin/ouroboros.js" },
    files: ["bin", "lib", THIRD_PARTY],
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(targets.map((target) => [platformPackage(target), version])),
  });
  return folder;
}

function about() {
  return { license, homepage: `${HOMEPAGE}#readme`, bugs: `${HOMEPAGE}/issues`, repository };
}

async function writeRest(folder: string, manifest: object): Promise<void> {
  await putLicences(folder);
  await writeFile(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}
