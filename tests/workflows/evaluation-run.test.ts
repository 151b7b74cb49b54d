// A run's work is evaluated from what it has merged, wherever its branch and the user's checkout have gone since.
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunHome, type RunSaid } from "../support/run-home.ts";
import { criterion, gitIn, standingOf } from "../support/run-library.ts";

setDefaultTimeout(90_000);

test("by its session's id or its execution's, once; its evidence holds before that and after", async () => {
  using home = new RunHome({ criteria: [criterion(1), criterion(2)] });
  const manifest = { type: "module", scripts: { test: "node tests/check.mjs slug words" } };
  writeFileSync(join(home.project, "package.json"), JSON.stringify(manifest));
  gitIn(home.project, "commit", "--quiet", "--all", "--message", "What is to be tested");
  const run = await home.run();
  expect(run.json).toMatchObject({ status: "completed" });
  const id = String(run.json.session_id);

  // Never evaluated: its own checks are the evidence there is.
  const early = await home.call("verify", id);
  expect(linksOf(early, "check")).toEqual(["same", "same"]);
  expect(early.json).toMatchObject({ evaluation_id: null, session_id: id });

  // The branch goes, and the checkout moves on; the commit is still the run's.
  gitIn(home.project, "commit", "--quiet", "--allow-empty", "--message", "somebody else's");
  const before = standingOf(home.project);
  const done = await home.call("evaluate", id, "--checks-only");
  expect(done.json).toMatchObject({ session_id: id, final_approved: true, verdict: "approved", passed_count: 2 });
  expect(done.json.code_changes_detected).toBe(true);
  expect(done.json.reasons).toEqual([]);
  expect(standingOf(home.project)).toEqual(before);
  const again = await home.call("evaluate", String(run.json.execution_id), "--checks-only");
  expect(again.json.evaluation_id).toBe(done.json.evaluation_id);
  const verified = await home.call("verify", id);
  expect([verified.code, verified.json.verdict]).toEqual([0, "same"]);
  expect(home.events("evaluation.stage1.completed")).toHaveLength(1);
  await home.quiet();
});

function linksOf({ json }: RunSaid, what: string): string[] {
  const links = json.links as readonly { readonly what: string; readonly verdict: string }[];
  return links.filter((link) => link.what === what).map(({ verdict }) => verdict);
}
