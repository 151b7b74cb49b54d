import { capture, captures, type ManifestParser } from "./manifest-facts.ts";

// Patterns here run over whatever somebody put into a file: each is bounded, or anchored to a line, so that none takes long.

/** Go's `go.mod`. */
export const readGoMod: ManifestParser = (text) => ({
  name: capture(text, /^module\s+(\S+)/m),
  version: capture(text, /^go\s+(\S+)/m),
  // One a line, alone or in a block; what only others need is marked.
  dependencies: text
    .split("\n")
    .filter((line) => !line.includes("// indirect"))
    .flatMap((line) => /^(?:require |\t)(\S+\/\S+) v/.exec(line)?.[1] ?? []),
});

/** Python's `setup.py`, which is read and never run. */
export const readSetupPy: ManifestParser = (text) => ({
  name: capture(text, /\bname\s*=\s*["']([^"'\n]+)["']/),
  version: capture(text, /\bversion\s*=\s*["']([^"'\n]+)["']/),
  description: capture(text, /\bdescription\s*=\s*["']([^"'\n]+)["']/),
});

/** Maven's `pom.xml`; what a parent declares is not the project's own. */
export const readPom: ManifestParser = (text) => {
  const [start = "", ...inherited] = text.split(/<\/?parent>/);
  const own = start + inherited.slice(1).join("");
  const head = own.split(/<(?:dependencies|dependencyManagement|build|profiles)>/)[0] ?? "";
  const dependencies = own.split("<dependency>").slice(1);
  return {
    name: capture(head, /<artifactId>([^<]+)</),
    version: capture(head, /<version>([^<]+)</),
    description: capture(head, /<description>([^<]+)</),
    dependencies: dependencies.map((one) => capture(one, /<artifactId>([^<]+)</) ?? "").filter(Boolean),
    workspaces: captures(own, /<module>([^<]+)</g),
  };
};

/** Gradle's build file, in either language. */
export const readGradle: ManifestParser = (text) => ({
  version: capture(text, /^version\s*=?\s*["']([^"'\n]+)["']/m),
  dependencies: captures(text, /\b(?:[a-z]+I|i)mplementation[\s(]+["']([^"':\n]+:[^"':\n]+)/g),
});

/** Ruby's `Gemfile`. */
export const readGemfile: ManifestParser = (text) => ({
  dependencies: captures(text, /^[ \t]*gem[ \t]+["']([^"'\n]+)["']/gm),
});

/** Elixir's `mix.exs`. */
export const readMix: ManifestParser = (text) => ({
  name: capture(text, /\bapp:\s*:(\w+)/),
  version: capture(text, /\bversion:\s*"([^"\n]+)"/),
  dependencies: captures(text, /\{\s*:(\w+)\s*,\s*(?:"|git:|github:|path:|in_umbrella:|only:)/g),
});

/** CMake's `CMakeLists.txt`. */
export const readCmake: ManifestParser = (text) => ({
  name: capture(text, /^[ \t]*project\s*\(\s*"?([\w.+-]+)/im),
  version: capture(text, /^[ \t]*project\s*\([^)]{0,300}\bVERSION\s+([\w.]+)/im),
  dependencies: captures(text, /^[ \t]*find_package\s*\(\s*([\w.+-]+)/gim),
});

/** A `Makefile`: its targets are what one can ask for. */
export const readMakefile: ManifestParser = (text) => ({
  scripts: [...new Set(captures(text, /^([A-Za-z][\w.-]*)\s*:(?!=)/gm))].map((name) => ({
    name,
    command: `make ${name}`,
  })),
});

/** Swift's `Package.swift`. */
export const readPackageSwift: ManifestParser = (text) => ({
  name: capture(text, /\bPackage\s*\(\s*name:\s*"([^"\n]+)"/),
  dependencies: captures(text, /\.package\s*\([^)]{0,300}?\burl:\s*"([^"\n]+)"/g),
});

/** A project of .NET. */
export const readDotnetProject: ManifestParser = (text) => ({
  name: capture(text, /<AssemblyName>([^<]+)</),
  version: capture(text, /<Version>([^<]+)</),
  dependencies: captures(text, /<PackageReference\s[^>]{0,300}?\bInclude="([^"\n]+)"/g),
});

/** One that is known by its name alone, such as Zig's or a solution of .NET. */
export const readNothing: ManifestParser = () => ({});
