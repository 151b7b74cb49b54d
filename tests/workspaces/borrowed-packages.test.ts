// What a project has installed is under no version control; a worktree without it could check hardly anything.
import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type GivenRepository, givenFolder, givenRepository, listAll } from "./support/given-repository.ts";

const MANIFEST = '{"name":"p","scripts":{"test":"tool"},"dependencies":{"tool":"1"}}\n';
const PROJECT = {
  "package.json": MANIFEST,
  "package-lock.json": '{"lockfileVersion":3}\n',
  ".gitignore": "node_modules/\n",
};

for (const [kind, given] of [
  ["a repository", givenRepository],
  ["a plain folder", givenFolder],
] as const) {
  test(`a worktree of ${kind} can run what is installed there, and nothing it does reaches the user's own`, async () => {
    await using project = await given(PROJECT);
    await install(project, "");
    const before = await listAll(project.at("node_modules"));
    const workspace = await project.open();
    const bench = await workspace.open("ac_1");
    expect(execFileSync("npm", ["test", "--silent"], { cwd: bench.folder, encoding: "utf8" })).toContain(
      "tool says hello",
    );
    await writeFile(join(bench.folder, "node_modules/tool/index.js"), "changed in place");
    expect(await listAll(project.at("node_modules"))).toEqual(before);
    expect(await bench.changedSince()).toEqual([]);
    await bench.close();
  });
}

test("packages of a workspace get theirs, and links between them lead into the worktree", async () => {
  await using project = await givenRepository({
    ...PROJECT,
    "packages/a/package.json": MANIFEST,
    "packages/b/b.js": "b",
  });
  await install(project, "packages/a");
  await mkdir(project.at("node_modules"));
  await symlink("../packages/b", project.at("node_modules/b"));
  const { folder } = await (await project.open()).open("ac_1");
  await writeFile(join(folder, "packages/b/b.js"), "the worktree's");
  expect(await readFile(join(folder, "node_modules/b/b.js"), "utf8")).toBe("the worktree's");
  expect(existsSync(join(folder, "packages/a/node_modules/tool/index.js"))).toBe(true);
});

test("nothing is borrowed where manifest or lock are not the same, nor over what is there", async () => {
  await using project = await givenRepository(PROJECT);
  await install(project, "");
  const workspace = await project.open();
  const first = await workspace.open("ac_1");
  await writeFile(join(first.folder, "node_modules/tool/index.js"), "its own");
  expect(await readFile(join((await workspace.open("ac_1")).folder, "node_modules/tool/index.js"), "utf8")).toBe(
    "its own",
  );
  await project.write({ "package-lock.json": '{"lockfileVersion":3,"packages":{}}\n' });
  expect(existsSync(join((await workspace.open("ac_2")).folder, "node_modules"))).toBe(false);
});

async function install(project: GivenRepository, place: string): Promise<void> {
  const folder = join(place, "node_modules");
  await project.write({ [join(folder, "tool/index.js")]: '#!/usr/bin/env node\nconsole.log("tool says hello");\n' });
  await chmod(project.at(join(folder, "tool/index.js")), 0o755);
  await rm(project.at(join(folder, ".bin")), { recursive: true, force: true });
  await mkdir(project.at(join(folder, ".bin")));
  await symlink("../tool/index.js", project.at(join(folder, ".bin/tool")));
}
