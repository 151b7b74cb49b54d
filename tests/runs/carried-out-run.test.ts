// A run of eight criteria over a real repository, by programmers who do what they are asked for.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SOLUTIONS } from "../fixtures/agents/programmers/solutions.ts";
import { RunHome } from "../support/run-home.ts";
import { criterion, filesOf, gitIn, makeDirty, standingOf, wholeLibrary } from "../support/run-library.ts";

setDefaultTimeout(120_000);

describe.skipIf(process.platform !== "linux")("a run by competent programmers", () => {
  test.concurrent("of eight criteria ends on its branch, each proven, and leaves a dirty checkout as it was", async () => {
    using home = new RunHome({ criteria: wholeLibrary() });
    makeDirty(home.project);
    const before = standingOf(home.project);
    const { code, json, errors } = await home.run();
    expect([code, json], errors).toMatchObject([0, { status: "completed", steps_done: 8, steps_total: 8 }]);
    expect(standingOf(home.project)).toEqual(before);
    for (const [index, { name, file, text }] of SOLUTIONS.entries()) {
      expect(home.made(file)).toBe(text);
      const proof = { verdict: "pass", command: `node tests/check.mjs ${name}`, exit_code: 0 };
      // Alone, and at last with all the others.
      const verified = home.of(index + 1, "execution.criterion.verified");
      expect(verified.map(({ verdict }) => verdict)).not.toContain("fail");
      expect([verified[0], verified.at(-1)]).toMatchObject([proof, { ...proof, whole: true }]);
      expect(home.of(index + 1, "execution.baseline.checked")).toMatchObject([{ class: "red" }]);
      expect(home.of(index + 1, "execution.session.completed")).toMatchObject([{ success: true, verdict: "pass" }]);
    }
    expect(home.starts().sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    // What was not committed is what the run built on.
    expect(home.made("src/version.mjs")).toBe(readFileSync(join(home.project, "src/version.mjs"), "utf8"));
    expect(home.made("notes.txt")).toBe("not yet added\n");
    expect(gitIn(home.project, "worktree", "list", "--porcelain").match(/^worktree /gm)).toHaveLength(1);
    expect(home.end()?.payload.summary).toMatchObject({
      workspace: { kind: "git", branch: home.branch().branch },
      worktrees_kept: [],
      spent: { agents: 8, tokens: 8_000, cost_usd: 2, unreported: [] },
    });
    const [{ bytes } = {}] = home.sql("SELECT sum(length(payload)) AS bytes FROM events");
    expect(Number(bytes)).toBeLessThan(2 ** 20);
  });

  test.concurrent("in a folder without a repository works on a copy of it", async () => {
    using home = new RunHome({ criteria: [criterion(1), criterion(2)], isRepository: false });
    const before = filesOf(home.project);
    expect(await home.run()).toMatchObject({ code: 0, json: { status: "completed" } });
    expect(filesOf(home.project)).toEqual(before);
    const { repository, base, branch } = home.branch();
    const notes = [expect.stringMatching(/^The folder is not under git: the run works on a copy of it/)];
    expect(home.end()?.payload.summary).toMatchObject({ workspace: { kind: "copy", branch, notes } });
    const diff = gitIn(repository, "diff", "--name-status", base, branch);
    expect(diff).toBe("A\tsrc/slug.mjs\nA\tsrc/words.mjs\n");
  });

  test.concurrent("works in the folder itself when it is told to", async () => {
    using home = new RunHome({ criteria: [criterion(1), criterion(2)] });
    const head = gitIn(home.project, "rev-parse", "HEAD");
    expect(await home.run("--in-place")).toMatchObject({ code: 0, json: { status: "completed" } });
    expect(gitIn(home.project, "status", "--porcelain")).toBe("?? src/slug.mjs\n?? src/words.mjs\n");
    expect(gitIn(home.project, "rev-parse", "HEAD")).toBe(head);
  });
});
