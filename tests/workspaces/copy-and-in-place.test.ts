// Folders without a repository are worked on as a copy, or in place by those who ask for it.
import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, lstat, mkdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { givenFolder, givenRepository, listAll } from "./support/given-repository.ts";

describe("a copy", () => {
  test("is made of a folder that the repository around it ignores, where a worktree would be empty", async () => {
    await using project = await givenFolder({ ".gitignore": "inner/\n", "a.txt": "a", "inner/b.txt": "b" });
    project.git("init", "--quiet");
    const workspace = await project.open({ cwd: project.at("inner") });
    expect(workspace.kind).toBe("copy");
    expect(await readFile(join((await workspace.open("ac_1")).folder, "b.txt"), "utf8")).toBe("b");
  });

  test("has all the files with their modes and links, and what is left out is named", async () => {
    await using project = await givenFolder({ "a.txt": "a", "sub/run.sh": "#!/bin/sh\n", "inner/i.txt": "i" });
    await project.write({ "node_modules/x.js": "", "sub/.venv/y.py": "" });
    await chmod(project.at("sub/run.sh"), 0o755);
    await symlink("/etc", project.at("etc"));
    await symlink("nowhere", project.at("sub/dangling"));
    await mkdir(project.at("read-only"));
    await project.write({ "read-only/r.txt": "r" });
    await chmod(project.at("read-only"), 0o555);
    execFileSync("mkfifo", [project.at("pipe")]);
    project.git("init", "--quiet", project.at("inner"));
    const before = await listAll(project.root);
    const workspace = await project.open();
    expect(workspace).toMatchObject({ kind: "copy", repository: join(project.home, "workspaces/exec_1/project") });
    for (const name of ["node_modules", "sub/.venv", "pipe", "inner/.git"]) {
      expect(workspace.notes.join()).toContain(`"${name}"`);
    }
    const bench = await workspace.open("ac_1");
    const left = new Set(["node_modules", ".venv", "pipe", ".git"]);
    const without = (path: string) => path.split("/").some((part) => left.has(part));
    const mode = (lines: string[]) => lines.filter((line) => !line.startsWith("read-only "));
    expect(mode(await listAll(bench.folder, without))).toEqual(mode(await listAll(project.root, without)));
    await writeFile(join(bench.folder, "a.txt"), "changed");
    await bench.commit("changed");
    expect((await bench.publish()).outcome).toBe("published");
    await writeFile(join(project.outside, "run.patch"), await workspace.diff());
    expect(await listAll(project.root)).toEqual(before);
    // Not looked for above the folder: in a checkout git applies a patch to that, and silently to nothing else.
    const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(project.root) };
    execFileSync("git", ["apply", join(project.outside, "run.patch")], { cwd: project.root, env });
    expect(await readFile(project.at("a.txt"), "utf8")).toBe("changed");
    await chmod(project.at("read-only"), 0o755);
  });

  test("is made once: the same run goes on with it, whatever happens to the folder and whoever died making one", async () => {
    await using project = await givenFolder({ "a.txt": "a" });
    const place = join(project.home, "workspaces/exec_1");
    await mkdir(join(place, ".part-of-somebody-who-died/deep"), { recursive: true });
    const first = await project.open();
    await project.write({ "a.txt": "changed", "b.txt": "b" });
    const again = await project.open();
    expect([again.base, again.notes]).toEqual([first.base, first.notes]);
    expect(existsSync(join(place, ".part-of-somebody-who-died"))).toBe(false);
    expect(await (await again.open("ac_1")).changedSince()).toEqual([]);
  });

  test("of an empty folder is an empty one", async () => {
    await using project = await givenFolder();
    const workspace = await project.open();
    const bench = await workspace.open("ac_1");
    await writeFile(join(bench.folder, "made.txt"), "m");
    await mkdir(join(bench.folder, "node_modules"));
    await writeFile(join(bench.folder, "node_modules/x.js"), "x");
    await bench.commit("made");
    expect(await bench.changedSince()).toEqual(["made.txt"]);
  });

  test("of too large a folder is refused before anything is copied, with what to do", async () => {
    await using project = await givenFolder({ "a.txt": "a" });
    await truncate(project.at("a.txt"), 2 ** 31 + 1);
    const refusal = await project.refused();
    expect(refusal.code).toBe("folder_too_large");
    expect(refusal.next).toContain("--in-place");
    expect(existsSync(join(project.home, "workspaces"))).toBe(false);
  });

  test("is made of a folder in a home that is itself under git", async () => {
    await using project = await givenFolder();
    const user = join(project.outside, "user");
    project.git("init", "--quiet", user);
    const folder = join(user, "thing");
    await mkdir(folder);
    await writeFile(join(folder, "a.txt"), "a");
    const workspace = await project.open({ cwd: folder });
    expect(workspace.kind).toBe("copy");
    expect(await (await workspace.open("ac_1")).changedSince()).toEqual([]);
  });
});

describe("in place", () => {
  test("agents work in the folder they were started in, and what they make can be told from what was there", async () => {
    await using project = await givenRepository({ "sub/a.txt": "a", "t.test": "t" });
    await project.write({ "sub/dirty.txt": "dirty" });
    const order = { mode: "in_place", cwd: project.at("sub") } as const;
    const workspace = await project.open(order);
    expect(workspace).toMatchObject({ kind: "in_place", branch: null, snapshot: true, repository: project.root });
    expect(await workspace.tip()).toBeNull();
    const bench = await workspace.open("ac_1");
    expect(bench.folder).toBe(project.at("sub"));
    await project.write({ "sub/a.txt": "changed", "made.txt": "m", "t.test": "edited" });
    const again = await (await project.open(order)).open("ac_2");
    expect(await again.changedSince()).toEqual(["made.txt", "sub/a.txt", "t.test"]);
    expect(await workspace.diff()).toContain("made.txt");
    const swapped = await bench.withFilesOf(bench.base ?? "", ["t.test"]);
    expect(await readFile(project.at("t.test"), "utf8")).toBe("t");
    await swapped.undo();
    expect(await readFile(project.at("t.test"), "utf8")).toBe("edited");
    await bench.withFilesOf(bench.base ?? "", ["t.test"]);
    await project.open(order);
    expect(await readFile(project.at("t.test"), "utf8")).toBe("edited");
    const hash = await bench.treeHash();
    await bench.clean();
    await bench.close();
    expect(await workspace.prune()).toEqual([]);
    expect(await bench.treeHash()).toBe(hash);
    expect(await bench.commit("nothing")).toBeNull();
    expect(await bench.update()).toEqual({ outcome: "current", files: [] });
    expect(await bench.publish()).toEqual({ outcome: "published", commit: null });
    expect(project.git("for-each-ref", "--format=%(refname)", "refs/heads")).toBe("refs/heads/main\n");
  });

  test("where there is no repository nothing can be told, and nothing is touched", async () => {
    await using project = await givenFolder({ "a.txt": "a" });
    const workspace = await project.open({ mode: "in_place" });
    const bench = await workspace.open("ac_1");
    expect([workspace.base, await workspace.diff(), await bench.treeHash(), await bench.changedSince()]).toEqual([
      null,
      "",
      null,
      [],
    ]);
    expect(workspace.notes.join()).toContain("no way back");
    await rm(project.at("a.txt"));
    await bench.clean();
    await expect(lstat(project.at(".git"))).rejects.toThrow();
  });
});
