import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { offeredTools } from "../src/mcp/catalogue.ts";
import { TOOLSETS } from "../src/mcp/toolsets.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "AGENTS.md"];
const page = (name: string) => readFileSync(join(ROOT, name), "utf8");

test("the README names every tool that the server offers", () => {
  const readme = page("README.md");
  const tools = offeredTools({ toolsets: TOOLSETS, readOnly: false });
  expect(tools.length).toBeGreaterThan(0);
  for (const { name } of tools) expect(readme).toContain(`\`${name}\``);
});

test("the README shows every command, and the changelog too", () => {
  const commands = readdirSync(join(ROOT, "src/cli/commands")).map((file) => file.replace(/\.ts$/, ""));
  expect(commands.length).toBeGreaterThan(0);
  for (const command of commands) {
    const [first = ""] = command.split("-");
    expect(page("README.md")).toContain(`ouroboros ${first}`);
    expect(page("CHANGELOG.md")).toMatch(new RegExp(`\`${first}\\b`));
  }
});

test("every file and folder that the pages name is there", () => {
  for (const name of PAGES) {
    const text = page(name);
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, to = ""]) => to);
    const paths = [...text.matchAll(/`((?:src|tests|scripts)\/[\w./-]+)`/g)].map(([, to = ""]) => to);
    for (const to of [...links, ...paths])
      expect({ page: name, to, exists: existsSync(join(ROOT, to)) }).toMatchObject({ exists: true });
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
