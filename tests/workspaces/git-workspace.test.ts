// Work happens on branches beside the project: what agents make is never lost, and the user's checkout never touched.
import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, lstat, mkdir, readFile, readlink, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type GivenRepository, givenRepository, listAll, writeAll } from "./support/given-repository.ts";

describe("the base", () => {
  test("of a clean checkout is the commit that is checked out", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    const workspace = await project.open();
    const head = project.git("rev-parse", "HEAD").trim();
    expect(workspace).toMatchObject({
      kind: "git",
      repository: project.root,
      branch: "refs/heads/ooo/exec_1",
      base: head,
      snapshot: false,
      notes: [],
    });
    expect(await workspace.tip()).toBe(head);
    expect(await workspace.diff()).toBe("");
  });

  test("of a dirty one is a snapshot above it, with what is not committed and without what is ignored", async () => {
    await using project = await givenRepository({ "a.txt": "a", "gone.txt": "g", ".gitignore": "*.log\n" });
    await project.write({ "a.txt": "changed", "new.txt": "n", "big.log": "l", "node_modules/x/i.js": "" });
    await rm(project.at("gone.txt"));
    const workspace = await project.open();
    expect(workspace.snapshot).toBe(true);
    expect(workspace.notes.join()).toContain("untracked files: 1");
    const base = workspace.base ?? "";
    expect(project.git("rev-parse", `${base}^`)).toBe(project.git("rev-parse", "HEAD"));
    expect(project.git("ls-tree", "-r", "--name-only", base).split("\n")).toEqual([
      ".gitignore",
      "a.txt",
      "new.txt",
      "",
    ]);
    expect(project.git("show", `${base}:a.txt`)).toBe("changed");
  });

  test("of one that was changed in the moment it was staged has the change, though size and time are the same", async () => {
    await using project = await givenRepository({ "a.txt": "one" });
    project.git("config", "core.trustctime", "false");
    await utimes(project.at("a.txt"), 1_700_000_000, 1_700_000_000);
    project.git("add", "a.txt");
    await project.write({ "a.txt": "two" });
    for (const path of ["a.txt", ".git/index"]) await utimes(project.at(path), 1_700_000_000, 1_700_000_000);
    const workspace = await project.open();
    expect(project.git("show", `${workspace.base}:a.txt`)).toBe("two");
  });

  test("is found again by whoever opens the run again, whatever has happened to the checkout since", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    await project.write({ "a.txt": "dirty" });
    const first = await project.open();
    await project.write({ "a.txt": "dirtier", "b.txt": "b" });
    project.commit("meanwhile");
    const again = await project.open();
    expect([again.base, again.branch, again.snapshot, again.notes]).toEqual([
      first.base,
      first.branch,
      true,
      first.notes,
    ]);
  });

  test("of a repository without a commit is one of ours, empty or not", async () => {
    await using project = await givenRepository();
    for (const file of ["", "a.txt"]) {
      const root = join(project.outside, `unborn${file}`);
      await mkdir(root);
      project.git("init", "--quiet", root);
      if (file !== "") await writeFile(join(root, file), "a");
      const workspace = await project.open({ cwd: root });
      const bench = await workspace.open("ac_1");
      expect(existsSync(join(bench.folder, "a.txt"))).toBe(file !== "");
      await writeFile(join(bench.folder, "made.txt"), "m");
      await bench.commit("made");
      expect((await bench.publish()).outcome).toBe("published");
      expect(await workspace.diff()).toContain("made.txt");
    }
  });

  test("of a checkout in the middle of a merge has the files as they lie there, and says so", async () => {
    await using project = await givenRepository({ "a.txt": "a\n" });
    project.git("checkout", "--quiet", "-b", "other");
    await project.write({ "a.txt": "theirs\n" });
    project.commit();
    project.git("checkout", "--quiet", "main");
    await project.write({ "a.txt": "ours\n" });
    project.commit();
    expect(() => project.git("merge", "other")).toThrow();
    const workspace = await project.open();
    expect(workspace.notes.join()).toContain("in the middle of a merge");
    expect(project.git("show", `${workspace.base}:a.txt`)).toContain("<<<<<<<");
    expect(existsSync(project.at(".git/MERGE_HEAD"))).toBe(true);
  });

  test("of a detached, shallow clone is what is checked out", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    await project.write({ "a.txt": "b" });
    project.commit();
    const clone = join(project.outside, "shallow");
    project.git("clone", "--quiet", "--depth=1", `file://${project.root}`, clone);
    project.git("-C", clone, "checkout", "--quiet", "--detach");
    const workspace = await project.open({ cwd: clone });
    const bench = await workspace.open("ac_1");
    await writeFile(join(bench.folder, "a.txt"), "c");
    await bench.commit("c");
    expect((await bench.publish()).outcome).toBe("published");
  });

  test("leaves out a repository inside of the checkout, and names it", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    await project.write({ "inner/i.txt": "i", "b.txt": "b" });
    project.git("init", "--quiet", project.at("inner"));
    const workspace = await project.open();
    expect(workspace.notes.join()).toContain('"inner/"');
    expect(project.git("ls-tree", "-r", "--name-only", workspace.base ?? "")).toBe("a.txt\nb.txt\n");
  });

  test("keeps submodules at their commits, looking into none", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    const library = join(project.outside, "library");
    project.git("clone", "--quiet", project.root, library);
    project.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", library, "lib");
    project.commit("with a library");
    await project.write({ "lib/a.txt": "changed inside" });
    const workspace = await project.open();
    expect(workspace).toMatchObject({ snapshot: false, base: project.git("rev-parse", "HEAD").trim() });
    expect(workspace.notes.join()).toContain("Submodules");
    const bench = await workspace.open("ac_1");
    await writeFile(join(bench.folder, "a.txt"), "b");
    await bench.commit("b");
    expect(await bench.changedSince()).toEqual(["a.txt"]);
    // And a submodule may itself be the project, though its configuration names a work tree.
    const inside = await project.open({ cwd: project.at("lib"), runId: "exec_2" });
    const other = await inside.open("ac_1");
    await writeFile(join(other.folder, "a.txt"), "made in the library");
    await other.commit("made");
    expect((await other.publish()).outcome).toBe("published");
    expect(await readFile(project.at("lib/a.txt"), "utf8")).toBe("changed inside");
  });

  test("of a sparse checkout keeps the files that are not there", async () => {
    await using project = await givenRepository({ "in/a.txt": "a", "out/b.txt": "b" });
    project.git("sparse-checkout", "set", "in");
    await project.write({ "in/a.txt": "changed" });
    expect(existsSync(project.at("out/b.txt"))).toBe(false);
    const workspace = await project.open();
    expect(project.git("ls-tree", "-r", "--name-only", workspace.base ?? "")).toBe("in/a.txt\nout/b.txt\n");
    const bench = await workspace.open("ac_1");
    await writeFile(join(bench.folder, "in/c.txt"), "c");
    await bench.commit("c");
    expect(await bench.changedSince()).toEqual(["in/c.txt"]);
  });
});

