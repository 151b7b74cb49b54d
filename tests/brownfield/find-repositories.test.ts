import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { findRepositories } from "../../src/brownfield/find-repositories.ts";

const NEVER = new AbortController().signal;

test("finds every checkout whatever its remote, worktrees with the repository they belong to, and neither bare nor nested ones", async () => {
  await using disk = await givenDisk();
  for (const path of ["one", "deep/er/two", "one/nested"]) disk.init(path);
  disk.git("one", "commit", "--quiet", "--allow-empty", "--message", "one");
  disk.git("one", "remote", "add", "origin", "https://code.example/one.git");
  disk.git("one", "worktree", "add", "--quiet", "../trees/feature");
  disk.init("bare.git", "--bare");
  disk.git("bare.git", "fetch", "--quiet", "../one", "HEAD:refs/heads/side");
  disk.git("bare.git", "worktree", "add", "--quiet", "../of-bare", "side");
  const { repositories, truncated } = await findRepositories(disk.root, { signal: NEVER });
  const shown = repositories.map(({ path, name, worktree_of }) => ({
    path: disk.short(path),
    name,
    of: worktree_of && disk.short(worktree_of),
  }));
  expect(shown.sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
    { path: "deep/er/two", name: "two", of: null },
    { path: "of-bare", name: "of-bare", of: "bare.git" },
    { path: "one", name: "one", of: null },
    { path: "trees/feature", name: "feature", of: "one" },
  ]);
  expect(truncated).toEqual({ count: false, time: false });
});

test("looks no deeper than it is told, and by itself three folders deep", async () => {
  await using disk = await givenDisk();
  for (const path of ["a", "b/c", "d/e/f", "g/h/i/j"]) disk.init(path);
  const found = async (maxDepth?: number) => {
    const options = maxDepth === undefined ? {} : { maxDepth };
    const { repositories } = await findRepositories(disk.root, { signal: NEVER, ...options });
    return repositories.map(({ path }) => disk.short(path));
  };
  expect(await found(0)).toEqual([]);
  expect(await found(1)).toEqual(["a"]);
  expect(await found()).toEqual(["a", "b/c", "d/e/f"]);
  expect(await found(8)).toEqual(["a", "b/c", "d/e/f", "g/h/i/j"]);
});

test("the folder itself is one when it is a checkout", async () => {
  await using disk = await givenDisk();
  disk.init(".");
  const { repositories } = await findRepositories(disk.root, { signal: NEVER, maxDepth: 0 });
  expect(repositories).toEqual([{ path: disk.root, name: basename(disk.root), worktree_of: null }]);
});

test("heavy folders, those with a dot, and whatever links lead to are passed over", async () => {
  await using disk = await givenDisk();
  for (const path of ["node_modules/dep", ".cache/clone", "vendor/lib", "real"]) disk.init(path);
  await symlink("..", join(disk.root, "loop"));
  await symlink("real", join(disk.root, "alias"));
  await symlink("/", join(disk.root, "everything"));
  const { repositories } = await findRepositories(disk.root, { signal: NEVER });
  expect(repositories.map(({ path }) => disk.short(path))).toEqual(["real"]);
});

test("what only looks like a checkout is none", async () => {
  await using disk = await givenDisk();
  await mkdir(join(disk.root, "empty/.git"), { recursive: true });
  for (const [name, text] of Object.entries({
    nowhere: "gitdir: /nowhere/at/all\n",
    odd: "gitdir: ",
    text: "\0\xff",
  })) {
    await mkdir(join(disk.root, name));
    await writeFile(join(disk.root, name, ".git"), text);
  }
  await mkdir(join(disk.root, "pipe"));
  execFileSync("mkfifo", [join(disk.root, "pipe/.git")]);
  await mkdir(join(disk.root, "self"));
  await symlink(".git", join(disk.root, "self/.git"));
  expect((await findRepositories(disk.root, { signal: NEVER })).repositories).toEqual([]);
});

test("a search that is cut short says so and keeps what it found; one that is called off throws", async () => {
  await using disk = await givenDisk();
  for (let at = 0; at < 40; at++) await mkdir(join(disk.root, `folder${at}/in`), { recursive: true });
  disk.init("near");
  const cut = await findRepositories(disk.root, { signal: NEVER, maxFolders: 20 });
  expect(cut.truncated).toEqual({ count: true, time: false });
  expect(cut.folders).toBeLessThan(60);
  const off = findRepositories(disk.root, { signal: AbortSignal.abort(new Error("enough")) });
  await expect(off).rejects.toThrow("enough");
});

test("tells how far it is", async () => {
  await using disk = await givenDisk();
  disk.init("one");
  const told: [number, number][] = [];
  await findRepositories(disk.root, { signal: NEVER, onProgress: (folders, found) => told.push([folders, found]) });
  expect(told.at(-1)).toEqual([2, 1]);
});

async function givenDisk() {
  const root = await realpath(await mkdtemp(join(tmpdir(), "ouroboros-disk-")));
  const env = { PATH: process.env.PATH ?? "", HOME: root, GIT_CONFIG_NOSYSTEM: "1" };
  const author = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
  const git = (path: string, ...args: string[]) =>
    execFileSync("git", ["-C", join(root, path), ...author, ...args], { env, stdio: "pipe" });
  return {
    root,
    git,
    init(path: string, ...options: string[]) {
      const folder = join(root, path);
      execFileSync("git", ["init", "--quiet", ...options, folder], { env, cwd: dirname(root), stdio: "pipe" });
    },
    short: (path: string) => path.slice(root.length + 1),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}
