// A run that a person has cancelled leaves behind what somebody worked on, and nothing else.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { kill } from "../support/agent-processes.ts";
import { RunHome } from "../support/run-home.ts";
import { criterion, gitIn } from "../support/run-library.ts";

setDefaultTimeout(120_000);

describe.skipIf(process.platform !== "linux")("the worktrees of a cancelled run", () => {
  test.concurrent("are gone where they hold nothing, and stay where they hold what is not committed", async () => {
    using home = new RunHome({
      criteria: [criterion(1), criterion(2)],
      orders: { 1: ["goes_on_writing"], 2: ["stalls"] },
    });
    const { id } = await home.begin();
    await home.until("both are at work", () => home.starts().length === 2 && home.journal("beat").length > 0);
    expect(worktreesOf(home)).toHaveLength(2);
    expect(await home.call("cancel", id)).toMatchObject({ code: 0 });
    await home.quiet();
    const [kept = "", ...others] = worktreesOf(home);
    expect(others).toEqual([]);
    expect(readdirSync(kept)).toContain("beats");
  });

  test.concurrent("are gone once the next run there has ended, where its owner was dead already", async () => {
    using home = new RunHome({ criteria: [criterion(1), criterion(2)] });
    home.hold();
    const { id, worker } = await home.begin();
    await home.until("both are at work", () => home.starts().length === 2);
    kill(worker);
    expect(await home.call("cancel", id)).toMatchObject({ code: 0 });
    await home.quiet();
    expect(worktreesOf(home)).toHaveLength(2);
    home.letGo();
    expect(await home.run()).toMatchObject({ code: 0, json: { status: "completed" } });
    await home.quiet();
    expect(worktreesOf(home)).toEqual([]);
    expect(gitIn(home.project, "branch", "--list", "ooo/*.*")).toBe("");
  });
});

/** Folders of worktrees beside the user's own. */
function worktreesOf({ project }: RunHome): string[] {
  const lines = gitIn(project, "worktree", "list", "--porcelain").split("\n");
  const all = lines.filter((line) => line.startsWith("worktree ")).map((line) => line.slice("worktree ".length));
  return all.slice(1);
}
