import { access } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { plainLines } from "../domain/evaluation/plain-lines.ts";
import { findProgram } from "../process/find-program.ts";
import { lookAt } from "./project-folder.ts";

/** What a failed check's output says when what it needs is not there, and what is to be done about it. */
const SAID: readonly (readonly [RegExp, string])[] = [
  [/^error: (?:no such (?:sub)?command: |'cargo-\w+' is not installed)/, "Install that part of cargo"],
  [/^error: failed to (?:get|download|fetch|load source for)\b/, "Fetch the dependencies first: cargo fetch"],
  [/^go: .*\b(?:dial tcp|lookup .* on|no such host|i\/o timeout)\b/, "Fetch the dependencies first: go mod download"],
  [/^error: Failed to spawn: `[\w.-]+`/, "Add it to the project's environment: uv add --dev"],
  [/^(?:Command not found: [\w.-]+|bundler: command not found: [\w.-]+)$/, "Install the project's dependencies"],
  [/^Could not find .* in (?:any of the sources|locally installed gems)/, "Install the gems first: bundle install"],
  [/^Unchecked dependencies for environment /, "Fetch the dependencies first: mix deps.get"],
  [
    /\bCould not transfer artifact .*(?:Unknown host|refused|timed out|unreachable)/,
    "Fetch the dependencies first: mvn dependency:go-offline",
  ],
  [/\berror NU1301\b/, "Fetch the dependencies first: dotnet restore"],
  [/\bRun `?composer install`? to /i, "Install the dependencies first: composer install"],
  [/^\s*(?:WARN|ERR\S*)\s.*\bnode_modules missing\b/, "Install the packages first"],
];
/** As shells and make report a program that they did not find. */
const NOT_FOUND = [
  /^(?:\/\S+\/)?(?:ba|da|z|k)?sh: (?:line )?(?:\d+: )?([\w@.+-]+): (?:command )?not found$/,
  /^(?:\/\S+\/)?(?:ba|z)sh: (?:line )?\d+: ([\w@.+-]+): command not found$/,
  /^g?make(?:\[\d+\])?: ([\w@.+-]+): No such file or directory$/,
];
const NODE_PACKAGE =
  /(?:Cannot find (?:module|package)|Could not resolve:?|Failed to resolve import) ["'`]([^"'`]+)["'`]/;
const PYTHON_MODULE = /^(?:E\s+)?(?:\S*python[\d.]*: |ModuleNotFoundError: )No module named '?([\w-]+)/;
const PYTHON_TOOLS = new Set(
  "pytest ruff mypy flake8 pylint pyright coverage black isort tox nox pytest_cov hypothesis".split(" "),
);

/** Why a check that failed could not work: a tool or a dependency that is not there. Null when that was not it. */
export async function whyNotInstalled(folder: string, path: string, output: string): Promise<string | null> {
  const lines = plainLines(output);
  for (const line of lines) {
    const next = SAID.find(([pattern]) => pattern.test(line))?.[1];
    if (next !== undefined) return `${line.trim().slice(0, LONGEST)}. ${next}`;
    const program = NOT_FOUND.map((pattern) => pattern.exec(line)?.[1]).find((name) => name !== undefined);
    // A line anybody could print is believed where it is true.
    if (
      program !== undefined &&
      findProgram(program, path, folder) === null &&
      !(await isAbove(folder, join(".bin", program)))
    )
      return `${program} is not there. Install it, or the project's dependencies`;
  }
  return (await missingPackage(folder, lines)) ?? missingModule(folder, lines);
}

const LONGEST = 200;

/** A package that the project declares and nobody has installed. */
async function missingPackage(folder: string, lines: readonly string[]): Promise<string | null> {
  const names = lines.flatMap((line) => NODE_PACKAGE.exec(line)?.[1] ?? []).map(packageOf);
  if (names.length === 0) return null;
  const declared = new Set((await (await lookAt(folder)).facts("package.json"))?.dependencies ?? []);
  for (const name of new Set(names)) {
    if (isBuiltin(name) || !declared.has(name) || (await isAbove(folder, join(name, "package.json")))) continue;
    return `The package ${name} is not installed. Install the project's packages first`;
  }
  return null;
}

/** A tool of Python, or what the project declares to need: the names mostly agree. */
async function missingModule(folder: string, lines: readonly string[]): Promise<string | null> {
  const names = lines.flatMap((line) => PYTHON_MODULE.exec(line)?.[1] ?? []);
  if (names.length === 0) return null;
  const project = await lookAt(folder);
  const facts = await Promise.all(["pyproject.toml", "requirements.txt"].map((name) => project.facts(name)));
  const declared = new Set(facts.flatMap((one) => one?.dependencies ?? []).map(asModule));
  const name = names.find((one) => PYTHON_TOOLS.has(one) || declared.has(asModule(one)));
  return name === undefined
    ? null
    : `${name} is not installed for this Python. Install the project's dependencies first`;
}

function asModule(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

/** `@scope/name/file` and `name/file` belong to a package. */
function packageOf(path: string): string {
  return path.split("/", path.startsWith("@") ? 2 : 1).join("/");
}

/** Is something installed for the folder? Workspaces keep it in a folder above. */
async function isAbove(folder: string, path: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    if (await isThere(join(at, "node_modules", path))) return true;
    if (dirname(at) === at) return false;
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