describe("a repository that cannot be worked with is refused, with what to do", () => {
  test("a bare one, and git's own folder", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    const bare = join(project.outside, "bare.git");
    project.git("clone", "--quiet", "--bare", project.root, bare);
    expect(await project.refused({ cwd: bare })).toMatchObject({ code: "no_checkout" });
    expect(await project.refused({ cwd: project.at(".git") })).toMatchObject({ code: "no_checkout" });
  });

  test.skipIf(process.getuid?.() !== 0)("one that belongs to another user", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    execFileSync("chown", ["-R", "12345", project.root]);
    const refusal = await project.refused();
    expect(refusal.code).toBe("foreign_repository");
    expect(refusal.next).toContain("safe.directory");
    expect((await project.open({ mode: "in_place" })).kind).toBe("in_place");
  });

  test("a damaged one, one whose configuration names another work tree, and a folder that is not there", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    project.git("config", "core.worktree", project.outside);
    expect(await project.refused()).toMatchObject({ code: "odd_work_tree" });
    project.git("config", "--unset", "core.worktree");
    await rm(project.at(".git/HEAD"));
    // Where temporary folders lie in a checkout, git takes that one for the damaged one's.
    expect((await project.refused()).code).toMatch(/^(repository_unreadable|odd_work_tree)$/);
    expect(await project.refused({ cwd: project.at("missing") })).toMatchObject({ code: "folder_missing" });
  });

  test("one where the branch's name is taken by somebody else", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    project.git("branch", "ooo/exec_1");
    expect(await project.refused()).toMatchObject({ code: "branch_taken", facts: { branch: "ooo/exec_1" } });
    project.git("branch", "-m", "ooo/exec_1", "ooo");
    expect(await project.refused()).toMatchObject({ code: "branch_taken", facts: { branch: "ooo" } });
  });

  test("any of them where no git is installed", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    const path = process.env.PATH;
    try {
      process.env.PATH = project.outside;
      expect(await project.refused()).toMatchObject({ code: "git_missing" });
      expect((await project.open({ mode: "in_place" })).kind).toBe("in_place");
    } finally {
      process.env.PATH = path;
    }
  });
});

