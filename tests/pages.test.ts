import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const DOCS = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(md|svg)$/.test(name))
  .map((name) => `docs/${name}`);
const PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "AGENTS.md", "SECURITY.md", ...DOCS];
const page = (name: string) => readFileSync(join(ROOT, name), "utf8");

test("the reference shows every command, and the changelog too", () => {
  const shown = new Set([...page("docs/reference/cli.md").matchAll(/^## `ouroboros (\w+)/gm)].map(([, name]) => name));
  const changes = page("CHANGELOG.md");
  const commands = readdirSync(join(ROOT, "src/cli/commands")).map((file) => file.replace(/\.ts$/, ""));
  expect(commands.length).toBeGreaterThan(0);
  const named = commands.map((command) => command.split("-")[0] ?? "");
  expect(named.filter((name) => !shown.has(name))).toEqual([]);
  expect(named.filter((name) => !new RegExp(`\`${name}\\b`).test(changes))).toEqual([]);
});

test("the README begins with what it is for and has the two commands from a fresh machine", () => {
  const readme = page("README.md");
  for (const command of ["scripts/demo", "scripts/test"]) {
    expect(readme).toMatch(new RegExp(`^${command} `, "m"));
    expect(existsSync(join(ROOT, command))).toBe(true);
  }
  expect(readme.split("\n").length).toBeLessThan(150);
});

test("the pages speak of the repository that package.json names", () => {
  const { repository } = JSON.parse(page("package.json")) as { repository: { url: string } };
  const ours = repository.url.replace(/^git\+|\.git$/g, "");
  const addresses = PAGES.flatMap((name) => page(name).match(/https:\/\/github\.com\/[^/\s)]+\/ouroboros/g) ?? []);
  expect(new Set(addresses)).toEqual(new Set([ours]));
  expect(page("README.md")).toContain(`${ours}/releases/latest/download/install.sh`);
});

test("every file and folder that the pages name is there", () => {
  for (const name of PAGES) {
    const paths = [...page(name).matchAll(/`((?:src|tests|scripts)\/[\w./-]+)`/g)].map(([, to = ""]) => to);
    for (const to of paths) {
      expect({ page: name, to, exists: existsSync(join(ROOT, to)) }).toMatchObject({ exists: true });
    }
  }
});

test("every script of package.json that the pages name is there", () => {
  const { scripts } = JSON.parse(page("package.json")) as { scripts: Readonly<Record<string, string>> };
  for (const name of PAGES) {
    for (const [, script = ""] of page(name).matchAll(/`bun run ([a-z]+)(?=[` ])/g)) {
      expect({ page: name, script, exists: script in scripts }).toMatchObject({ exists: true });
    }
  }
});

test("the pages and scripts name no package registry and no path of somebody's machine", () => {
  const scripts = [
    "scripts/setup.sh",
    "scripts/test",
    "scripts/demo",
    ".ci/run",
    "package.json",
    ".npmrc",
    "package-lock.json",
  ];
  for (const name of [...PAGES, ...scripts]) {
    expect(page(name)).not.toMatch(/registry\.(npmjs|yarnpkg)|npm\.pkg\.|\/home\/\w|\/Users\/\w|"resolved":/);
  }
});
