// `bun run release` makes everything a release has of the binaries in dist/release, which nothing may change from then on: the macOS
// ones are signed before it. `--published` says afterwards, in the plugin, which npm package its launcher may fetch.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../package.json";
import { writeGeminiExtensions } from "./release/bundles/gemini-extension.ts";
import { writeMcpb } from "./release/bundles/mcpb.ts";
import { writeServerJson } from "./release/bundles/server-json.ts";
import { writeHomebrewFormula } from "./release/homebrew.ts";
import { writeInstallScripts } from "./release/install-scripts.ts";
import { putLicences } from "./release/licences.ts";
import { writeNpmPackages, writePluginPackage } from "./release/npm/write-npm-packages.ts";
import { writeSums } from "./release/sums.ts";

const { values } = parseArgs({ options: { published: { type: "boolean", default: false } } });
await (values.published ? writePluginPackage(resolve(import.meta.dirname, "../plugin")) : assemble("dist/release"));

async function assemble(folder: string): Promise<void> {
  await putLicences(folder);
  await writeNpmPackages(folder, `${folder}/npm`);
  await writeMcpb(folder, folder);
  await writeGeminiExtensions(folder, folder);
  await writeHomebrewFormula(folder, version);
  await writeInstallScripts(folder, version);
  await writeSums(folder);
  // The one file without a sum: it names those of the others.
  await writeServerJson(folder);
  process.stdout.write(`Release ${version} is in ${folder}\n`);
}
