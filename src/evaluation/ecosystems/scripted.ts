import { capture } from "../../brownfield/manifests/manifest-facts.ts";
import { isTestFile } from "../../checks/check-names.ts";
import { byTool, type Candidate, faulty } from "../declared.ts";
import type { ProjectFolder } from "../project-folder.ts";
import { checksAmong } from "../script-names.ts";

const LOCK_FILES: readonly (readonly [string, string])[] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["yarn.lock", "yarn"],
];

/** The scripts of `package.json`, run by the package manager that the project uses. */
export async function packageChecks(project: ProjectFolder): Promise<Candidate[]> {
  if (!project.files.has("package.json")) return [];
  const named = capture(await project.text("package.json"), /"packageManager"\s*:\s*"(npm|pnpm|yarn|bun)@/);
  const manager = named ?? LOCK_FILES.find(([file]) => project.files.has(file))?.[1] ?? "npm";
  const checks = await scriptsOf(project, "package.json", "scripts", (name) => `${manager} run ${name}`);
  const lines = new Map((await project.facts("package.json"))?.scripts?.map(({ name, command }) => [name, command]));
  // What package managers run before and after a script is part of what is agreed to.
  return checks.map((check) => {
    const name = check.source.slice("package.json scripts.".length);
    const around = [lines.get(`pre${name}`), check.script, lines.get(`post${name}`)];
    return { ...check, script: check.script && around.filter(Boolean).join("\n") };
  });
}

/** The tasks of `deno.json`; its tests by Deno itself where no task names them. */
export async function denoChecks(project: ProjectFolder): Promise<Candidate[]> {
  const file = project.firstOf("deno.json", "deno.jsonc");
  if (file === undefined) return [];
  const checks = await scriptsOf(project, file, "tasks", (name) => `deno task ${name}`);
  const isTested = checks.some(({ kind }) => kind === "test" || kind === "coverage");
  const hasTests = !isTested && (await project.all()).some((path) => isTestFile(path) && /\.[cm]?[jt]sx?$/.test(path));
  return hasTests ? [...checks, byTool("test", file, "deno test")] : checks;
}

/** The scripts of PHP's `composer.json`, and the well-known tools that the project has settings for. */
export async function composerChecks(project: ProjectFolder): Promise<Candidate[]> {
  if (!project.files.has("composer.json")) return [];
  const checks = await scriptsOf(project, "composer.json", "scripts", (name) => `composer run-script ${name}`);
  const tools = [
    [project.firstOf("phpunit.xml", "phpunit.xml.dist"), "test", "composer exec phpunit"],
    [project.firstOf("phpstan.neon", "phpstan.neon.dist"), "static", "composer exec phpstan analyse"],
    [project.firstOf("phpcs.xml", "phpcs.xml.dist"), "lint", "composer exec phpcs"],
  ] as const;
  for (const [file, kind, command] of tools) {
    if (file !== undefined && !checks.some((check) => check.kind === kind)) checks.push(byTool(kind, file, command));
  }
  return checks;
}

async function scriptsOf(
  project: ProjectFolder,
  file: string,
  key: string,
  run: (name: string) => string,
): Promise<Candidate[]> {
  const facts = await project.facts(file);
  if (facts !== null) return checksAmong(facts.scripts ?? [], { source: `${file} ${key}.`, run, check: "static" });
  // Nobody knows what it declared: that must not look as if it had declared nothing.
  return (["lint", "static", "build", "test"] as const).map((kind) =>
    faulty(kind, file, `${file} cannot be read: correct it, or say in .ouroboros/mechanical.toml what to run`),
  );
}
