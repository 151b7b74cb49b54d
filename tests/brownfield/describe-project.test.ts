import { describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeProject } from "../../src/brownfield/describe-project.ts";
import { type GivenProject, givenCheckout, givenProject } from "./support/given-project.ts";

const SHOP = {
  "package.json": JSON.stringify({
    name: "shop",
    version: "1.2.0",
    description: "Sells things",
    bin: { shop: "./dist/shop.js" },
    scripts: { test: "vitest run", start: "node src/server.ts" },
    dependencies: { hono: "4" },
    devDependencies: { vitest: "3", typescript: "5" },
    workspaces: ["packages/*"],
  }),
  "README.md": "# Shop\n\nSells things.\n",
  "AGENTS.md": "Be kind.",
  ".gitignore": "ignored/\n*.log\n",
  ".github/workflows/ci.yml": "on: push",
  "biome.json": "{}",
  "src/server.ts": "export {};",
  "src/cart.ts": "export {};",
  "src/cart.test.ts": "export {};",
  "tests/checkout.ts": "export {};",
  "tools/report.py": "print(1)",
  "packages/ui/package.json": JSON.stringify({ name: "@shop/ui", main: "index.ts" }),
  "packages/ui/index.ts": "export {};",
};

describe("a checkout", () => {
  test("is described by what stands in it, and not by what git ignores", async () => {
    await using project = await givenCheckout(SHOP);
    await project.write({ "ignored/huge.ts": "1", "run.log": "1", "src/new.ts": "export {};", "src/cart.ts": "1" });
    expect(await look(project)).toEqual({
      root: project.root,
      name: "project",
      is_brownfield: true,
      because: "package.json",
      listed_by: "git",
      truncated: { files: false, time: false },
      size: {
        files: 14,
        sampled_files: 14,
        bytes_estimate: expect.any(Number),
        largest_folders: [
          { folder: ".", files: 5 },
          { folder: "src", files: 4 },
          { folder: "packages", files: 2 },
          { folder: ".github", files: 1 },
          { folder: "tests", files: 1 },
          { folder: "tools", files: 1 },
        ],
      },
      languages: [
        { language: "TypeScript", files: 6, share: 0.857 },
        { language: "Python", files: 1, share: 0.143 },
      ],
      manifests: [
        {
          path: "package.json",
          kind: "package.json",
          readable: true,
          name: "shop",
          version: "1.2.0",
          description: "Sells things",
          scripts: [
            { name: "test", command: "vitest run" },
            { name: "start", command: "node src/server.ts" },
          ],
          dependencies: ["hono", "vitest", "typescript"],
          dependency_count: 3,
        },
        {
          path: "packages/ui/package.json",
          kind: "package.json",
          readable: true,
          name: "@shop/ui",
          version: null,
          description: null,
          scripts: [],
          dependencies: [],
          dependency_count: 0,
        },
      ],
      workspaces: ["packages/*"],
      entry_points: ["dist/shop.js", "packages/ui/index.ts", "src/server.ts"],
      tests: {
        files: 2,
        frameworks: ["Vitest"],
        folders: [
          { folder: "src", files: 1 },
          { folder: "tests", files: 1 },
        ],
      },
      conventions: [
        { kind: "guide", path: "AGENTS.md" },
        { kind: "linter", path: "biome.json" },
        { kind: "ci", path: ".github/workflows/ci.yml" },
      ],
      readme: { path: "README.md", head: "# Shop\n\nSells things.\n" },
      git: { branch: "main", commit: project.git("rev-parse", "HEAD").trim(), changed: 1, untracked: 1 },
    });
  });

  test("loses a file that is deleted, and a folder of it is described by itself", async () => {
    await using project = await givenCheckout(SHOP);
    await rm(project.at("tools/report.py"));
    await project.write({ "packages/ui/extra.rb": "1" });
    expect((await look(project)).languages.map(({ language }) => language)).toEqual(["TypeScript", "Ruby"]);
    const part = await describeProject(project.at("packages/ui"), { signal: NEVER });
    expect(part).toMatchObject({ because: "package.json", listed_by: "git", size: { files: 3 } });
    expect(part.git).toMatchObject({ branch: "main", changed: 0, untracked: 1 });
    expect(part.manifests.map(({ path }) => path)).toEqual(["package.json"]);
  });

  test("in its worktree is that worktree's", async () => {
    await using project = await givenCheckout(SHOP);
    project.git("worktree", "add", "--quiet", "-b", "feature", "../tree");
    const tree = await describeProject(join(project.root, "../tree"), { signal: NEVER });
    expect(tree).toMatchObject({ listed_by: "git", size: { files: 13 }, git: { branch: "feature", changed: 0 } });
  });

  test("that git ignores as a part of another one is described all the same", async () => {
    await using project = await givenCheckout({ ".gitignore": "inner/\n", "a.ts": "" });
    await project.write({ "inner/go.mod": "module example.com/inner\n\ngo 1.24\n", "inner/main.go": "" });
    const inner = await describeProject(project.at("inner"), { signal: NEVER });
    expect(inner).toMatchObject({ listed_by: "walk", because: "go.mod", size: { files: 2 } });
    expect(inner.entry_points).toEqual(["main.go"]);
  });
});