describe("a bench", () => {
  test("is the folder the run was started in, in a worktree of its own", async () => {
    await using project = await givenRepository({ "a.txt": "a", "packages/one/b.txt": "b" });
    await mkdir(project.at("empty"));
    const workspace = await project.open({ cwd: project.at("packages/one") });
    const bench = await workspace.open("ac_1");
    expect(bench.folder).toStartWith(join(project.home, "worktrees"));
    expect(bench.folder).toEndWith("/exec_1/ac_1/packages/one");
    expect(await readFile(join(bench.folder, "b.txt"), "utf8")).toBe("b");
    await writeFile(join(bench.folder, "b.txt"), "changed");
    expect(await bench.changedSince()).toEqual(["packages/one/b.txt"]);
    const elsewhere = await project.open({ cwd: project.at("empty"), runId: "exec_2" });
    expect(existsSync((await elsewhere.open("ac_1")).folder)).toBe(true);
  });

  test("commits all there is: odd names, modes, links, files that became folders; and round it goes unchanged", async () => {
    await using project = await givenRepository({ file: "f", "folder/x": "x", "same.txt": "s" });
    const workspace = await project.open();
    const bench = await workspace.open("ac_1");
    const at = (path: string) => join(bench.folder, path);
    await rm(at("file"));
    await rm(at("folder"), { recursive: true });
    await writeAll(bench.folder, {
      "file/now a folder": "1",
      folder: "now a file",
      'with\nnewline and "quote"': "2",
      "ünïcode/日本": "3",
      "-dash": "4",
      ":(glob)*": "5",
      CASE: "6",
      case: "7",
      "run.sh": "#!/bin/sh\n",
      "crlf.txt": "one\r\ntwo\r\n",
    });
    await chmod(at("run.sh"), 0o755);
    await symlink("/nowhere/at all", at("link"));
    const odd = Buffer.concat([Buffer.from(`${bench.folder}/odd-`), Buffer.from([0xff])]);
    await writeFile(odd, "not UTF-8");
    const tree = await bench.treeHash();
    const commit = await bench.commit("all of it");
    expect(project.git("rev-parse", `${commit}^{tree}`).trim()).toBe(tree ?? "");
    expect(await bench.commit("nothing new")).toBe(commit);
    expect(await bench.changedSince(commit ?? "")).toEqual([]);
    expect((await bench.publish()).outcome).toBe("published");
    const other = await workspace.open("ac_2");
    const oddThere = Buffer.concat([Buffer.from(`${other.folder}/odd-`), Buffer.from([0xff])]);
    expect(await readFile(oddThere, "utf8")).toBe("not UTF-8");
    for (const path of [odd, oddThere]) await rm(path);
    const withoutGit = (path: string) => path === ".git";
    expect(await listAll(other.folder, withoutGit)).toEqual(await listAll(bench.folder, withoutGit));
    expect((await lstat(join(other.folder, "run.sh"))).mode & 0o111).not.toBe(0);
    expect(await readlink(join(other.folder, "link"))).toBe("/nowhere/at all");
  });

  test("takes line endings as the project's attributes say", async () => {
    await using project = await givenRepository({ ".gitattributes": "*.txt text eol=crlf\n", "a.txt": "one\r\n" });
    const bench = await (await project.open()).open("ac_1");
    expect(await readFile(join(bench.folder, "a.txt"), "utf8")).toBe("one\r\n");
    await writeFile(join(bench.folder, "a.txt"), "two\r\n");
    const commit = await bench.commit("two");
    expect(project.git("cat-file", "blob", `${commit}:a.txt`)).toBe("two\n");
    expect(await bench.changedSince(commit ?? "")).toEqual([]);
  });

  test("keeps what is ignored and what any build makes anew out of its commits, and in its folder when cleaned", async () => {
    await using project = await givenRepository({ ".gitignore": "*.log\n", "a.txt": "a" });
    const bench = await (await project.open()).open("ac_1");
    await writeAll(bench.folder, { "x.log": "", "node_modules/y": "", "b.txt": "b", "a.txt": "changed" });
    expect(await bench.changedSince()).toEqual(["a.txt", "b.txt"]);
    await bench.clean();
    expect(await bench.changedSince()).toEqual([]);
    expect(["x.log", "node_modules/y", "b.txt"].map((path) => existsSync(join(bench.folder, path)))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("is found as it was left, and its work survives the loss of its folder", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    const bench = await (await project.open()).open("ac_1");
    await writeFile(join(bench.folder, "done.txt"), "d");
    const commit = await bench.commit("done");
    await writeFile(join(bench.folder, "begun.txt"), "b");
    const again = await (await project.open()).open("ac_1");
    expect([again.folder, again.base]).toEqual([bench.folder, bench.base]);
    expect(await again.changedSince()).toEqual(["begun.txt", "done.txt"]);
    await rm(bench.folder, { recursive: true });
    const remade = await (await project.open()).open("ac_1");
    expect(await remade.changedSince()).toEqual(["done.txt"]);
    expect(await remade.commit("nothing")).toBe(commit);
  });

  test("half made by a git that was killed, it is made again; locks that one left are taken away", async () => {
    await using project = await givenRepository({ "a.txt": "a", "b.txt": "b" });
    const bench = await (await project.open()).open("ac_1");
    const own = project.at(".git/worktrees/ac_1");
    // As git leaves it when it dies between its first file and its last.
    await writeFile(join(own, "locked"), "initializing");
    await rm(join(bench.folder, "b.txt"));
    const remade = await (await project.open()).open("ac_1");
    expect(await remade.changedSince()).toEqual([]);
    expect(existsSync(join(project.at(".git/worktrees"), "ac_1", "locked"))).toBe(false);
    await writeFile(join(remade.folder, "c.txt"), "c");
    for (const lock of ["index.lock", "HEAD.lock"]) {
      await writeFile(join(own, lock), "");
      await utimes(join(own, lock), 1, 1);
    }
    const commit = await (await (await project.open()).open("ac_1")).commit("c");
    expect(project.git("ls-tree", "--name-only", commit ?? "")).toBe("a.txt\nb.txt\nc.txt\n");
  });

  test("waits for a git that is still at work in it", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    const bench = await (await project.open()).open("ac_1");
    const lock = project.at(".git/worktrees/ac_1/index.lock");
    await writeFile(lock, "");
    await writeFile(join(bench.folder, "b.txt"), "b");
    const committed = bench.commit("b").then(() => existsSync(lock));
    // It is seen more than once before it goes.
    const { promise: seen, resolve } = Promise.withResolvers<void>();
    setImmediate(async () => {
      await bench.treeHash();
      await rm(lock);
      resolve();
    });
    await seen;
    expect(await committed).toBe(false);
  });

  test("of a project that is itself a worktree belongs to the same repository", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    const linked = join(project.outside, "linked");
    project.git("worktree", "add", "--quiet", "-b", "topic", linked);
    await writeFile(join(linked, "dirty.txt"), "d");
    const workspace = await project.open({ cwd: linked });
    expect(workspace).toMatchObject({ repository: linked, snapshot: true });
    const bench = await workspace.open("ac_1");
    await writeFile(join(bench.folder, "made.txt"), "m");
    await bench.commit("made");
    await bench.publish();
    expect(project.git("diff", "--name-only", "topic", "ooo/exec_1")).toBe("dirty.txt\nmade.txt\n");
    expect(project.git("-C", linked, "status", "--porcelain")).toBe("?? dirty.txt\n");
  });

  test("whatever its agent does with git, the work is committed to its own branch", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    const bench = await (await project.open()).open("ac_1");
    const git = (...args: string[]) => project.git("-C", bench.folder, ...args);
    await writeFile(join(bench.folder, "one.txt"), "1");
    git("add", "one.txt");
    git("commit", "--quiet", "-m", "by the agent");
    const own = git("rev-parse", "HEAD").trim();
    expect(await bench.commit("nothing new")).toBe(own);
    git("checkout", "--quiet", "-b", "elsewhere");
    await writeFile(join(bench.folder, "two.txt"), "2");
    git("add", "two.txt");
    git("commit", "--quiet", "-m", "on another branch");
    const commit = await bench.commit("brought back");
    expect(git("rev-parse", "ooo/exec_1.ac_1").trim()).toBe(commit ?? "");
    expect(git("symbolic-ref", "HEAD").trim()).toBe("refs/heads/ooo/exec_1.ac_1");
    expect(git("status", "--porcelain")).toBe("");
    await rm(join(bench.folder, ".git"));
    git("init", "--quiet", bench.folder);
    git("init", "--quiet", join(bench.folder, "app"));
    await writeAll(bench.folder, {
      "app/index.js": "x",
      "app/deep/.git/HEAD": "ref: refs/heads/x\n",
      "app/deep/y.js": "y",
    });
    expect(await bench.changedSince()).toEqual(["app/deep/y.js", "app/index.js", "one.txt", "two.txt"]);
    const again = await (await project.open()).open("ac_1");
    expect(await again.changedSince()).toEqual(["app/deep/y.js", "app/index.js", "one.txt", "two.txt"]);
    expect(git("symbolic-ref", "HEAD").trim()).toBe("refs/heads/ooo/exec_1.ac_1");
  });

  test("does not lead agents through a link out of its worktree", async () => {
    await using project = await givenRepository({ "sub/a.txt": "a" });
    const workspace = await project.open({ cwd: project.at("sub") });
    const bench = await workspace.open("ac_1");
    await rm(bench.folder, { recursive: true });
    await symlink(project.outside, bench.folder);
    await bench.commit("a link");
    await expect(workspace.open("ac_1")).rejects.toMatchObject({ code: "folder_moved" });
  });
});

