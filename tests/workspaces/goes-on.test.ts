// A run that goes on from another one's work begins with that, whatever is checked out by then.
import { expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Workspace } from "../../src/workspaces/workspace.ts";
import { type GivenRepository, givenFolder, givenRepository } from "./support/given-repository.ts";

for (const [kind, given] of [
  ["git", givenRepository],
  ["copy", givenFolder],
] as const) {
  test(`its base is that commit (${kind}), and its work leaves the earlier branch where it was`, async () => {
    await using project = await given({ "a.txt": "a" });
    const first = await project.open();
    const commit = await published(first, "a.txt", "first");
    await project.write({ "a.txt": "the user's", "new.txt": "n" });
    const start = { commit, copy_of: kind === "copy" ? "exec_1" : null };
    const second = await project.open({ runId: "exec_2", from: start });
    expect(second).toMatchObject({ kind, base: commit, snapshot: false, repository: first.repository });
    expect(await readFile(join((await second.open("ac_1")).folder, "a.txt"), "utf8")).toBe("first");
    await published(second, "a.txt", "second");
    expect(await first.tip()).toBe(commit);
    expect(await second.diff()).toContain("-first");
    expect(await readFile(project.at("a.txt"), "utf8")).toBe("the user's");
    const again = await project.open({ runId: "exec_2", from: start });
    expect(again.base).toBe(commit);
  });
}

test("it is refused when that commit is in the repository no more, and nothing is begun", async () => {
  await using project = await givenRepository({ "a.txt": "a" });
  const refusal = await project.refused({ from: { commit: "0".repeat(40), copy_of: null } });
  expect(refusal.code).toBe("commit_gone");
  expect(refs(project)).not.toContain("exec_1");
});

async function published(workspace: Workspace, path: string, text: string): Promise<string> {
  const bench = await workspace.open("work");
  await writeFile(join(bench.folder, path), text);
  await bench.commit(text);
  const done = await bench.publish();
  if (done.outcome !== "published" || done.commit === null) throw new Error("Somebody else moved the branch");
  return done.commit;
}

function refs(project: GivenRepository): string {
  return project.git("for-each-ref");
}
