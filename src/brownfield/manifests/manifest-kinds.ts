import { basename } from "node:path/posix";
import { readComposerJson, readDenoJson, readPackageJson, readPnpmWorkspace, readPubspec } from "./json-manifests.ts";
import {
  readCmake,
  readDotnetProject,
  readGemfile,
  readGoMod,
  readGradle,
  readMakefile,
  readMix,
  readNothing,
  readPackageSwift,
  readPom,
  readSetupPy,
} from "./line-manifests.ts";
import type { ManifestParser } from "./manifest-facts.ts";
import { readCargoToml, readPyproject, readRequirements } from "./toml-manifests.ts";

const BY_NAME: ReadonlyMap<string, ManifestParser> = new Map(
  Object.entries({
    "package.json": readPackageJson,
    "pnpm-workspace.yaml": readPnpmWorkspace,
    "deno.json": readDenoJson,
    "deno.jsonc": readDenoJson,
    "tsconfig.json": readNothing,
    "Cargo.toml": readCargoToml,
    "go.mod": readGoMod,
    "go.sum": readNothing,
    "pyproject.toml": readPyproject,
    "setup.py": readSetupPy,
    "requirements.txt": readRequirements,
    "pom.xml": readPom,
    "build.gradle": readGradle,
    "build.gradle.kts": readGradle,
    Gemfile: readGemfile,
    "mix.exs": readMix,
    "composer.json": readComposerJson,
    "CMakeLists.txt": readCmake,
    Makefile: readMakefile,
    "Package.swift": readPackageSwift,
    "build.zig": readNothing,
    "pubspec.yaml": readPubspec,
  }),
);
const BY_ENDING: ReadonlyMap<string, ManifestParser> = new Map(
  Object.entries({
    ".csproj": readDotnetProject,
    ".fsproj": readDotnetProject,
    ".sln": readNothing,
    ".slnx": readNothing,
  }),
);

/** The kind of manifest a file is by its name, and what reads it; undefined for any other file. */
export function manifestKind(path: string): { readonly kind: string; readonly parse: ManifestParser } | undefined {
  const name = basename(path);
  const ending = name.slice(name.lastIndexOf("."));
  for (const [kind, table] of [
    [name, BY_NAME],
    [ending, BY_ENDING],
  ] as const) {
    const parse = table.get(kind);
    if (parse !== undefined) return { kind: table === BY_NAME ? kind : `*${kind}`, parse };
  }
  return undefined;
}

/** A manifest that is known by its name alone: there is nothing to open it for. */
export function isNameOnly(parse: ManifestParser): boolean {
  return parse === readNothing;
}