describe("merging", () => {
  test("publishes only what contains everything published before, and brings that in", async () => {
    await using project = await givenRepository({ "a.txt": "1\n2\n3\n4\n5\n" });
    const workspace = await project.open();
    const [one, two] = [await workspace.open("one"), await workspace.open("two")];
    await writeFile(join(one.folder, "a.txt"), "1 one\n2\n3\n4\n5\n");
    await one.commit("one");
    expect(await one.update()).toEqual({ outcome: "current", files: [] });
    expect((await one.publish()).outcome).toBe("published");
    await writeFile(join(two.folder, "a.txt"), "1\n2\n3\n4\n5 two\n");
    const before = await two.commit("two");
    expect(await two.publish()).toEqual({ outcome: "moved" });
    expect(await two.update()).toEqual({ outcome: "merged", files: ["a.txt"] });
    const published = await two.publish();
    expect(published.outcome).toBe("published");
    expect(project.git("show", "ooo/exec_1:a.txt")).toBe("1 one\n2\n3\n4\n5 two\n");
    project.git("merge-base", "--is-ancestor", before ?? "", "ooo/exec_1");
    const diff = await workspace.diff();
    await writeFile(join(project.outside, "run.patch"), diff);
    project.git("apply", join(project.outside, "run.patch"));
    expect(await readFile(project.at("a.txt"), "utf8")).toBe("1 one\n2\n3\n4\n5 two\n");
  });

  test("leaves a conflict marked in the files until somebody has decided, and records both sides", async () => {
    const project = await givenConflict();
    await using _ = project.repository;
    const { bench } = project;
    expect(await bench.update()).toEqual({ outcome: "conflict", files: ["a b.txt"] });
    expect(await bench.unresolved()).toEqual(["a b.txt"]);
    // Whoever comes after a crash finds it like that.
    const again = await (await project.repository.open()).open("two");
    expect(await again.unresolved()).toEqual(["a b.txt"]);
    await writeFile(join(again.folder, "a b.txt"), "both\n");
    expect(await again.unresolved()).toEqual([]);
    const commit = await again.commit("resolved");
    expect(
      project.repository
        .git("rev-list", "--parents", "-1", commit ?? "")
        .trim()
        .split(" "),
    ).toHaveLength(3);
    expect(await again.update()).toEqual({ outcome: "current", files: [] });
    expect(await again.publish()).toEqual({ outcome: "published", commit: commit ?? "" });
  });

  test("goes on where the agent has given the merge up", async () => {
    const project = await givenConflict();
    await using _ = project.repository;
    await project.bench.update();
    project.repository.git("-C", project.bench.folder, "merge", "--abort");
    await project.bench.commit("given up");
    expect(await project.bench.publish()).toEqual({ outcome: "moved" });
    expect((await project.bench.update()).outcome).toBe("conflict");
  });

  test("commits first what is not committed, and moves on where there is nothing of its own", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    const workspace = await project.open();
    const [one, two] = [await workspace.open("one"), await workspace.open("two")];
    await writeFile(join(one.folder, "one.txt"), "1");
    await one.commit("one");
    await one.publish();
    expect(await two.update()).toEqual({ outcome: "merged", files: ["one.txt"] });
    await writeFile(join(one.folder, "again.txt"), "1");
    await one.commit("again");
    await one.publish();
    await writeFile(join(two.folder, "again.txt"), "mine");
    expect(await two.update()).toEqual({ outcome: "conflict", files: ["again.txt"] });
  });

  test("does not move the branch under somebody who has it checked out", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    const bench = await (await project.open()).open("ac_1");
    await writeFile(join(bench.folder, "b.txt"), "b");
    await bench.commit("b");
    project.git("checkout", "--quiet", "ooo/exec_1");
    await expect(bench.publish()).rejects.toMatchObject({ code: "branch_checked_out" });
    project.git("checkout", "--quiet", "main");
    expect((await bench.publish()).outcome).toBe("published");
  });
});

