// A repository's own configuration may name programs: keeping work beside it runs none of them, and leaves all of it as it was.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Workspace } from "../../src/workspaces/workspace.ts";
import { type GivenRepository, givenRepository, listAll } from "./support/given-repository.ts";

const HOOKS = [
  ..."applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg commit-msg".split(
    " ",
  ),
  ..."post-commit pre-rebase post-checkout post-merge reference-transaction pre-auto-gc post-rewrite".split(" "),
  ..."post-index-change fsmonitor-watchman".split(" "),
];

test("no hook, watcher, filter, driver, signer or transport that a repository names is run", async () => {
  await using project = await givenHostile();
  const workspace = await project.open();
  expect(workspace.snapshot).toBe(true);
  await workOn(workspace);
  expect(await readdir(join(project.outside, "ran"))).toEqual([]);
  // The plain merge stands in for the repository's own, and merges.
  expect(await readFile(join((await workspace.open("two")).folder, "lines.txt"), "utf8")).toBe(
    "1 one\n2\n3\n4\n5 two\n",
  );
  expect(await readdir(join(project.outside, "ran"))).toEqual([]);
  // They are there to be run: the user's own git does. (Its status may tell a changed file by its size alone.)
  expect(() => project.git("add", "t.test")).toThrow("filter 'evil' failed");
  expect(await readdir(join(project.outside, "ran"))).not.toEqual([]);
});

test("the checkout, its index, HEAD, configuration, hooks and stash are the same to the byte after a whole run", async () => {
  await using project = await givenRepository({
    "lines.txt": "1\n2\n3\n4\n5\n",
    "t.test": "t",
    ".gitignore": "*.log\n",
  });
  await project.write({ "stashed.txt": "s", "hooks/x": "x" });
  project.git("stash", "push", "--quiet", "--include-untracked");
  project.git("pack-refs", "--all");
  await project.write({ "t.test": "changed", "new.txt": "n", "x.log": "l", "staged.txt": "s" });
  project.git("add", "staged.txt");
  await project.write({ "staged.txt": "and changed" });
  const ours = /^\.git\/(?:refs\/heads\/ooo|refs\/ouroboros|objects|worktrees)(?:\/|$)/;
  const before = await listAll(project.root, (path) => ours.test(path));
  const workspace = await project.open();
  await workOn(workspace);
  expect(await workspace.prune()).toEqual([]);
  expect(await listAll(project.root, (path) => ours.test(path))).toEqual(before);
  expect(await readdir(project.at(".git/worktrees")).catch(() => [])).toEqual([]);
});

test("work in place leaves the index, HEAD and files alone too", async () => {
  await using project = await givenHostile("* merge=evil diff=evil\n");
  const ours = /^\.git\/(?:refs\/ouroboros|objects)(?:\/|$)/;
  const before = await listAll(project.root, (path) => ours.test(path));
  const workspace = await project.open({ mode: "in_place" });
  await workOn(workspace);
  const after = await listAll(project.root, (path) => ours.test(path));
  expect(after.filter((line) => !before.includes(line)).map((line) => line.split(" ")[0])).toEqual([
    "lines.txt",
    "made-by-one.txt",
    "made-by-two.txt",
  ]);
  expect(await readdir(join(project.outside, "ran"))).toEqual([]);
});

test("a filter of the user's own configuration runs, whatever the repository makes of its name", async () => {
  await using project = await givenRepository({ "a.low": "LOUD\n", ".gitattributes": "*.low filter=low\n" });
  const config = join(project.outside, "user/.gitconfig");
  await writeFile(config, '[filter "low"]\n\tclean = tr a-z A-Z\n\tsmudge = tr A-Z a-z\n\trequired = true\n');
  const marker = join(project.outside, "ran");
  project.git("config", "filter.low.smudge", `touch '${marker}'; cat`);
  const bench = await (await project.open()).open("ac_1");
  expect(await readFile(join(bench.folder, "a.low"), "utf8")).toBe("loud\n");
  await writeFile(join(bench.folder, "b.low"), "quiet\n");
  const commit = await bench.commit("b");
  expect(project.git("cat-file", "blob", `${commit}:b.low`)).toBe("QUIET\n");
  expect(await bench.changedSince(commit ?? "")).toEqual([]);
  expect(existsSync(marker)).toBe(false);
});

test("what only a filter of the repository's configuration can read is neither opened nor kept, and named", async () => {
  await using project = await givenRepository({
    "s.secret": "locked",
    "a.txt": "a",
    ".gitattributes": "*.secret filter=lock\n",
  });
  project.git("config", "filter.lock.clean", "sed s/open/locked/");
  project.git("config", "filter.lock.smudge", "sed s/locked/open/");
  await project.write({ "s.secret": "open and changed", "n.secret": "open too", "a.txt": "changed" });
  const workspace = await project.open();
  expect(workspace.notes.join()).toContain('"s.secret"');
  expect(workspace.notes.join()).toContain('"n.secret"');
  expect(project.git("show", `${workspace.base}:s.secret`)).toBe("locked");
  expect(project.git("ls-tree", "-r", "--name-only", workspace.base ?? "")).not.toContain("n.secret");
  const bench = await workspace.open("ac_1");
  expect(await readFile(join(bench.folder, "s.secret"), "utf8")).toBe("locked");
  expect(await bench.changedSince()).toEqual([]);
});

