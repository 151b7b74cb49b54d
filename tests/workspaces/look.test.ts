// A look is a worktree to check things in; whatever was done there, nothing of it is left.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRefusal } from "../../src/base/refusal.ts";
import { type Look, openLook } from "../../src/workspaces/open-look.ts";
import { type GivenRepository, givenFolder, givenRepository, listAll } from "./support/given-repository.ts";

for (const [kind, given] of [
  ["a repository", givenRepository],
  ["a plain folder", givenFolder],
] as const) {
  test(`it shows ${kind} as it lies there, and leaves neither branch nor ref nor file behind`, async () => {
    await using project = await given({ "a.txt": "a", "sub/b.txt": "b" });
    await project.write({ "a.txt": "not committed" });
    const before = await listAll(project.root);
    const look = await opened(project);
    expect(await readFile(join(look.bench.folder, "a.txt"), "utf8")).toBe("not committed");
    await writeFile(join(look.bench.folder, "litter.txt"), "l");
    await look.bench.commit("litter");
    await writeFile(join(look.bench.folder, "more.txt"), "m");
    await look.close();
    expect(existsSync(look.bench.folder)).toBe(false);
    if (kind === "a repository") expect(project.git("for-each-ref")).not.toContain("look_");
    expect(await looksIn(project)).toEqual([]);
    expect((await listAll(project.root)).filter((path) => !path.startsWith(".git"))).toEqual(
      before.filter((path) => !path.startsWith(".git")),
    );
  });
}

test("it shows a commit that is not checked out", async () => {
  await using project = await givenRepository({ "a.txt": "old" });
  const commit = project.git("rev-parse", "HEAD").trim();
  await project.write({ "a.txt": "new" });
  project.commit();
  const look = await opened(project, { commit, copy_of: null });
  expect(await readFile(join(look.bench.folder, "a.txt"), "utf8")).toBe("old");
  await look.close();
});

test("one that somebody died over is removed by the next one after a day, and one of today is somebody's", async () => {
  await using project = await givenRepository({ "a.txt": "a" });
  const [old, young] = [await opened(project), await opened(project)];
  const dayBefore = new Date(Date.now() - 25 * 3_600_000);
  await utimes(join(old.bench.folder, ".."), dayBefore, dayBefore);
  const next = await opened(project);
  expect(existsSync(old.bench.folder)).toBe(false);
  expect(existsSync(young.bench.folder)).toBe(true);
  await young.close();
  await next.close();
  expect(project.git("for-each-ref")).not.toContain("look_");
});

async function opened(
  { root, home }: GivenRepository,
  from?: { readonly commit: string; readonly copy_of: string | null },
): Promise<Look> {
  const look = await openLook({ cwd: root, home, from, signal: new AbortController().signal });
  if (isRefusal(look)) throw new Error(look.message);
  return look;
}

async function looksIn({ home }: GivenRepository): Promise<string[]> {
  const found: string[] = [];
  for (const top of ["worktrees", "workspaces"]) {
    const names = await readdir(join(home, top), { recursive: true }).catch(() => []);
    found.push(...names.filter((name) => /look_[0-9a-f]+$/.test(name)));
  }
  return found;
}
