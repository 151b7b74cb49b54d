import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BunPlugin } from "bun";
import { programOptions } from "../program-options.ts";

/** Writes the command of the npm package, one file of plain JavaScript; left readable, it is small. */
export async function bundleLauncher(outfile: string): Promise<void> {
  const [output] = await build({ entrypoints: [fileURLToPath(import.meta.resolve("./launcher.ts"))] });
  if (output === undefined) throw new Error("Cannot bundle the launcher: there is no output");
  await Bun.write(outfile, output);
  await chmod(outfile, 0o755);
}

/** Writes the whole program as JavaScript for Node and Bun into a folder: main.js and the parts it loads when they are needed. */
export async function bundleProgram(outdir: string, version: string): Promise<void> {
  const define = { OUROBOROS_MAIN: JSON.stringify("./main.js") };
  await build({ ...programOptions({ version, define, plugins: [ownSqlite()] }), outdir });
}

async function build(options: Omit<Bun.BuildConfig, "target" | "format">) {
  const result = await Bun.build({ ...options, target: "node", format: "esm" });
  if (!result.success) throw new Error(result.logs.map(String).join("\n"));
  return result.outputs;
}

/** Puts the runtime's SQLite in the place of libSQL's driver, which is a native addon. */
function ownSqlite(): BunPlugin {
  const driver = JSON.stringify(join(import.meta.dirname, "fallback/sqlite-driver.ts"));
  return {
    name: "own-sqlite",
    setup(build) {
      build.onLoad({ filter: /[\\/]node_modules[\\/]libsql[\\/]index\.js$/ }, () => ({
        contents: `export { SqliteDriver as default } from ${driver};`,
        loader: "js",
      }));
    },
  };
}