describe("giving folders back", () => {
  test("closing removes the worktree, and the branch once it is merged", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    const workspace = await project.open();
    const [merged, open] = [await workspace.open("merged"), await workspace.open("open")];
    for (const bench of [merged, open]) await writeFile(join(bench.folder, `${bench.name}.txt`), "x");
    await merged.commit("m");
    await merged.publish();
    await merged.close();
    await open.close();
    expect([merged, open].map((bench) => existsSync(bench.folder))).toEqual([false, false]);
    expect(project.git("branch", "--list", "ooo/*", "--format=%(refname:short)").split("\n")).toEqual([
      "ooo/exec_1",
      "ooo/exec_1.open",
      "",
    ]);
    // What was not committed when it was closed is there when it is opened again.
    expect(await (await workspace.open("open")).changedSince()).toEqual(["open.txt"]);
    expect(await (await workspace.open("merged")).changedSince()).toEqual([]);
  });

  test("pruning keeps what is not merged, not committed, or not of this run, and says why", async () => {
    await using project = await givenRepository({ "a.txt": "a" });
    const users = join(project.outside, "users own");
    project.git("worktree", "add", "--quiet", "-b", "users", users);
    const away = join(project.outside, "on a drive that is away");
    project.git("worktree", "add", "--quiet", "-b", "away", away);
    await rename(away, `${away}.now`);
    const other = await (await project.open({ runId: "exec_10" })).open("ac_1");
    const workspace = await project.open();
    const [unmerged, dirty, done, unused] = await Promise.all(
      ["unmerged", "dirty", "done", "unused"].map((name) => workspace.open(name)),
    );
    if (!unmerged || !dirty || !done || !unused) throw new Error("four benches");
    for (const bench of [unmerged, dirty, done]) await writeFile(join(bench.folder, `${bench.name}.txt`), "x");
    await unmerged.commit("u");
    await done.commit("d");
    await done.publish();
    expect(await workspace.prune()).toEqual([
      { folder: dirty.folder, kept: "it holds what is not committed" },
      { folder: unmerged.folder, kept: "its commits are not merged" },
    ]);
    expect([done, unused, other].map((bench) => existsSync(bench.folder))).toEqual([false, false, true]);
    const left = project.git("worktree", "list", "--porcelain");
    for (const path of [users, away, other.folder, dirty.folder, unmerged.folder]) expect(left).toContain(path);
    expect(left).not.toContain(done.folder);
    // Work whose folder is gone is on its branch still.
    await rm(unmerged.folder, { recursive: true });
    await workspace.prune();
    expect(await (await workspace.open("unmerged")).changedSince()).toEqual(["unmerged.txt"]);
  });
});

