// A run in the user's own folder, where nothing is kept apart and often nothing can be checked.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SOLUTIONS } from "../fixtures/agents/programmers/solutions.ts";
import { kill } from "../support/agent-processes.ts";
import { RunHome } from "../support/run-home.ts";
import { type CriterionText, criterion, filesOf, gitIn } from "../support/run-library.ts";

setDefaultTimeout(120_000);

describe.skipIf(process.platform !== "linux")("a run in place without checks", () => {
  test.concurrent("copies nothing, does one after the other, and says of none that it is proven", async () => {
    using home = new RunHome({ criteria: [1, 2, 3].map(unchecked), isRepository: false });
    const before = filesOf(home.project);
    const { code, json } = await home.run("--in-place");
    expect([code, json]).toMatchObject([0, { status: "completed", steps_done: 3, workspace: { kind: "in_place" } }]);
    const outcomes = (json.criteria as { outcome: string; verdict: string }[]).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["unverifiable", "unverifiable", "unverifiable"]);
    const made = SOLUTIONS.slice(0, 3).map(({ file, text }) => [join(home.project, file), text]);
    expect(filesOf(home.project)).toEqual({ ...before, ...Object.fromEntries(made) });
    expect(home.journal().map((line) => line.split(" ", 2).join(" "))).toEqual([
      ...["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"],
    ]);
    expect(readdirSync(home.home)).not.toContain("worktrees");
    expect(readdirSync(home.home)).not.toContain("workspaces");
  });

  test.concurrent("in a repository takes an agent at its word, as upstream does, though no file has changed", async () => {
    using home = new RunHome({ criteria: [unchecked(1)], orders: { 1: ["lies"] } });
    const head = gitIn(home.project, "rev-parse", "HEAD");
    expect(await home.run("--in-place")).toMatchObject({
      code: 0,
      json: { status: "completed", criteria: [{ attempts: 1, outcome: "unverifiable" }] },
    });
    expect(gitIn(home.project, "rev-parse", "HEAD")).toBe(head);
    expect(gitIn(home.project, "status", "--porcelain")).toBe("");
  });

  test.concurrent("tries a step again that failed, and goes on with the others if it never succeeds", async () => {
    using home = new RunHome({
      criteria: [unchecked(1), unchecked(2)],
      orders: { 1: ["gives_up"] },
      execution: { ac_retry_attempts: 1 },
    });
    const { json } = await home.run("--in-place");
    expect(json).toMatchObject({ status: "failed", reason: "1 of 2 steps failed: 1" });
    expect(home.starts()).toEqual([1, 1, 2]);
    const failed = home.of(1, "execution.session.failed");
    expect(failed).toMatchObject([
      { attempt: 1, will_retry: true },
      { attempt: 2, will_retry: false },
    ]);
    writeFileSync(join(home.desk, "orders.json"), "{}");
    expect(await home.call("resume", String(json.session_id), "--wait")).toMatchObject({ code: 0 });
    expect(home.starts()).toEqual([1, 1, 2, 1]);
    expect(home.of(1, "execution.session.started").map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  test.concurrent("counts the hours of the owners before it, and not those in which nobody worked", async () => {
    using home = new RunHome({ criteria: [unchecked(1)], execution: { max_hours: 10 } });
    home.hold();
    const seed = join(home.home, "seed.json");
    const { json } = await home.call("run", seed, "--cwd", home.project, "--in-place");
    await home.until("its agent works", () => home.starts().length === 1);
    kill(Number(json.worker_pid));
    await home.quiet();
    const [first] = home.events("execution.session.started");
    // One owner worked for an hour days ago, another for one the day after, a third for nine.
    for (const [epoch, hoursAgo] of [
      ...[[80, 99] as const, [80, 98] as const],
      ...[[81, 70] as const, [81, 69] as const],
      ...[[82, 40] as const, [82, 31] as const],
    ]) {
      const at = new Date(Date.now() - hoursAgo * 3_600_000).toISOString().replace("T", " ").replace("Z", "000");
      const payload = JSON.stringify({ ...first?.payload, tool_name: "Edit", epoch });
      const values = [crypto.randomUUID(), "execution", first?.stream, "execution.tool.started", payload, at];
      const columns = "id, aggregate_type, aggregate_id, event_type, payload, timestamp";
      home.sql(`INSERT INTO events (${columns}) VALUES ('${values.join("', '")}')`);
    }
    home.letGo();
    const id = String(json.session_id);
    const stopped = await home.call("resume", id, "--wait");
    expect(stopped).toMatchObject({ code: 1, json: { status: "paused", reason: "ceiling" } });
    expect(home.starts()).toHaveLength(1);
    home.configure({ execution: { max_hours: 12 } });
    expect(await home.call("resume", id, "--wait")).toMatchObject({ code: 0, json: { status: "completed" } });
    expect(home.end()?.payload.summary).toMatchObject({ spent: { hours: expect.closeTo(11, 0) } });
  });
});

/** The same with nothing by which it could be checked. */
function unchecked(number: number): CriterionText {
  const { verify_command: _, ...rest } = criterion(number);
  return rest;
}
