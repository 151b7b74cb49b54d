import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openRunHome } from "./support/run-home.ts";

setDefaultTimeout(60_000);

test("run --dry-run says order, place, commands and ceiling; it makes no store, no branch and no process", async () => {
  await using given = await openRunHome();
  const { code, stdout, stderr } = await given.run(["run", given.seed, "--dry-run"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain(`On a branch of its own of the repository ${given.project}`);
  expect(stdout).toContain("Round 1\n  1 Part one is there\n  3 There is a README\nRound 2\n  2 Part two is there\n");
  expect(stdout).toContain("2 waits for 1: the seed says so");
  expect(stdout).toContain("  1 cat part1.txt && echo seen-one\n  2 test -f part2.txt\n");
  expect(stdout).toContain("$7");
  const json = await given.json(["run", given.seed, "--dry-run"]);
  expect(json).toMatchObject({ levels: [[1, 3], [2]], workspace: { kind: "git" }, runtime: "small", parallel: 3 });
  const inPlace = await given.json(["run", given.seed, "--dry-run", "--in-place"]);
  expect(inPlace).toMatchObject({ levels: [[1], [2], [3]], workspace: { kind: "in_place" }, parallel: 1 });
  expect(existsSync(join(given.home, "ouroboros.db"))).toBe(false);
  expect(given.git("branch", "--list", "ooo/*")).toBe("");
});

test("run --wait shows each criterion, and ends with the verdicts, the files and how to take them over", async () => {
  await using given = await openRunHome();
  const { code, stdout, stderr } = await given.run(["run", given.seed, "--wait"]);
  expect(code).toBe(0);
  const [, id = "", execution = ""] = /^Started (orch_\w+): 3 steps with small\.\n.*ooo\/(exec_\w+)/.exec(stderr) ?? [];
  expect(stderr).toContain("It pauses when it has taken 12 h, 30,000,000 tokens, $7;");
  expect(stderr).toContain(`watch: ouroboros watch ${id}`);
  expect(stderr).toContain("● 2 Part two is there: proven");
  expect(stdout).toContain(`${id} is completed, 3 of 3 steps done.\n● 1 Part one is there: proven: `);
  expect(stdout).toContain("● 3 There is a README: kept: ");
  expect(stdout).toContain("2 proven, 1 kept\n");
  expect(stdout).toMatch(/ {2}part2\.txt \+1 -0\n.*\n3 files changed, 3 lines added/);
  expect(stdout).toContain(`merge ooo/${execution}\n`);
  expect(existsSync(join(given.project, "part1.txt"))).toBe(false);
  const status = await given.run(["status", execution]);
  expect(status.stdout).toEndWith(stdout.slice(stdout.indexOf("●")));
  given.git("merge", "-q", `ooo/${execution}`);
  expect(readFileSync(join(given.project, "part2.txt"), "utf8")).toContain("part 2");
});

test("what an agent only says is failed, what waits for it is blocked, and the exit code is 1", async () => {
  await using given = await openRunHome();
  given.put("lie-1");
  const { code, stdout } = await given.run(["run", given.seed, "--wait"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✖ 1 Part one is there: failed: /);
  expect(stdout).toContain("⊘ 2 Part two is there: blocked by 1\n");
  expect(stdout).toContain("1 failed, 1 blocked, 1 kept\n");
  expect(stdout).toMatch(/Go on: ouroboros resume orch_\w+\n$/);
});

test("a key of the seed that is almost one that is read is named by the plan, when the run begins, and by lint", async () => {
  await using given = await openRunHome();
  writeFileSync(given.seed, "goal: Parts\nacceptance_criteria:\n- { description: x, verify_comand: test -f x }\n");
  const said = "Nothing reads acceptance_criteria.0.verify_comand; it looks like verify_command";
  expect(await given.json(["run", given.seed, "--dry-run"])).toMatchObject({ warnings: [said] });
  expect(await given.json(["run", given.seed, "--wait"])).toMatchObject({ warnings: [`${said}.`] });
  expect((await given.run(["seed", "lint", given.seed])).stdout).toContain(said);
});

test("a stored seed is run by the beginning of its id, and one that is not there is refused", async () => {
  await using given = await openRunHome();
  const { seed } = (await given.json(["seed", "import", given.seed])) as { seed: { seed_id: string } };
  const plan = await given.json(["run", seed.seed_id.slice(0, 12), "--dry-run"]);
  expect(plan).toMatchObject({ goal: "Parts of a whole" });
  const none = await given.json(["run", "seed_nobody", "--dry-run"]);
  expect(none).toMatchObject({ error: { code: "not_found" } });
  using store = new Database(join(given.home, "ouroboros.db"), { readonly: true });
  expect(store.query("SELECT count(*) AS n FROM ouro_session").get()).toEqual({ n: 0 });
});
