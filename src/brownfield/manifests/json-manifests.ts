import * as v from "valibot";
import { parse as parseYaml } from "yaml";
import type { ManifestFacts, ManifestParser } from "./manifest-facts.ts";

const Text = v.fallback(v.optional(v.string()), undefined);
/** An object of anything: a manifest with one odd field still tells the others. */
const Loose = v.fallback(v.record(v.string(), v.unknown()), {});
const Texts = v.pipe(
  v.fallback(v.array(v.unknown()), []),
  v.transform((list) => list.filter((one) => typeof one === "string")),
);

const Package = v.object({
  name: Text,
  version: Text,
  description: Text,
  scripts: Loose,
  dependencies: Loose,
  devDependencies: Loose,
  peerDependencies: Loose,
  main: Text,
  module: Text,
  bin: v.optional(v.unknown()),
  exports: v.optional(v.unknown()),
  workspaces: v.optional(v.unknown()),
});

/** npm's and Bun's `package.json`. */
export const readPackageJson: ManifestParser = (text) => {
  const found = v.parse(Package, objectOf(JSON.parse(text)));
  const { name, version, description, main, module, bin, exports, workspaces } = found;
  const packages = Array.isArray(workspaces) ? workspaces : objectOf(workspaces).packages;
  return {
    name,
    version,
    description,
    scripts: scriptsOf(found.scripts),
    dependencies: keysOf(found.dependencies, found.devDependencies, found.peerDependencies),
    entries: [...textsIn(bin), ...textsIn(main), ...textsIn(module), ...textsIn(exports)],
    workspaces: v.parse(Texts, packages),
  };
};

/** Deno's `deno.json`, which may hold comments. */
export const readDenoJson: ManifestParser = (text) => {
  const { name, version, tasks, imports, exports, workspace } = objectOf(JSON.parse(withoutComments(text)));
  return {
    name: v.parse(Text, name),
    version: v.parse(Text, version),
    scripts: scriptsOf(v.parse(Loose, tasks)),
    dependencies: keysOf(v.parse(Loose, imports)),
    entries: textsIn(exports),
    workspaces: v.parse(Texts, workspace),
  };
};

/** PHP's `composer.json`. */
export const readComposerJson: ManifestParser = (text) => {
  const found = objectOf(JSON.parse(text));
  return {
    name: v.parse(Text, found.name),
    version: v.parse(Text, found.version),
    description: v.parse(Text, found.description),
    scripts: scriptsOf(v.parse(Loose, found.scripts)),
    dependencies: keysOf(v.parse(Loose, found.require), v.parse(Loose, found["require-dev"])),
    entries: textsIn(found.bin),
  };
};

/** pnpm's `pnpm-workspace.yaml`: nothing but its packages. */
export const readPnpmWorkspace: ManifestParser = (text) => {
  return { workspaces: v.parse(Texts, objectOf(readYaml(text)).packages) };
};

/** Dart's `pubspec.yaml`. */
export const readPubspec: ManifestParser = (text) => {
  const found = objectOf(readYaml(text));
  return {
    name: v.parse(Text, found.name),
    version: v.parse(Text, found.version),
    description: v.parse(Text, found.description),
    dependencies: keysOf(v.parse(Loose, found.dependencies), v.parse(Loose, found.dev_dependencies)),
  };
};

/** No aliases at all: a manifest has no use for them, and a few hundred bytes of them unfold to gigabytes. */
function readYaml(text: string): unknown {
  return parseYaml(text, { maxAliasCount: 0, logLevel: "silent" });
}

function objectOf(value: unknown): Record<string, unknown> {
  return v.parse(Loose, value);
}

function keysOf(...records: Record<string, unknown>[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))];
}

function scriptsOf(record: Record<string, unknown>): NonNullable<ManifestFacts["scripts"]> {
  return Object.entries(record).map(([name, command]) => ({
    name,
    command: typeof command === "string" ? command : JSON.stringify(command),
  }));
}

/** The texts in a field that may be one, a list, or an object of them, as `bin` and `exports` are. */
function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null || depth > 4) return [];
  return Object.values(value).flatMap((inner) => textsIn(inner, depth + 1));
}

/** Comments and commas before a closing bracket, both outside of strings, are taken out. */
function withoutComments(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*(?:"|\\?$)|\/\/[^\n]*|\/\*(?:[\s\S]*?\*\/|[\s\S]*$)|,(?=\s*[}\]])/g, (found) =>
    found.startsWith('"') ? found : "",
  );
}
