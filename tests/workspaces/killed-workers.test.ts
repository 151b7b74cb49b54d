// Whoever works in a workspace may die between any two of git's commands; the next one goes on, and nothing is lost or half there.
import { expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { findProgram } from "../../src/process/find-program.ts";
import { type GivenRepository, givenRepository, listAll } from "./support/given-repository.ts";

const WORKER = join(import.meta.dir, "../fixtures/workspaces/worker.ts");
/** Each is a worker killed and a worker that goes on. All of them: OUROBOROS_TEST_KILLS=1000. */
const KILLS = Number(process.env.OUROBOROS_TEST_KILLS ?? 2);

test("killed before or after any command of git, the work of a run ends the same", async () => {
  const whole = await runUntilKilled(0, "before");
  expect(whole.killed).toBe(false);
  const points = Array.from({ length: whole.commands }, (_, at) => at + 1);
  for (let count = 0; count < KILLS && points.length > 0; count++) {
    const [point = 1] = points.splice(Math.floor(Math.random() * points.length), 1);
    const moment = count % 2 === 0 ? "before" : "after";
    const { tree, killed } = await runUntilKilled(point, moment);
    expect({ point, moment, tree, killed }).toEqual({ point, moment, tree: whole.tree, killed: true });
  }
}, 600_000);

async function runUntilKilled(point: number, moment: "before" | "after") {
  await using project = await givenRepository({ "a.txt": "a", "a.test": "original\n" });
  await project.write({ "a.txt": "dirty", "new.txt": "new" });
  const checkout = (path: string) => path === ".git" || path.startsWith(".git/");
  const before = await listAll(project.root, checkout);
  const path = await deadlyGit(project, point, moment);
  const first = await endOf(startWorker(project, path));
  const killed = first === "SIGKILL";
  if (!killed) expect(first).toBe(0);
  const commands = Number(await readFile(join(project.outside, "count"), "utf8"));
  if (killed) expect(await endOf(startWorker(project, process.env.PATH ?? ""))).toBe(0);
  expect(await listAll(project.root, checkout)).toEqual(before);
  expect(await readdir(project.at(".git/worktrees")).catch(() => [])).toEqual([]);
  const workspace = await project.open();
  const runFolder = join((await workspace.open("look")).folder, "..");
  // A moment's index may be left: it is taken away when nobody can need it any more.
  expect((await readdir(runFolder)).filter((entry) => !entry.startsWith(".index-"))).toEqual(["look"]);
  project.git("fsck", "--connectivity-only");
  expect(project.git("branch", "--list", "ooo/exec_1.ac_1")).toBe("");
  const listing = project.git("ls-tree", "-r", "ooo/exec_1").trimEnd();
  return { tree: listing, killed, commands };
}

/** A git in front of git that counts, and at one point kills who called it. */
async function deadlyGit(project: GivenRepository, point: number, moment: string): Promise<string> {
  const real = findProgram("git", process.env.PATH ?? "", null)?.program;
  const folder = join(project.outside, "bin");
  const count = `'${join(project.outside, "count")}'`;
  const kill = (when: string) => (when === moment ? `[ $n -eq ${point} ] && kill -KILL $PPID` : ":");
  const script = [
    "#!/bin/sh",
    `n=$(( $(cat ${count} 2>/dev/null || echo 0) + 1 )); echo $n > ${count}`,
    kill("before"),
    `'${real}' "$@"; code=$?`,
    kill("after"),
    "exit $code",
  ];
  await Bun.write(join(folder, "git"), `${script.join("\n")}\n`);
  await chmod(join(folder, "git"), 0o755);
  return `${folder}:${process.env.PATH}`;
}

function startWorker(project: GivenRepository, path: string): ChildProcess {
  const env = { ...process.env, PATH: path };
  const args = [WORKER, "once", project.root, project.home, "ac_1"];
  return spawn(process.execPath, args, { cwd: project.outside, env, stdio: ["ignore", "ignore", "inherit"] });
}

function endOf(child: ChildProcess): Promise<number | string | null> {
  return new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code)));
}
