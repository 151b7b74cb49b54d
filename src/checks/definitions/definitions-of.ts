import { join } from "node:path/posix";
import { baseName } from "../../domain/seed/lint/harm.ts";
import type { PlacedCommand } from "../command-files.ts";
import type { Definition } from "./definition.ts";
import { jsonScripts } from "./json-scripts.ts";
import { makeRules } from "./make-rules.ts";
import { settingsSections } from "./settings-sections.ts";

const PACKAGE_RUNNERS = new Set(
  "npm pnpm yarn bun npx pnpx bunx node jest vitest mocha ava tap jasmine c8 nyc".split(" "),
);
const PYTHON = /^(?:py\.test|pytest|tox|nox|hatch|pdm|poe|poetry|uv|coverage|unittest|task)$/;

/** The files in which commands look up what they run, relative to the folder they start in, and how to read each. */
export function definitionsOf(commands: readonly PlacedCommand[]): ReadonlyMap<string, Definition> {
  const asked = new Map<string, { read: Reader; words: string[] }>();
  for (const { program, args, folder } of commands) {
    if (folder === null) continue;
    const words = args.filter((arg) => !arg.startsWith("-"));
    for (const [name, read] of readersFor(baseName(program), words)) {
      const path = join(folder, name);
      asked.set(path, { read, words: [...(asked.get(path)?.words ?? []), ...words] });
    }
  }
  return new Map([...asked].map(([path, { read, words }]) => [path, read(words)]));
}

/** Can a file of this name say what a command runs? */
export function isDefinition(path: string): boolean {
  return DEFINITIONS.has(path.split("/").at(-1) ?? "");
}

type Reader = (words: readonly string[]) => Definition;

function readersFor(program: string, words: readonly string[]): (readonly [string, Reader])[] {
  const scripts: Reader = (all) => jsonScripts("scripts", all);
  if (PACKAGE_RUNNERS.has(program)) return [["package.json", scripts]];
  if (program === "composer") return [["composer.json", scripts]];
  if (program === "deno") return [["deno.json", (all) => jsonScripts("tasks", all)]];
  if (MAKERS.has(program)) return RULE_FILES.map((name) => [name, makeRules]);
  return [program, ...words].some((word) => PYTHON.test(word))
    ? SETTINGS.map((name) => [name, () => settingsSections])
    : [];
}

const MAKERS = new Set(["make", "gmake", "just"]);
const RULE_FILES = ["GNUmakefile", "makefile", "Makefile", "justfile", "Justfile", ".justfile"];
const SETTINGS = ["pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg"];
const DEFINITIONS = new Set(["package.json", "composer.json", "deno.json", ...RULE_FILES, ...SETTINGS]);
