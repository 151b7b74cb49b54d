import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SOLUTIONS } from "../fixtures/agents/programmers/solutions.ts";

/** The little library before anybody has worked on it: its tests, a script that runs them all, and a list. */
const FILES: Readonly<Record<string, string>> = {
  "README.md": "# Words\n\nWhat can be done with a few words.\n",
  ".gitignore": "node_modules\n",
  "package.json": '{ "type": "module", "scripts": { "test": "node tests/check.mjs" } }\n',
  "src/list.mjs": "export const list = [];\n",
  "src/version.mjs": 'export const version = "1";\n',
  "tests/check.mjs": `import { deepStrictEqual } from "node:assert";

const EXAMPLES = ${JSON.stringify(Object.fromEntries(SOLUTIONS.map(({ name, example }) => [name, example])))};
const named = process.argv.slice(2);
for (const name of named.length > 0 ? named : Object.keys(EXAMPLES)) {
  const [argument, answer] = EXAMPLES[name];
  deepStrictEqual((await import(\`../src/\${name}.mjs\`))[name](argument), answer);
}
`,
};

/** One criterion as a seed names it. */
export interface CriterionText {
  readonly description: string;
  readonly semantic_ac_key: string;
  readonly verify_command?: string;
  readonly output_assertion?: string;
  readonly depends_on?: readonly string[];
}

/** The criterion of this number, from 1, done as the library wants it. */
export function criterion(number: number, more: Partial<CriterionText> = {}): CriterionText {
  const { name = "", after = [] } = SOLUTIONS[number - 1] ?? {};
  return {
    description: `The library has ${name}()`,
    semantic_ac_key: keyOf(number),
    verify_command: `node tests/check.mjs ${name}`,
    depends_on: after.map(keyOf),
    ...more,
  };
}

/** Names a criterion in another's depends_on. */
export function keyOf(number: number): string {
  return `ac_${String(number).padStart(16, "0")}`;
}

/** All eight of them. */
export function wholeLibrary(): CriterionText[] {
  return SOLUTIONS.map((_, index) => criterion(index + 1));
}

/** Writes the library into a folder. */
export function writeLibrary(folder: string): void {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Makes a repository of a folder, everything in it committed. */
export function makeRepository(folder: string): void {
  gitIn(folder, "init", "--quiet", "--initial-branch", "main");
  gitIn(folder, "add", "--all");
  gitIn(folder, "commit", "--quiet", "--message", "The library as it is");
}

/** Leaves a checkout as people leave theirs: something stashed, staged, changed and not even added. */
export function makeDirty(folder: string): void {
  const write = (path: string, text: string) => writeFileSync(join(folder, path), text);
  write("README.md", "# Stashed\n");
  gitIn(folder, "stash", "--quiet");
  write("src/version.mjs", 'export const version = "2";\n');
  gitIn(folder, "add", "src/version.mjs");
  write("README.md", "# Words, in short\n");
  write("notes.txt", "not yet added\n");
}

/** Everything of a checkout that is its user's: files, index, HEAD, branch and stash. */
export function standingOf(folder: string): object {
  return {
    files: filesOf(folder),
    staged: gitIn(folder, "diff", "--cached"),
    status: gitIn(folder, "status", "--porcelain"),
    head: gitIn(folder, "rev-parse", "HEAD"),
    branch: gitIn(folder, "symbolic-ref", "HEAD"),
    stash: gitIn(folder, "stash", "list", "--format=%H"),
  };
}

/** Every file of a folder but git's own, with its text. */
export function filesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\/\.git(\/|$)/.test(`${entry.parentPath}/`))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Object.fromEntries(files.map((path) => [path, readFileSync(path, "utf8")]));
}

/** git as the user has it: with a name, and nothing of whoever runs the tests. */
export function gitIn(folder: string, ...args: readonly string[]): string {
  const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
  const env = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
  return execFileSync("git", [...who, ...args], { cwd: folder, env, encoding: "utf8" });
}
