import { captures } from "../../brownfield/manifests/manifest-facts.ts";
import { byTool, type Candidate } from "../declared.ts";
import type { ProjectFolder } from "../project-folder.ts";

/** Ruby: RuboCop, RSpec and rake, by what the project names. */
export async function rubyChecks(project: ProjectFolder): Promise<Candidate[]> {
  const gems = new Set((await project.facts("Gemfile"))?.dependencies ?? []);
  const call = project.files.has("Gemfile") ? "bundle exec " : "";
  const rakefile = project.firstOf("Rakefile", "rakefile", "Rakefile.rb");
  const tasks = rakefile === undefined ? [] : rakeTasks(await project.text(rakefile));
  const checks: Candidate[] = [];
  const rubocop = project.firstOf(".rubocop.yml") ?? (gems.has("rubocop") ? "Gemfile" : undefined);
  if (rubocop !== undefined) checks.push(byTool("lint", rubocop, `${call}rubocop`));
  const rspec = project.firstOf(".rspec") ?? (gems.has("rspec") || gems.has("rspec-rails") ? "Gemfile" : undefined);
  const task = ["test", "spec"].find((name) => tasks.includes(name));
  if (rakefile !== undefined && task !== undefined) checks.push(byTool("test", rakefile, `${call}rake ${task}`));
  else if (rspec !== undefined) checks.push(byTool("test", rspec, `${call}rspec`));
  return checks;
}

/** The tasks that a Rakefile names, or has made for it. */
function rakeTasks(text: string): string[] {
  const named = captures(text, /^[ \t]*(?:multi)?task[ \t(]+[:"']?(\w+)/gm);
  if (/\bRake::TestTask\.new\b|\bMinitest::TestTask\.create\b/.test(text)) named.push("test");
  if (/\bRSpec::Core::RakeTask\.new\b/.test(text)) named.push("spec");
  return named;
}

/** Elixir: what mix does, and credo or the formatter where the project has settings for them. */
export async function mixChecks(project: ProjectFolder): Promise<Candidate[]> {
  const file = "mix.exs";
  if (!project.files.has(file)) return [];
  const checks = [byTool("build", file, "mix compile")];
  if (project.folders.has("test")) checks.push(byTool("test", file, "mix test"));
  if (project.files.has(".credo.exs")) checks.push(byTool("lint", ".credo.exs", "mix credo"));
  else if (project.files.has(".formatter.exs")) {
    checks.push(byTool("lint", ".formatter.exs", "mix format --check-formatted"));
  }
  return checks;
}
