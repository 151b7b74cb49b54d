import type { ManifestFacts, ManifestParser } from "./manifest-facts.ts";
import { readTomlLines, type TomlLines } from "./toml-lines.ts";

/** Rust's `Cargo.toml`. */
export const readCargoToml: ManifestParser = (text) => {
  const toml = readTomlLines(text);
  const tables = [...toml.keys()].filter((name) => /(^|\.)(dev-|build-)?dependencies$/.test(name));
  const named = captureNames(toml, /(?:^|\.)(?:dev-|build-)?dependencies\.([^.]+)$/);
  return {
    ...nameOf(toml, "package"),
    dependencies: unique([...tables.flatMap((table) => keysOf(toml, table)), ...named]),
    entries: [...textsOf(toml, "bin", "path"), ...textsOf(toml, "lib", "path")],
    workspaces: textsOf(toml, "workspace", "members"),
  };
};

/** Python's `pyproject.toml`, by the standard and as Poetry and uv write it. */
export const readPyproject: ManifestParser = (text) => {
  const toml = readTomlLines(text);
  const tables = [...toml.keys()];
  const lists = tables.filter((name) => name === "project.optional-dependencies" || name === "dependency-groups");
  const requirements = [
    ...textsOf(toml, "project", "dependencies"),
    ...lists.flatMap((table) => keysOf(toml, table).flatMap((key) => textsOf(toml, table, key))),
  ];
  const poetry = tables.filter((name) => /^tool\.poetry(\.group\.[^.]+)?\.(dev-)?dependencies$/.test(name));
  const scripts = ["project.scripts", "project.gui-scripts", "tool.poetry.scripts"].flatMap((table) =>
    keysOf(toml, table).map((name) => ({ name, command: textsOf(toml, table, name).join(" ") })),
  );
  const project = nameOf(toml, "project");
  return {
    ...(project.name === undefined ? nameOf(toml, "tool.poetry") : project),
    scripts,
    dependencies: unique([
      ...requirements.map(requirementName),
      ...poetry.flatMap((table) => keysOf(toml, table)).filter((name) => name !== "python"),
    ]),
    entries: scripts.map(({ command }) => command),
    workspaces: textsOf(toml, "tool.uv.workspace", "members"),
  };
};

/** Python's `requirements.txt`: a requirement a line; options and addresses are passed over. */
export const readRequirements: ManifestParser = (text) => {
  return { dependencies: unique(text.split("\n").map(requirementName)) };
};

function requirementName(requirement: string): string {
  const [word = ""] = requirement.trim().split(/\s/, 1);
  return word.includes("://") ? "" : (/^[A-Za-z0-9][\w.-]*/.exec(word)?.[0] ?? "");
}

function nameOf(toml: TomlLines, table: string): Pick<ManifestFacts, "name" | "version" | "description"> {
  const [name, version, description] = ["name", "version", "description"].map((key) => textsOf(toml, table, key)[0]);
  return { name, version, description };
}

function textsOf(toml: TomlLines, table: string, key: string): readonly string[] {
  const value = toml.get(table)?.get(key) ?? [];
  return typeof value === "string" ? [value] : value;
}

function keysOf(toml: TomlLines, table: string): string[] {
  return [...(toml.get(table)?.keys() ?? [])].map((key) => key.replace(/\.(workspace|version)$/, ""));
}

function captureNames(toml: TomlLines, pattern: RegExp): string[] {
  return [...toml.keys()].map((name) => pattern.exec(name)?.[1] ?? "");
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].filter(Boolean);
}
