import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { BunPlugin } from "bun";
import packageJson from "./package.json" with { type: "json" };

/** Every platform a binary is built for: Bun's name for it, and libSQL's package with the addon that goes inside. */
const TARGETS = {
  "linux-x64": { bun: "bun-linux-x64", libsql: "linux-x64-gnu" },
  "linux-x64-musl": { bun: "bun-linux-x64-musl", libsql: "linux-x64-musl" },
  "linux-arm64": { bun: "bun-linux-arm64", libsql: "linux-arm64-gnu" },
  "linux-arm64-musl": { bun: "bun-linux-arm64-musl", libsql: "linux-arm64-musl" },
  "darwin-x64": { bun: "bun-darwin-x64", libsql: "darwin-x64" },
  "darwin-arm64": { bun: "bun-darwin-arm64", libsql: "darwin-arm64" },
  "windows-x64": { bun: "bun-windows-x64", libsql: "win32-x64-msvc" },
} as const;
type Target = keyof typeof TARGETS;

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    entry: { type: "string" },
    outfile: { type: "string" },
    // For tests alone: keeps the places where a process can be told to die.
    failpoints: { type: "boolean", default: false },
  },
});
const target = toTarget(values.target ?? hostTarget());
const outfile = values.outfile ?? "dist/ouroboros";

const result = await Bun.build({
  entrypoints: [values.entry ?? "src/main.ts"],
  target: "bun",
  format: "esm",
  minify: true,
  // Parsed ahead of time: this is most of what a start costs.
  bytecode: true,
  define: { OUROBOROS_VERSION: JSON.stringify(packageJson.version) },
  compile: {
    target: TARGETS[target].bun,
    outfile,
    // The binary runs in people's projects: their .env and bunfig.toml (whose preload is code) are none of its business.
    autoloadDotenv: false,
    autoloadBunfig: false,
  },
  plugins: [embedLibsql(TARGETS[target].libsql), ...(values.failpoints ? [] : [withoutFailpoints()])],
});
if (!result.success) {
  for (const log of result.logs) process.stderr.write(`${String(log)}\n`);
  process.exit(1);
}
process.stdout.write(`Built ${outfile} for ${target}, version ${packageJson.version}\n`);

/**
 * libSQL computes the name of the addon it requires, so a bundler embeds nothing and the binary dies outside this folder.
 * This embeds it as a plain file, to be unpacked and loaded by src/store/engine/native-addon.ts when a store is first opened:
 * loaded with the driver's module, one failure would leave that module broken for the rest of the process.
 */
function embedLibsql(packageName: string): BunPlugin {
  return {
    name: "embed-libsql",
    setup(build) {
      build.onLoad({ filter: /[\\/]node_modules[\\/]libsql[\\/]index\.js$/ }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        const lookUp = /function requireNative\(\) \{[\s\S]*?\n\}\n\nconst \{([\w\s,]+)\} = requireNative\(\);\n/;
        const imports = /const \{[^}]*\} = require\("(@neon-rs\/load|detect-libc)"\);\n/g;
        const names = lookUp.exec(source)?.[1]?.match(/\w+/g);
        if (!names) throw new Error("libsql/index.js has changed: look at embedLibsql in build.ts");
        const addon = join(import.meta.dirname, `node_modules/@libsql/${packageName}/index.node`);
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

function hostTarget(): string {
  const os = process.platform === "win32" ? "windows" : process.platform;
  return `${os}-${process.arch}`;
}

/** Takes the calls that let tests end the process at a given line (src/base/failpoint.ts) out of what people run. */
function withoutFailpoints(): BunPlugin {
  return {
    name: "without-failpoints",
    setup(build) {
      build.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        return { contents: source.replace(/^\s*failpoint\("[^"]+"\);$/gm, ""), loader: "ts" };
      });
    },
  };
}

function toTarget(name: string): Target {
  const known = Object.keys(TARGETS) as Target[];
  const found = known.find((one) => one === name);
  if (found) return found;
  process.stderr.write(`Unknown target "${name}": there are ${known.join(", ")}\n`);
  process.exit(1);
}
