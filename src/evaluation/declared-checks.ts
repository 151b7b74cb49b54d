import { realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { canonicalJson } from "../base/canonical-json.ts";
import { sha256 } from "../base/sha256.ts";
import { isHeavyFolder } from "../brownfield/heavy-folders.ts";
import { isTestFile } from "../checks/check-names.ts";
import { MECHANICAL_KINDS } from "../domain/evaluation/mechanical.ts";
import type { Candidate, Declared, DeclaredCheck } from "./declared.ts";
import { cargoChecks, cmakeChecks, goChecks, swiftChecks, zigChecks } from "./ecosystems/compiled.ts";
import { mixChecks, rubyChecks } from "./ecosystems/interpreted.ts";
import { dotnetChecks, gradleChecks, mavenChecks } from "./ecosystems/managed.ts";
import { pythonChecks } from "./ecosystems/python.ts";
import { composerChecks, denoChecks, packageChecks } from "./ecosystems/scripted.ts";
import { MECHANICAL_TOML, type MechanicalToml, readMechanicalToml } from "./mechanical-toml.ts";
import { inFolders, lookAt, type ProjectFolder } from "./project-folder.ts";
import { targetsOf } from "./task-runners.ts";

const ECOSYSTEMS = [
  packageChecks,
  denoChecks,
  composerChecks,
  pythonChecks,
  cargoChecks,
  goChecks,
  mavenChecks,
  gradleChecks,
  dotnetChecks,
  rubyChecks,
  mixChecks,
  swiftChecks,
  zigChecks,
  cmakeChecks,
];
const TIMEOUT_MS = 300_000;
const COVERAGE_THRESHOLD = 0.7;
const MOST_SUB_PROJECTS = 8;
const MOST_FOLDERS = 200;
const DEEPEST = 2;

/**
 * The checks that a project declares: in its own settings for this, else in scripts and targets, else by the tools it uses.
 * Runs nothing. Sub-projects count where the root declares nothing itself. Throws when the folder cannot be listed.
 */
export async function declaredChecks(
  folder: string,
  /** Programs that the user's own configuration allows in the project's settings. */
  allowedPrograms: readonly string[] = [],
  /** The folder that this one is a worktree or copy of. */
  madeFrom: string = folder,
): Promise<Declared> {
  const root = await realpath(folder);
  const project = await lookAt(root);
  const toml = await readMechanicalToml(root, project, allowedPrograms, madeFrom);
  const own = await declaredIn(".", root, project, toml);
  const { found, notes } = own.checks.length > 0 ? { found: [own], notes: [] } : await subProjects(root, project, toml);
  const checks = MECHANICAL_KINDS.flatMap((kind) =>
    found.flatMap((part) => part.checks.filter((check) => check.kind === kind)),
  );
  const texts = Object.assign({}, own.texts, ...found.map((part) => part.texts));
  return {
    checks,
    timeoutMs: toml?.timeoutMs ?? TIMEOUT_MS,
    coverageThreshold: toml?.coverageThreshold ?? COVERAGE_THRESHOLD,
    notes: [...(toml?.notes ?? []), ...notes],
    hash: sha256(canonicalJson({ checks, texts })),
  };
}

/** What one folder declares, and the texts that say what it comes to. */
interface FolderChecks {
  readonly checks: readonly DeclaredCheck[];
  readonly texts: Readonly<Record<string, unknown>>;
}

async function declaredIn(
  folder: string,
  root: string,
  project: ProjectFolder,
  toml: MechanicalToml | null,
): Promise<FolderChecks> {
  const byLanguage = await Promise.all(ECOSYSTEMS.map((look) => look(project, root)));
  const targets = await targetsOf(project);
  const candidates = MECHANICAL_KINDS.flatMap((kind) => {
    const named = toml?.kinds.get(kind);
    if (named !== undefined) return named !== null && folder === "." ? [named] : [];
    const own = byLanguage.flat().filter((one) => one.kind === kind);
    const target = targets?.checks.find((one) => one.kind === kind);
    // A target speaks for the folder, but where its one language speaks for itself.
    return target !== undefined && (own.length !== 1 || own[0]?.isOwn === false) ? [target] : own;
  });
  const checks = testedOnce(candidates, toml).map(({ isOwn: _, ...check }) => ({ ...check, folder }));
  const texts: Record<string, unknown> = {};
  const keep = (name: string, what: unknown) => {
    texts[join(folder, name)] = what;
  };
  for (const name of ["package.json", "deno.json", "deno.jsonc", "composer.json"]) {
    if (project.files.has(name)) keep(name, scriptsOf(await project.facts(name)));
  }
  if (targets !== undefined) keep(targets.file, await project.text(targets.file));
  if (toml !== null && folder === ".") keep(MECHANICAL_TOML, toml.text);
  return { checks, texts };
}

function scriptsOf(facts: Awaited<ReturnType<ProjectFolder["facts"]>>): Record<string, string> {
  return Object.fromEntries((facts?.scripts ?? []).map(({ name, command }) => [name, command]));
}

/**
 * Tests are run once: a command for coverage stands for the tests where nobody declares another, and beside another one only
 * where the project's settings ask for both.
 */
function testedOnce(candidates: readonly Candidate[], toml: MechanicalToml | null): Candidate[] {
  const tests = candidates.filter(({ kind }) => kind === "test");
  const coverage = candidates.filter(({ kind }) => kind === "coverage");
  if (tests.length === 0 && !toml?.kinds.has("test")) {
    return [...candidates, ...coverage.map((one) => ({ ...one, kind: "test" as const }))];
  }
  const isAsked = ({ kind, command }: Candidate) =>
    kind !== "coverage" || toml?.kinds.has("coverage") === true || tests.some((test) => test.command === command);
  return candidates.filter(isAsked);
}

async function subProjects(
  root: string,
  project: ProjectFolder,
  toml: MechanicalToml | null,
): Promise<{ found: FolderChecks[]; notes: string[] }> {
  const found: FolderChecks[] = [];
  let looked = 0;
  let level = inFolders(project, ".");
  for (let depth = 1; depth <= DEEPEST; depth++) {
    const deeper: string[] = [];
    for (const folder of level) {
      // What tests are made of may well look like a project.
      if (isHeavyFolder(basename(folder)) || isTestFile(`${folder}/-`) || looked++ >= MOST_FOLDERS) continue;
      const inside = await lookAt(join(root, folder));
      const part = await declaredIn(folder, join(root, folder), inside, toml);
      if (part.checks.length === 0) deeper.push(...inFolders(inside, folder));
      else if (found.length < MOST_SUB_PROJECTS) found.push(part);
      else
        return { found, notes: [`Only ${MOST_SUB_PROJECTS} sub-projects are checked: ${folder} and others are not`] };
    }
    level = deeper;
  }
  const notes = looked > MOST_FOLDERS ? [`Only ${MOST_FOLDERS} folders were looked at for sub-projects`] : [];
  return { found, notes };
}