test("commits are in the user's name where one is set for all of their work, and in ours otherwise", async () => {
  await using project = await givenRepository({ "a.txt": "a" });
  project.git("config", "user.name", "somebody the repository names");
  const name = async (id: string) => {
    const bench = await (await project.open({ runId: id })).open("ac_1");
    await writeFile(join(bench.folder, "b.txt"), id);
    return project.git("show", "-s", "--format=%an <%ae> %cn", (await bench.commit("b")) ?? "").trim();
  };
  expect(await name("exec_1")).toBe("Ouroboros <ouroboros@localhost> Ouroboros");
  await writeFile(join(project.outside, "user/.gitconfig"), "[user]\n\tname = Ada Ö\n\temail = ada@localhost\n");
  expect(await name("exec_2")).toBe("Ada Ö <ada@localhost> Ada Ö");
});

test("our own home inside of the project is no part of it", async () => {
  await using project = await givenRepository({ "a.txt": "a" });
  const home = project.at(".ouroboros [x]");
  await mkdir(home);
  await writeFile(join(home, "store.db"), "private");
  const workspace = await project.open({ home });
  expect(workspace).toMatchObject({ snapshot: false, base: project.git("rev-parse", "HEAD").trim() });
  expect((await workspace.open("ac_1")).folder).toStartWith(home);
});

/** Everything a run does, twice over, so that there is something to merge. */
async function workOn(workspace: Workspace): Promise<void> {
  const [one, two] = [await workspace.open("one"), await workspace.open("two")];
  await writeFile(join(one.folder, "lines.txt"), "1 one\n2\n3\n4\n5\n");
  await writeFile(join(one.folder, "made-by-one.txt"), "one");
  await one.commit("one");
  await one.update();
  await one.publish();
  await writeFile(join(two.folder, "lines.txt"), "1\n2\n3\n4\n5 two\n");
  await writeFile(join(two.folder, "made-by-two.txt"), "two");
  await two.commit("two");
  expect((await two.update()).outcome).not.toBe("conflict");
  const swapped = await two.withFilesOf(two.base ?? "", ["t.test"]);
  await two.treeHash();
  await swapped.undo();
  expect((await two.publish()).outcome).toBe("published");
  await two.clean();
  await two.changedSince();
  expect(await workspace.diff()).toContain("made-by-two.txt");
  await one.close();
  await workspace.prune();
}

/** A repository in which each program that can be named leaves a mark when it is run; made before any of them is named. */
async function givenHostile(attributes = "* filter=evil merge=evil diff=evil\n"): Promise<GivenRepository> {
  const project = await givenRepository({ "lines.txt": "1\n2\n3\n4\n5\n", "t.test": "t" });
  await project.write({ ".gitattributes": attributes });
  project.commit();
  await project.write({ "t.test": "changed" });
  const ran = join(project.outside, "ran");
  await mkdir(ran);
  const program = join(project.outside, "evil.sh");
  await writeFile(program, `#!/bin/sh\ntouch '${ran}'/"\${1:-hook-$(basename "$0")}"\ncat\n`);
  await chmod(program, 0o755);
  for (const folder of [".git/hooks", "hooks"]) {
    await rm(project.at(folder), { recursive: true, force: true });
    await mkdir(project.at(folder));
    for (const hook of HOOKS) {
      await writeFile(project.at(`${folder}/${hook}`), `#!/bin/sh\ntouch '${ran}'/${hook}\n`);
      await chmod(project.at(`${folder}/${hook}`), 0o755);
    }
  }
  const evil = (name: string) => `'${program}' ${name}`;
  const included = join(project.outside, "included.cfg");
  await writeFile(included, `[filter "evil"]\n\tprocess = "${evil("process")}"\n[core]\n\tfsmonitor = "${program}"\n`);
  const settings: Readonly<Record<string, string>> = {
    "include.path": included,
    "filter.evil.clean": evil("clean"),
    "filter.evil.smudge": evil("smudge"),
    "filter.evil.required": "true",
    "merge.evil.driver": evil("driver"),
    "merge.default": "evil",
    "merge.verifySignatures": "true",
    "diff.evil.command": evil("diff"),
    "diff.evil.textconv": evil("textconv"),
    "diff.external": evil("external"),
    "hook.evil.command": evil("configured-hook"),
    "hook.evil.event": "reference-transaction",
    "core.hooksPath": "hooks",
    "core.sshCommand": evil("ssh"),
    "core.gitProxy": evil("proxy"),
    "core.askPass": program,
    "core.editor": evil("editor"),
    "core.pager": evil("pager"),
    "pager.diff": evil("pager"),
    "pager.config": evil("pager"),
    "credential.helper": `!${evil("credential")}`,
    "gpg.program": program,
    "commit.gpgSign": "true",
    "tag.gpgSign": "true",
    "gc.auto": "1",
    "gc.autoDetach": "false",
    "submodule.recurse": "true",
    "alias.worktree": `!${evil("alias")}`,
    "uploadpack.packObjectsHook": program,
    "remote.origin.url": `ext::${program}`,
    "remote.origin.promisor": "true",
  };
  for (const [key, value] of Object.entries(settings)) project.git("config", key, value);
  return project;
}
