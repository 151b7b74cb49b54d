// git's refs are the only lock there is: processes of two stores work on one repository at once, and nothing published is lost.
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openGitRunner } from "../../src/process/git-runner.ts";
import { moveRef, readRef, removeRef } from "../../src/workspaces/refs.ts";
import { givenRepository } from "./support/given-repository.ts";

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