describe("a check's original files", () => {
  test("lie there until they are taken back, and then it is as the agent left it, to the byte", async () => {
    await using project = await givenRepository({ "t/a.test": "original\n", "t/b.test": "b\n", "x/y.test": "y\n" });
    const bench = await (await project.open()).open("ac_1");
    const at = (path: string) => join(bench.folder, path);
    await writeFile(at("t/a.test"), "edited\r\n");
    await chmod(at("t/a.test"), 0o755);
    await rm(at("t/b.test"));
    await rm(at("x"), { recursive: true });
    await symlink("t", at("x"));
    await writeFile(at("t/new.test"), "new");
    await writeFile(at("src.txt"), "work");
    const before = await listAll(bench.folder);
    const files = ["t/a.test", "t/b.test", "t/new.test", "x/y.test", "none/at/all.test"];
    const swapped = await bench.withFilesOf(bench.base ?? "", files);
    expect(await bench.changedSince()).toEqual(["src.txt"]);
    expect(await readFile(at("x/y.test"), "utf8")).toBe("y\n");
    expect(existsSync(at("t/y.test"))).toBe(false);
    // A check may do what it likes with them.
    await rm(at("t"), { recursive: true });
    await swapped.undo();
    await expect(lstat(at("t/b.test"))).rejects.toThrow();
    expect(await listAll(bench.folder)).toEqual(before);
    await swapped.undo();
    expect(await listAll(bench.folder)).toEqual(before);
  });

  test("are taken back by whoever opens the bench after a crash", async () => {
    await using project = await givenRepository({ "a.test": "original\n" });
    const bench = await (await project.open()).open("ac_1");
    await writeFile(join(bench.folder, "a.test"), "edited\n");
    await bench.withFilesOf(bench.base ?? "", ["a.test"]);
    // Until then nobody takes them for the agent's work.
    await expect(bench.commit("not the agent's")).rejects.toThrow("undo that first");
    await expect(bench.withFilesOf(bench.base ?? "", ["a.test"])).rejects.toThrow("undo that first");
    expect(await readFile(join(bench.folder, "a.test"), "utf8")).toBe("original\n");
    const again = await (await project.open()).open("ac_1");
    expect(await readFile(join(again.folder, "a.test"), "utf8")).toBe("edited\n");
  });

  test("are only ever inside of the checkout", async () => {
    await using project = await givenRepository({ "a.test": "a" });
    const bench = await (await project.open()).open("ac_1");
    for (const path of ["../x", "/etc/passwd", ".git/config", "a/../b", "a/.GIT/hooks", ""]) {
      await expect(bench.withFilesOf(bench.base ?? "", [path])).rejects.toThrow("Not a path inside");
    }
  });
});

async function givenConflict() {
  const repository: GivenRepository = await givenRepository({ "a b.txt": "base\n" });
  const workspace = await repository.open();
  const [one, two] = [await workspace.open("one"), await workspace.open("two")];
  await writeFile(join(one.folder, "a b.txt"), "one\n");
  await one.commit("one");
  await one.publish();
  await writeFile(join(two.folder, "a b.txt"), "two\n");
  await two.commit("two");
  return { repository, bench: two };
}