describe("a folder that is no checkout", () => {
  test("is walked without its heavy folders", async () => {
    await using project = await givenProject(SHOP);
    await project.write({ "node_modules/a/index.js": "1", "dist/shop.js": "1", ".venv/lib.py": "1" });
    const { size, listed_by, languages } = await look(project);
    // Temporary folders may lie in a checkout themselves, as one that it ignores: that is walked, too.
    expect({ files: size.files, listed_by }).toEqual({ files: 13, listed_by: "walk" });
    expect(languages.map(({ language }) => language)).toEqual(["TypeScript", "Python"]);
  });

  test("that is not there is a failure", async () => {
    await expect(describeProject("/missing/folder", { signal: NEVER })).rejects.toThrow("ENOENT");
  });
});

describe("something exists already where", () => {
  test.each(["go.sum", "Makefile", "build.gradle.kts", "App.sln", "tsconfig.json"])(
    "%s stands in the root",
    async (name) => {
      await using project = await givenProject({ [name]: "" });
      expect(await look(project)).toMatchObject({ is_brownfield: true, because: name });
    },
  );

  test("git has a commit, and not before that or for a manifest further down", async () => {
    await using project = await givenProject({ "notes/list.txt": "", "deep/package.json": "{}" });
    expect(await look(project)).toMatchObject({ is_brownfield: false, because: null });
    project.git("init", "--quiet");
    expect(await look(project)).toMatchObject({ is_brownfield: false, git: { commit: null, untracked: 2 } });
    project.commit();
    expect(await look(project)).toMatchObject({ is_brownfield: true, because: ".git" });
  });
});

describe("what is kept from one look to the next", () => {
  test("is used for as long as nothing changes, and is this user's alone", async () => {
    await using project = await givenCheckout(SHOP);
    await using cache = await cacheFolder();
    const first = await look(project, cache.folder);
    const file = await cache.file();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await rename(file, { name: "from the cache" });
    expect((await look(project, cache.folder)).name).toBe("from the cache");
    // A checkout elsewhere with the same content is another project.
    await using other = await givenCheckout(SHOP);
    expect((await look(other, cache.folder)).root).toBe(other.root);
    expect(first.name).toBe("project");
  });

  test.each<readonly [string, (project: GivenProject) => Promise<unknown> | unknown]>([
    ["a new file", (project) => project.write({ "src/more.ts": "" })],
    ["a change", (project) => project.write({ "README.md": "# Other\n" })],
    ["a second change of the same file", (project) => project.write({ "biome.json": '{ "root": true }' })],
    ["a file that is gone", (project) => rm(project.at("AGENTS.md"))],
    ["a commit", (project) => project.commit()],
    ["another branch", (project) => project.git("checkout", "--quiet", "-b", "other")],
  ])("is made anew after %s", async (_, change) => {
    await using project = await givenCheckout(SHOP);
    await project.write({ "biome.json": '{ "a": 1 }' });
    await using cache = await cacheFolder();
    await look(project, cache.folder);
    await rename(await cache.file(), { name: "from the cache" });
    await change(project);
    expect(await look(project, cache.folder)).toEqual(await look(project));
    expect(await readdir(cache.folder)).toHaveLength(1);
  });

  test.each(["", "{", "[]", '{"version":0}'])("is passed over when it is odd: %p", async (text) => {
    await using project = await givenCheckout(SHOP);
    await using cache = await cacheFolder();
    const first = await look(project, cache.folder);
    await writeFile(await cache.file(), text);
    expect(await look(project, cache.folder)).toEqual(first);
  });

  test("is nothing where it cannot be kept, and the answer comes", async () => {
    await using project = await givenCheckout(SHOP);
    expect((await look(project, project.at("README.md/cache"))).name).toBe("project");
  });
});

describe("the time it takes", () => {
  test("has an end, and what was not looked at is said", async () => {
    await using project = await givenCheckout(SHOP);
    await using cache = await cacheFolder();
    const late = await describeProject(project.root, { signal: NEVER, deadlineMs: 0, cacheFolder: cache.folder });
    expect(late).toMatchObject({ root: project.root, truncated: { time: true } });
    expect(await readdir(cache.folder)).toEqual([]);
  });

  test("ends with the caller's signal", async () => {
    await using project = await givenCheckout(SHOP);
    await expect(describeProject(project.root, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
  });
});

const NEVER = new AbortController().signal;

function look(project: GivenProject, cache?: string) {
  return describeProject(project.root, { signal: NEVER, ...(cache === undefined ? {} : { cacheFolder: cache }) });
}

async function cacheFolder() {
  const outside = await mkdtemp(join(tmpdir(), "ouroboros-summaries-"));
  const folder = join(outside, "cache/projects");
  await mkdir(folder, { recursive: true });
  return {
    folder,
    file: async () => join(folder, (await readdir(folder))[0] ?? "none"),
    [Symbol.asyncDispose]: () => rm(outside, { recursive: true }),
  };
}

/** Changes the kept summary, so that one sees whether it was used. */
async function rename(file: string, change: object): Promise<void> {
  const kept = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, JSON.stringify({ ...kept, summary: { ...kept.summary, ...change } }));
}
