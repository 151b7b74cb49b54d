import { expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openRunHome } from "./support/run-home.ts";

setDefaultTimeout(60_000);

test("artifacts gives back a run's patch, what its checks printed, and its seed; what is not there is refused", async () => {
  await using given = await openRunHome();
  const { session_id } = await given.json(["run", given.seed, "--wait"]);
  const id = String(session_id);
  const patch = await given.run(["artifacts", id, "--patch"]);
  expect(patch.code).toBe(0);
  const applied = spawnSync("git", ["-C", given.project, "apply"], { input: patch.stdout, encoding: "utf8" });
  expect([applied.status, applied.stderr]).toEqual([0, ""]);
  expect(readFileSync(join(given.project, "part1.txt"), "utf8")).toContain("part 1");
  expect((await given.run(["artifacts", id, "--check", "1"])).stdout).toEndWith("seen-one\n");
  expect((await given.run(["artifacts", id, "--seed"])).stdout).toBe(readFileSync(given.seed, "utf8"));
  const all = await given.json(["artifacts", id]);
  expect(all).toMatchObject({
    session_id: id,
    workspace: { kind: "git", base: given.git("rev-parse", "HEAD").trim() },
  });
  expect(all.checks).toContainEqual(
    expect.objectContaining({ index: 1, of: "work", verdict: "pass", command: "cat part1.txt && echo seen-one" }),
  );
  expect((await given.run(["artifacts", id])).stdout).toContain("2 proven, 1 kept\n");
  const codeOf = async (...args: string[]) =>
    ((await given.json(["artifacts", ...args])).error as { code: string })?.code;
  expect(await codeOf(id, "--check", "9")).toBe("no_check");
  expect(await codeOf(id, "--patch", "--seed")).toBe("wrong_usage");
  expect(await codeOf("orch_none")).toBe("not_found");
  const { execution_id } = await given.json(["status", id]);
  given.git("branch", "-qD", `ooo/${execution_id}`);
  // The commits are what is read: a branch that was deleted after it was merged takes nothing away.
  expect((await given.run(["artifacts", id, "--patch"])).stdout).toContain("part2.txt");
});
