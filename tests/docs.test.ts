// The pages for people: what is generated is current, and what is written by hand speaks of commands and places that there are.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command, RouteMap } from "@stricli/core";
import { referencePages } from "../scripts/docs/reference-pages.ts";
import type { Cli } from "../src/cli/command.ts";
import { application } from "../src/cli/routes.ts";
import { offeredTools } from "../src/mcp/catalogue.ts";
import { TOOLSETS } from "../src/mcp/toolsets.ts";

const ROOT = join(import.meta.dirname, "..");
const DOCS = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);
const PAGES = ["README.md", "SECURITY.md", "CONTRIBUTING.md", ...DOCS];
const page = (name: string) => readFileSync(join(ROOT, name), "utf8");

describe("the reference", () => {
  test("is what the tools, commands and settings say of themselves; `bun run docs` writes it anew", async () => {
    const pages = await referencePages();
    expect(pages.length).toBeGreaterThan(2);
    expect(pages.filter(({ isCurrent }) => !isCurrent).map(({ name }) => name)).toEqual([]);
  });

  test("names every tool, and with it each argument", () => {
    const text = page("docs/reference/tools.md");
    const tools = offeredTools({ toolsets: TOOLSETS, readOnly: false });
    expect(tools.length).toBeGreaterThan(20);
    for (const { name } of tools) expect(text).toContain(`### \`${name}\``);
    expect(text).toContain("`session_id` (required)");
  });
});

describe("a page", () => {
  test.each(PAGES)("%s links to what is there", (name) => {
    for (const [, to = ""] of page(name).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [file = "", anchor] = to.split("#");
      const path = join(ROOT, dirname(name), file);
      expect({ name, to, exists: existsSync(path) }).toMatchObject({ exists: true });
      if (anchor !== undefined) expect(headings(readFileSync(path, "utf8"))).toContain(anchor);
    }
  });

  test.each(PAGES)("%s shows only commands and flags that there are", (name) => {
    const faults = commandLines(page(name)).flatMap((line) => faultOf(line) ?? []);
    expect(faults).toEqual([]);
  });

  test("of docs is linked from the README", () => {
    const readme = page("README.md");
    for (const name of DOCS) expect(readme).toContain(`(${name})`);
  });
});

describe("the picture in the README", () => {
  const picture = page("docs/first-five-minutes.svg");
  const shown = picture
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");

  test("goes all the way from set-up to a merged branch, and says what of it is scripted", () => {
    const steps = [
      "Model and agent are scripted",
      "install.sh | sh",
      "Installed ~/.local/bin/ouroboros",
      "$ ouroboros setup",
      "$ ouroboros interview",
      "Make the seed now?",
      "$ ouroboros run seed_",
      "proven: its check failed before and holds now",
      "$ ouroboros evaluate orch_",
      "Approved",
      "$ ouroboros verify orch_",
      "Everything is as it was on record",
      "$ git ",
      " merge ooo/exec_",
      "green 2",
    ];
    let from = 0;
    for (const step of steps) {
      const at = shown.indexOf(step, from);
      expect({ step, isThere: at >= 0 }).toMatchObject({ isThere: true });
      from = at + step.length;
    }
  });

  test("is small, and names nobody's folders", () => {
    expect(picture.length).toBeLessThan(60_000);
    expect(shown).not.toMatch(/\/(home|tmp|root|Users)\//);
  });
});

/** Names of headings as a link says them. */
function headings(text: string): string[] {
  const titles = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title.toLowerCase());
  return titles.map((title) => title.replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));
}

/** Calls of our program in blocks for a shell and in code within a line. */
function commandLines(text: string): string[] {
  const blocks = [...text.matchAll(/```(?:sh|yaml)\n([\s\S]*?)```/g)].flatMap(([, block = ""]) => block.split("\n"));
  const inline = [...text.replaceAll(/```[\s\S]*?```/g, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  const calls = [
    ...blocks.map((line) => /(?:^|\s|\/)ouroboros(?:-mcp)? ([a-z].*)$/.exec(line.replace(/\s#.*$/, ""))?.[1]),
    ...inline.map((code) => /^ouroboros(?:-mcp)? ([a-z].*)$/.exec(code)?.[1]),
  ];
  return calls.flatMap((call) => call?.split(/ [|>&]|; /)[0] ?? []);
}

/** Why the program would not understand a call; undefined where it would. */
function faultOf(call: string): string | undefined {
  const words = call.match(/"[^"]*"|\S+/g) ?? [];
  let target: Command<Cli> | RouteMap<Cli> | undefined = application.root;
  let taken = 0;
  while (target && "getRoutingTargetForInput" in target && /^[a-z]/.test(words[taken] ?? "")) {
    const next: Command<Cli> | RouteMap<Cli> | undefined = target.getRoutingTargetForInput(words[taken] ?? "");
    if (next === undefined && target.getDefaultCommand() === undefined) return `there is no ${words.join(" ")}`;
    if (next === undefined) break;
    target = next;
    taken++;
  }
  if (target && "getDefaultCommand" in target) target = target.getDefaultCommand();
  const flags = words.flatMap((word) => /^--([a-z-]+)/.exec(word)?.[1] ?? []);
  const unknown = flags.filter((flag) => flag !== "help" && !target?.usesFlag(inCamelCase(flag), "original"));
  return unknown.length === 0 ? undefined : `${words.slice(0, taken).join(" ")} knows no --${unknown.join(", --")}`;
}

function inCamelCase(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
