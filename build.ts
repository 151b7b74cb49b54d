import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { BunPlugin } from "bun";
import packageJson from "./package.json" with { type: "json" };
import { lockedPackage } from "./scripts/release/locked-package.ts";
import { programOptions } from "./scripts/release/program-options.ts";
import { smoke } from "./scripts/release/smoke.ts";
import { writeSums } from "./scripts/release/sums.ts";
import { hostTarget, parseTargets, releaseName, runsHere, TARGETS, type Target } from "./scripts/release/targets.ts";

const { values } = parseArgs({
  options: {
    /** A target, several with commas between them, or all: those of a release, with their sums, into --outdir. */
    target: { type: "string" },
    outdir: { type: "string", default: "dist/release" },
    entry: { type: "string", default: "src/main.ts" },
    outfile: { type: "string", default: "dist/ouroboros" },
    // For tests alone: keeps the places where a process can be told to die.
    failpoints: { type: "boolean", default: false },
  },
});
const targets = parseTargets(values.target ?? hostTarget());
if ("unknown" in targets) {
  fail(`Unknown target "${targets.unknown}": there are ${Object.keys(TARGETS).join(", ")}, and all`);
} else if (targets.length === 1 && targets[0] && values.target !== "all") {
  await build(targets[0], values.outfile);
} else {
  await release(targets);
}

/** Every target's binary in one folder, tried where this machine can run it, and their sums. */
async function release(wanted: readonly Target[]): Promise<void> {
  await rm(values.outdir, { recursive: true, force: true });
  for (const target of wanted) {
    const outfile = join(values.outdir, releaseName(target));
    await build(target, outfile);
    if (runsHere(target)) {
      await smoke(resolve(outfile), packageJson.version);
      process.stdout.write(`  ran here: answers, and opens a store\n`);
    } else process.stdout.write(`  not run: this machine is ${hostTarget()}\n`);
    if (TARGETS[target].platform === "darwin") {
      process.stdout.write("  to be signed on a Mac before others are given it: codesign --force --sign -\n");
    }
  }
  await writeSums(values.outdir);
  process.stdout.write(`Sums in ${join(values.outdir, "SHA256SUMS")}\n`);
}

async function build(target: Target, outfile: string): Promise<void> {
  const { bun, runtime, program, addon } = TARGETS[target];
  const addonFile = join(await lockedPackage(addon), "index.node");
  const { entry, failpoints } = values;
  const plugins = [embedLibsql(addonFile)];
  const result = await Bun.build({
    ...programOptions({ version: packageJson.version, entry, failpoints, plugins }),
    target: "bun",
    // Parsed ahead of time: this is most of what a start costs.
    bytecode: true,
    compile: {
      target: bun,
      outfile,
      // The binary runs in people's projects: their .env and bunfig.toml (whose preload is code) are none of its business.
      autoloadDotenv: false,
      autoloadBunfig: false,
      ...(target === hostTarget() ? {} : { executablePath: await runtimeOf(runtime, program) }),
    },
  });
  if (!result.success) fail(result.logs.map(String).join("\n"));
  process.stdout.write(`Built ${outfile} for ${target}, version ${packageJson.version}\n`);
}

/** Bun's own program for another platform, as locked: left alone, Bun would fetch it without a look at any hash. */
async function runtimeOf(runtime: string, program: string): Promise<string> {
  const folder = await lockedPackage(runtime);
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  // What is parsed ahead of time is for the very same version.
  if (version !== Bun.version) fail(`Cannot build for other platforms with Bun ${Bun.version}: ${version} is locked`);
  return join(folder, program);
}

/**
 * libSQL computes the name of the addon it requires, so a bundler embeds nothing and the binary dies outside this folder.
 * This embeds it as a plain file, to be unpacked and loaded by src/store/engine/native-addon.ts when a store is first opened:
 * loaded with the driver's module, one failure would leave that module broken for the rest of the process.
 */
function embedLibsql(addon: string): BunPlugin {
  return {
    name: "embed-libsql",
    setup(build) {
      build.onLoad({ filter: /[\\/]node_modules[\\/]libsql[\\/]index\.js$/ }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        const lookUp = /function requireNative\(\) \{[\s\S]*?\n\}\n\nconst \{([\w\s,]+)\} = requireNative\(\);\n/;
        const imports = /const \{[^}]*\} = require\("(@neon-rs\/load|detect-libc)"\);\n/g;
        const names = lookUp.exec(source)?.[1]?.match(/\w+/g);
        if (!names) throw new Error("libsql/index.js has changed: look at embedLibsql in build.ts");
        const hash = createHash("sha256")
          .update(await readFile(addon))
          .digest("hex")
          .slice(0, 16);
        const loader = JSON.stringify(join(import.meta.dirname, "src/store/engine/native-addon.ts"));
        const bound = `let ${names.map((name) => `${name} = (...args) => (bind(), ${name}(...args))`).join(",\n  ")};
function bind() {
  ({ ${names.join(", ")} } = require(${loader}).loadNativeAddon(require(${JSON.stringify(addon)}), "${hash}"));
}\n`;
        return { contents: source.replace(imports, "").replace(lookUp, () => bound), loader: "js" };
      });
      build.onLoad({ filter: /[\\/]@libsql[\\/][^\\/]+[\\/]index\.node$/ }, async ({ path }) => ({
        contents: await readFile(path),
        loader: "file",
      }));
    },
  };
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
