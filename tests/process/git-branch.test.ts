import { afterEach, beforeEach, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readGitBranch } from "../../src/process/git-branch.ts";

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "ouroboros-branch-")));
});
afterEach(() => rm(root, { recursive: true }));

test("names the branch of a repository, from its root and from a folder deep inside it", async () => {
  git("init", "--initial-branch", "topic/one", ".");
  await mkdir(join(root, "a/b"), { recursive: true });
  expect(await readGitBranch(root)).toBe("topic/one");
  expect(await readGitBranch(join(root, "a/b"))).toBe("topic/one");
});

test("names a worktree's own branch, and none where a commit is checked out instead of one", async () => {
  git("init", "--initial-branch", "main", "repo");
  git("-C", "repo", ...AUTHOR, "commit", "--allow-empty", "-m", "one");
  git("-C", "repo", "worktree", "add", "-b", "feature", "../tree");
  expect(await readGitBranch(join(root, "tree"))).toBe("feature");
  expect(await readGitBranch(join(root, "repo"))).toBe("main");
  git("-C", "tree", "checkout", "--detach");
  expect(await readGitBranch(join(root, "tree"))).toBeNull();
});

test("outside of any repository, and in a folder that is not there, there is none", async () => {
  // The temporary folder may itself be inside somebody's checkout.
  expect(await readGitBranch("/")).toBeNull();
  expect(await readGitBranch("/missing/deep")).toBeNull();
});

test("odd files in the place of git's own are no branch and no harm", async () => {
  await mkdir(join(root, ".git"));
  await writeFile(join(root, ".git/HEAD"), Buffer.from([0xff, 0, 0x0a]));
  expect(await readGitBranch(root)).toBeNull();
  await rm(join(root, ".git"), { recursive: true });
  await writeFile(join(root, ".git"), "gitdir: /nowhere/at/all\n");
  expect(await readGitBranch(root)).toBeNull();
  await rm(join(root, ".git"));
  await symlink(".git", join(root, ".git"));
  expect(await readGitBranch(root)).toBeNull();
});

test("nothing of the project's configuration is run for it", async () => {
  git("init", "--initial-branch", "main", ".");
  git("config", "core.fsmonitor", `touch ${join(root, "ran")}`);
  git("config", "alias.branch", `!touch ${join(root, "ran")}`);
  expect(await readGitBranch(root)).toBe("main");
  expect(await Bun.file(join(root, "ran")).exists()).toBe(false);
});

const AUTHOR = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];

function git(...args: string[]): void {
  const env = { PATH: process.env.PATH ?? "", HOME: root, GIT_CONFIG_NOSYSTEM: "1" };
  execFileSync("git", args, { cwd: root, env, stdio: "ignore" });
}
