import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readTomlLines } from "../../brownfield/manifests/toml-lines.ts";
import { readRequirements } from "../../brownfield/manifests/toml-manifests.ts";
import { byTool, type Candidate } from "../declared.ts";
import type { ProjectFolder } from "../project-folder.ts";

const MANIFESTS = ["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile"];
/** Who runs programs in the project's own environment, by the file that says so. */
const RUNNERS: readonly (readonly [string, string])[] = [
  ["uv.lock", "uv run"],
  ["poetry.lock", "poetry run"],
  ["pdm.lock", "pdm run"],
  ["Pipfile.lock", "pipenv run"],
];
/** Tools of one kind, the first that the project names; files of their own settings, and their arguments. */
const TOOLS = [
  { kind: "lint", name: "ruff", files: ["ruff.toml", ".ruff.toml"], args: " check ." },
  { kind: "lint", name: "flake8", files: [".flake8"], args: "" },
  { kind: "lint", name: "pylint", files: [".pylintrc"], args: " --recursive=y ." },
  { kind: "static", name: "mypy", files: ["mypy.ini", ".mypy.ini"], args: " ." },
  { kind: "static", name: "pyright", files: ["pyrightconfig.json"], args: "" },
  { kind: "test", name: "pytest", files: ["pytest.ini", "conftest.py"], args: "" },
] as const;

/** Python by what the project names: it declares no tool by being written in Python, but for tests of the standard library. */
export async function pythonChecks(project: ProjectFolder, root: string): Promise<Candidate[]> {
  const manifest = project.firstOf(...MANIFESTS);
  const tests = await testPlaces(project);
  if (manifest === undefined && tests.length === 0) return [];
  const runner = RUNNERS.find(([file]) => project.files.has(file))?.[1];
  const python = runner === undefined ? await pythonOf(root) : "python3";
  const call = (name: string, args: string) =>
    runner === undefined ? `${python} -m ${name}${args}` : `${runner} ${name}${args}`;
  const checks: Candidate[] = [];
  for (const { kind, name, files, args } of TOOLS) {
    const source = checks.some((check) => check.kind === kind) ? undefined : await namedIn(project, name, files);
    if (source !== undefined) checks.push(byTool(kind, source, call(name, args)));
  }
  const [found] = tests;
  if (found !== undefined && !checks.some(({ kind }) => kind === "test")) {
    const program = runner === undefined ? python : `${runner} python`;
    checks.push(byTool("test", found.path, `${program} -m unittest discover${found.start}`));
  }
  return checks;
}

interface TestPlace {
  readonly path: string;
  /** What is to be said so that they are found. */
  readonly start: string;
}

/** Where the standard library would find tests: in the root or in one of the usual folders. */
async function testPlaces(project: ProjectFolder): Promise<TestPlace[]> {
  const isTest = /^test[^/]*\.py$/;
  const own = [...project.files].find((name) => isTest.test(name));
  if (own !== undefined) return [{ path: own, start: "" }];
  const usual = ["tests", "test"].filter((name) => project.folders.has(name));
  const all = usual.length === 0 ? [] : await project.all();
  return usual.flatMap((folder) => {
    const path = all.find((one) => one.startsWith(`${folder}/`) && isTest.test(basename(one)));
    // A folder that is no package is not found from above.
    const start = all.includes(`${folder}/__init__.py`) ? "" : ` -s ${folder}`;
    return path === undefined ? [] : [{ path, start }];
  });
}

/** The file in which a project names a tool: its settings, its section in others' settings, or what it depends on. */
async function namedIn(project: ProjectFolder, name: string, files: readonly string[]): Promise<string | undefined> {
  const own = project.firstOf(...files);
  if (own !== undefined) return own;
  for (const file of ["pyproject.toml", "setup.cfg", "tox.ini"]) {
    const sections = project.files.has(file) ? [...readTomlLines(await project.text(file)).keys()] : [];
    if (sections.some((section) => isSectionOf(name, section))) return file;
  }
  for (const file of project.files) {
    const isRequirements = /^requirements[\w.-]*\.txt$/.test(file);
    if (file !== "pyproject.toml" && !isRequirements) continue;
    const facts = isRequirements ? readRequirements(await project.text(file)) : await project.facts(file);
    if (facts?.dependencies?.some((dependency) => dependency.toLowerCase() === name)) return file;
  }
  return undefined;
}

function isSectionOf(name: string, section: string): boolean {
  return [name, `tool.${name}`, `tool:${name}`].some((own) => section === own || section.startsWith(`${own}.`));
}

/** The project's own environment where it is one: Python from outside of the project, under a link and nothing else. */
async function pythonOf(root: string): Promise<string> {
  for (const folder of [".venv", "venv"]) {
    const own = join(root, folder, "bin", "python");
    const whole = await realpath(own).catch(() => root);
    const place = dirname(whole);
    if (place !== root && !place.startsWith(`${root}/`) && /^python[\d.]*$/.test(basename(whole)))
      return `${folder}/bin/python`;
  }
  return process.platform === "win32" ? "python" : "python3";
}
