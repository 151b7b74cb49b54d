// git's refs are the only lock there is: processes of two stores work on one repository at once, and nothing published is lost.
import { expect, onTestFinished, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { findProgram } from "../../src/process/find-program.ts";
import { openGitRunner } from "../../src/process/git-runner.ts";
import { moveRef, readRef, removeRef } from "../../src/workspaces/refs.ts";
import { checkoutOf } from "../../src/workspaces/worktree-command.ts";
import { type GivenRepository, givenRepository } from "./support/given-repository.ts";

const WORKER = join(import.meta.dir, "../fixtures/workspaces/worker.ts");
const ROUNDS = 3;

test("a ref moves only from where it was seen, and whoever is second is told so", async () => {
  await using project = await givenRepository();
  const [first, second] = [project.commit("one"), project.commit("two")];
  const git = await openGitRunner({ folder: project.root }, new AbortController().signal);
  if (git === null) throw new Error("there is no git");
  const ref = "refs/heads/ooo/exec_1";
  expect(await moveRef(git, ref, first, null)).toBe(true);
  expect(await moveRef(git, ref, second, null)).toBe(false);
  expect(await moveRef(git, ref, second, second)).toBe(false);
  expect(await removeRef(git, ref, second)).toBe(false);
  expect(await readRef(git, ref)).toBe(first);
  expect(await moveRef(git, ref, second, first)).toBe(true);
  expect(await removeRef(git, ref, second)).toBe(true);
  expect(await readRef(git, ref)).toBeNull();
});

test("a worktree that somebody else is just making is in nobody's way", async () => {
  await using project = await givenRepository({ "a.txt": "a" });
  const others = project.at(".git/worktrees/somebody-else-s");
  // What `git worktree add` has written when another git comes by; it gets no further until that one has failed over it.
  const halfMade = async () => {
    await mkdir(others, { recursive: true });
    await writeFile(join(others, "HEAD"), "ref: refs/heads/main\n");
    await writeFile(join(others, "gitdir"), `${join(project.outside, "theirs/.git")}\n`);
    await writeFile(join(others, "commondir"), "");
  };
  const failures = await gitThatMeets(project, others);
  const workspace = await project.open();
  await halfMade();
  const bench = await workspace.open("ac_1");
  await halfMade();
  await bench.close();
  await halfMade();
  const git = await openGitRunner({ folder: project.root }, new AbortController().signal);
  if (git === null) throw new Error("there is no git");
  expect(await checkoutOf(git, "refs/heads/main")).toBe(project.root);
  expect(await failures()).toEqual(["worktree add", "worktree remove", "worktree list"]);
});

test("everything that anybody published is in the branch at the end, while the user commits and packs refs", async () => {
  await using project = await givenRepository({ "a.txt": "a" });
  const workers = [
    ["home", "one"],
    ["home", "two"],
    ["other home", "three"],
    ["other home", "four"],
  ].map(([home = "", name = ""]) => {
    const args = [WORKER, "race", project.root, join(project.outside, home), name, String(ROUNDS)];
    const child = spawn(process.execPath, args, { cwd: project.outside, stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ended = new Promise((resolve) => child.once("close", resolve));
    return { child, lines, ended };
  });
  for (const { lines } of workers) expect((await lines.next()).value).toBe("ready");
  for (const { child } of workers) child.stdin.end("go\n");
  const published = Promise.all(
    workers.map(async ({ lines }) => {
      const commits: string[] = [];
      for (let next = await lines.next(); !next.done; next = await lines.next()) commits.push(next.value);
      return commits;
    }),
  );
  for (let round = 0; round < 5; round++) {
    await project.write({ "users.txt": String(round) });
    project.commit(`the user's ${round}`);
    project.git("pack-refs", "--all");
  }
  expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
  const commits = (await published).flat();
  expect(new Set(commits).size).toBe(4 * ROUNDS);
  const reachable = new Set(project.git("rev-list", "ooo/exec_1").split("\n"));
  expect(commits.filter((commit) => !reachable.has(commit))).toEqual([]);
  // All began at the same commit, so all but the first had to merge.
  expect(Number(project.git("rev-list", "--merges", "--count", "ooo/exec_1"))).toBeGreaterThanOrEqual(3);
  const files = ["one", "two", "three", "four"].flatMap((name) =>
    Array.from({ length: ROUNDS }, (_, round) => `${name}/${round}.txt`),
  );
  expect(project.git("ls-tree", "-r", "--name-only", "ooo/exec_1").trim().split("\n")).toEqual(
    ["a.txt", ...files].sort(),
  );
  expect(project.git("status", "--porcelain")).toBe("");
}, 120_000);

/** A git in front of git: whoever fails at the worktrees does so before that folder is gone. Tells which commands failed. */
async function gitThatMeets({ outside }: GivenRepository, folder: string): Promise<() => Promise<string[]>> {
  const real = findProgram("git", process.env.PATH ?? "", null)?.program;
  const bin = join(outside, "bin");
  const failed = join(outside, "failed");
  await mkdir(bin);
  const script = [
    "#!/bin/sh",
    `'${real}' "$@"; code=$?`,
    `case "$code $*" in 0*) ;; *" worktree "*) echo "$*" >>'${failed}'; rm -rf '${folder}';; esac`,
    "exit $code",
  ];
  await writeFile(join(bin, "git"), `${script.join("\n")}\n`, { mode: 0o755 });
  const path = process.env.PATH;
  process.env.PATH = `${bin}${delimiter}${path}`;
  onTestFinished(() => {
    process.env.PATH = path;
  });
  return async () => {
    const lines = (await readFile(failed, "utf8")).trimEnd().split("\n");
    return lines.map((line) => /worktree (?:add|remove|list)/.exec(line)?.[0] ?? line);
  };
}
