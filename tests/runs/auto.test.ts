// From one sentence to a branch whose work was checked: by the program itself, its workers, minds and agents; all of them may be killed.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { GOAL } from "../e2e/support/auto-story.ts";
import { kill } from "../support/agent-processes.ts";
import { AutoHome } from "../support/auto-home.ts";
import type { RunSaid } from "../support/run-home.ts";
import { gitIn } from "../support/run-library.ts";

setDefaultTimeout(240_000);

/** A file as it is on the branch that it ended with. */
function madeIn(repository: string, { json }: RunSaid, path: string): string {
  return gitIn(repository, "show", `${json.branch}:${path}`);
}

const count = (home: AutoHome, type: string) => home.events(type).length;

describe("one sentence becomes checked work on a branch", () => {
  test("in an empty folder, in two generations; nothing is asked, and the folder stays as it was", async () => {
    using home = new AutoHome();
    home.note("lazy-2");
    const said = await home.go();
    expect(said).toMatchObject({ code: 0, json: { phase: "complete", stop_reason_code: "outcome_reached" } });
    expect(said.json.lineage).toMatchObject({ generations: [{ met: 1 }, { met: 2 }] });
    // What holds is checked again, and not done again.
    expect(home.journal("work-1")).toHaveLength(1);
    const { repository } = home.branch();
    expect(madeIn(repository, said, "greet.sh")).toContain("Hello");
    expect(madeIn(repository, said, "part.sh")).toContain("Bye");
    expect(readdirSync(home.folder)).toEqual([]);
    // What it says to take the work over with has the work of both generations in it.
    const { repository: where, base, branch } = said.json as Record<string, string>;
    const files = gitIn(where ?? "", "diff", "--name-only", base ?? "", branch ?? "");
    expect(files).toBe("greet.sh\npart.sh\n");
    expect(said.errors).toContain("Round 2: What does it print? Assumed (0.80)");
    // What the run took is in the sum; nothing reported what thinking takes.
    expect(said.json.spent).toMatchObject({ tokens: 3_000, cost_usd: 0.75, agents_with_tokens: 3 });
    const shown = await home.call("auto", "show", String(said.json.auto_session_id));
    expect(shown.json).toMatchObject({ phase: "complete", branch: said.json.branch });
    const { autos } = (await home.call("auto", "list")).json as { autos: object[] };
    expect(autos).toMatchObject([{ goal: GOAL, phase: "complete" }]);
    await home.quiet();
  });

  test("in a project, once somebody has agreed to its own checks, and they are asked before anything is begun", async () => {
    using home = new AutoHome({ hasProject: true });
    const refused = await home.go();
    expect(refused).toMatchObject({ code: 2, json: { error: { code: "needs_approval" } } });
    expect(refused.errors).toContain("npm");
    expect(home.events()).toEqual([]);
    const before = gitIn(home.folder, "status", "--porcelain", "--branch");
    const said = await home.go("--approve-checks");
    expect(said).toMatchObject({ code: 0, json: { phase: "complete" } });
    expect(madeIn(home.folder, said, "greet.sh")).toContain("Hello");
    // What the code says is looked up there, in a copy; decisions are not.
    const looked = home.journal("assume").map((line) => line.endsWith("in-project"));
    expect(looked).toEqual([false, true, false, false]);
    expect(gitIn(home.folder, "status", "--porcelain", "--branch")).toBe(before);
    await home.quiet();
  });
});

test("it stops within one step of what it may take, of which the interview has taken its part", async () => {
  const stopped = async (flags: readonly string[], usage: object) => {
    using home = new AutoHome();
    home.note("lazy-2");
    home.note("usage.json", usage);
    const said = await home.go(...flags);
    await home.quiet();
    expect(said).toMatchObject({ code: 1, json: { phase: "blocked" } });
    expect(said.json.next).toContain("ouroboros ralph");
    return [said.json.stop_reason_code, home.journal().filter((line) => line.startsWith("work-")).length];
  };
  const found = await Promise.all([
    stopped(["--generations", "1"], {}),
    // Ten answers and two agents: neither would be enough without the other.
    stopped(["--cost", "1", "--generations", "5"], { cost_usd: 0.06 }),
  ]);
  expect(found).toEqual([
    ["max_generations", 2],
    ["money_budget", 2],
  ]);
});

test("killed in every phase and gone on with: one interview, one seed, one lineage, one run", async () => {
  using home = new AutoHome();
  const kinds = ["turn", "assume", "draft", "work", "judge"];
  let id: string | undefined;
  for (const kind of kinds) {
    home.note(`hold-${kind}`);
    const seen = home.journal(kind).length;
    const { child } = home.start(id === undefined ? ["auto", GOAL, "--cwd", home.folder] : ["auto", "--resume", id]);
    const word = kind === "work" ? () => home.journal().some((line) => line.startsWith("work-")) : undefined;
    await home.until(`somebody is at ${kind}`, word ?? (() => home.journal(kind).length > seen));
    id ??= home.events("auto.started")[0]?.stream;
    child.kill("SIGKILL");
    kill(...home.processes().map(({ pid }) => pid));
    await home.quiet();
    home.takeAway(`hold-${kind}`);
  }
  const said = await home.auto("--resume", String(id));
  expect(said).toMatchObject({ code: 0, json: { phase: "complete", auto_session_id: id } });
  for (const type of ["auto.started", "interview.started", "interview.seeded", "auto.seeded", "lineage.created"]) {
    expect([type, count(home, type)]).toEqual([type, 1]);
  }
  expect(count(home, "auto.assumed")).toBe(4);
  expect(count(home, "lineage.generation.completed")).toBe(1);
  // The one that has it go on, and the run.
  expect(count(home, "orchestrator.session.started")).toBe(2);
  await home.quiet();
});

test("a question for the person ends the command with it; the answer goes on", async () => {
  using home = new AutoHome();
  home.note("asks-person");
  const asked = await home.go("--skip-run");
  expect(asked).toMatchObject({ code: 1, json: { phase: "blocked", stop_reason_code: "ask_person" } });
  expect(asked.json.pending_question).toMatchObject({ text: "What does it print?" });
  const said = await home.auto("--resume", String(asked.json.auto_session_id), "--answer", "A greeting");
  expect(said).toMatchObject({ code: 0, json: { phase: "complete", stop_reason_code: "seeded", current_round: 4 } });
  expect(home.journal("work-1")).toEqual([]);
});
