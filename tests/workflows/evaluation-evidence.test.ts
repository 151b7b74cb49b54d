// Evidence can be followed again: what was changed afterwards is noticed, and what could not be followed is never taken for the same.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRefusal } from "../../src/base/refusal.ts";
import type { EvaluationRecord } from "../../src/domain/evaluation/evaluation-record.ts";
import type { EvidenceLink } from "../../src/domain/evaluation/evidence-link.ts";
import type { SessionContext } from "../../src/sessions/session-context.ts";
import { proofPage } from "../../src/views/proof.ts";
import { type EvidenceReport, verifyEvidence } from "../../src/workflows/evaluation/verify-evidence.ts";
import { evaluateByChecks, layOut } from "../evaluation/support/evaluate-state.ts";
import { SHELL } from "../fixtures/states/good-states.ts";
import type { State } from "../fixtures/states/state.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";

setDefaultTimeout(60_000);

let given: GivenStore;
let context: SessionContext;
beforeEach(async () => {
  given = await givenStore();
  context = { ...given.context, consent: "always" };
});
afterEach(() => given[Symbol.asyncDispose]());

/** Tests that say when they ran. */
const TIMED: State = {
  ...SHELL,
  after: { ...SHELL.after, Makefile: "test:\n\tsh tests/run.sh && date +%s%N\n" },
};

describe("evidence that is as it was", () => {
  test("comes to the same, link by link, an output that only tells another time included", async () => {
    const { evaluation_id } = await evaluated(TIMED);
    const report = await followed(evaluation_id);
    expect(report.verdict).toBe("same");
    expect(kindsOf(report)).toEqual(["check", "output", "output", "project_check", "seed", "tree", "verdict"]);
    expect(linkOf(report, "project_check").why).toContain("only the text of its output differs");
    expect(linkOf(report, "check").why).not.toContain("differs");
  });

  test("stays so for a commit, whatever has become of the folder since", async () => {
    const { evaluation_id } = await evaluated(SHELL);
    await writeFile(join(folder(), "src/lower.sh"), "exit 1\n");
    expect((await followed(evaluation_id)).verdict).toBe("same");
  });
});

describe("what a project's own checks leave behind", () => {
  const LITTER: State = {
    ...SHELL,
    after: { ...SHELL.after, Makefile: "test:\n\tsh tests/run.sh && echo made > litter.txt\n" },
  };

  test("is no part of the work: the criteria are checked on the very tree that is judged", async () => {
    const { stage1, subject } = await evaluated(LITTER);
    expect(stage1?.mechanical).toContainEqual(expect.objectContaining({ kind: "test", verdict: "pass" }));
    expect(stage1?.checks.map(({ tree_hash, verdict }) => [tree_hash, verdict])).toEqual([[subject.tree_hash, "pass"]]);
  });
});

test("settings for checks that git ignores count in the worktree, too", async () => {
  const laidOut = await layOut(context, SHELL, folder());
  await appendFile(join(folder(), ".git/info/exclude"), ".ouroboros/\n");
  await mkdir(join(folder(), ".ouroboros"));
  await writeFile(join(folder(), ".ouroboros/mechanical.toml"), 'lint = "make -n test"\ntest = ""\n');
  const { stage1 } = await evaluateByChecks(context, laidOut);
  const ran = stage1?.mechanical.filter(({ verdict }) => verdict !== "not_applicable");
  expect(ran?.map(({ kind, verdict }) => `${kind} ${verdict}`)).toEqual(["lint pass"]);
});

describe("what was changed afterwards is noticed", () => {
  test("an output", async () => {
    const { evaluation_id, stage1 } = await evaluated(SHELL);
    await overwrite(stage1?.mechanical.find(({ kind }) => kind === "test")?.output_hash ?? "", "all green\n");
    const report = await followed(evaluation_id);
    expect(report.verdict).toBe("tampered");
    expect(report.links.filter(({ verdict }) => verdict === "tampered")).toMatchObject([
      { what: "output", of: "test" },
    ]);
  });

  test("the seed's text, and nothing of it is run", async () => {
    const { evaluation_id, subject } = await evaluated(SHELL);
    const marker = join(given.home, "was-run");
    const criteria = [{ description: "lower.sh makes letters small", verify_command: `touch ${marker}` }];
    await overwrite(subject.seed_text, JSON.stringify({ goal: "Other", acceptance_criteria: criteria }));
    const report = await followed(evaluation_id);
    expect([report.verdict, linkOf(report, "seed").verdict]).toEqual(["tampered", "tampered"]);
    expect(await Bun.file(marker).exists()).toBe(false);
  });

  test("the tree on record", async () => {
    const { evaluation_id, subject } = await evaluated(SHELL);
    await rewrite("evaluation.started", subject.tree_hash, "0".repeat(40));
    const report = await followed(evaluation_id);
    expect([report.verdict, linkOf(report, "tree").verdict]).toEqual(["tampered", "tampered"]);
  });

  test("the command on record", async () => {
    const { evaluation_id } = await evaluated(SHELL);
    await rewrite("evaluation.stage1.completed", '"sh tests/test_lower.sh"', '"true"');
    const report = await followed(evaluation_id);
    expect(linkOf(report, "check")).toMatchObject({ verdict: "tampered", why: "the seed has no such check for it" });
  });

  test("the verdict, and a result that a failure was made into", async () => {
    const { evaluation_id, completed } = await evaluated({ ...SHELL, after: { ...SHELL.after, ...SHELL.wrong } });
    expect(completed?.verdict).toBe("rejected");
    await rewrite("evaluation.completed", '"verdict":"rejected"', '"verdict":"approved"');
    expect(linkOf(await followed(evaluation_id), "verdict").verdict).toBe("tampered");
    await rewrite("evaluation.stage1.completed", '"verdict":"fail"', '"verdict":"pass"');
    const report = await followed(evaluation_id);
    expect([report.verdict, linkOf(report, "check").verdict]).toEqual(["tampered", "different"]);
  });
});

describe("what could not be followed", () => {
  test("a folder that has changed since is another tree, and nothing is run on it", async () => {
    const { evaluation_id } = await evaluated({ ...SHELL, before: null });
    await writeFile(join(folder(), "src/lower.sh"), "exit 1\n");
    const report = await followed(evaluation_id);
    expect(report.verdict).toBe("different");
    expect([linkOf(report, "tree").verdict, linkOf(report, "check").verdict]).toEqual(["different", "cannot_run"]);
  });

  test("a project that is gone", async () => {
    const { evaluation_id } = await evaluated(SHELL);
    await rm(folder(), { recursive: true });
    const report = await followed(evaluation_id);
    expect([report.verdict, linkOf(report, "check").verdict]).toEqual(["cannot_run", "cannot_run"]);
  });

  test("an output that is not kept any more", async () => {
    const { evaluation_id, stage1 } = await evaluated(SHELL);
    await given.sql("DELETE FROM ouro_blob WHERE hash = ?", [stage1?.checks[0]?.output_hash ?? ""]);
    expect((await followed(evaluation_id)).verdict).toBe("cannot_run");
  });

  test("a check whose program is not there any more", async () => {
    const path = process.env.PATH;
    const { evaluation_id } = await evaluated({
      ...SHELL,
      criteria: [{ description: "It is looked at", verify_command: "python3 -c 'print(1)'" }],
    });
    try {
      // Only what git and a shell take.
      process.env.PATH = await smallPath();
      const report = await followed(evaluation_id);
      expect([report.verdict, linkOf(report, "check").verdict]).toEqual(["cannot_run", "cannot_run"]);
    } finally {
      process.env.PATH = path;
    }
  });

  test("an id that nobody knows is refused", async () => {
    const report = await verifyEvidence(context, "eval_nobody", quiet, new AbortController().signal);
    expect(isRefusal(report) && report.code).toBe("not_found");
  });
});

test("the page for a pull request has every criterion, what was run, and how to run it again; what others wrote is no Markdown", async () => {
  const record = await evaluated({
    ...SHELL,
    criteria: [{ description: "It <b>holds</b> | [x](y)", verify_command: "sh tests/test_lower.sh | cat" }],
  });
  const page = proofPage(record, "Letters\n# made small");
  expect(page).toStartWith("# Approved: Letters \\# made small\n");
  expect(page).toContain(
    "| It \\<b\\>holds\\</b\\> \\| \\[x\\](y) | pass | check | `sh tests/test_lower.sh \\| cat` | 0 |",
  );
  for (const part of [record.subject.tree_hash, record.subject.seed_hash, `ouroboros verify ${record.evaluation_id}`]) {
    expect(page).toContain(part);
  }
  expect(page).toMatch(/\| test \| pass \| .* \| `make test` \| 0 \| `[0-9a-f]{12}` \|/);
});

const quiet = async (): Promise<void> => {};

function folder(): string {
  return join(given.home, "project");
}

async function evaluated(state: State): Promise<EvaluationRecord> {
  return evaluateByChecks(context, await layOut(context, state, folder()));
}

async function followed(id: string): Promise<EvidenceReport> {
  const report = await verifyEvidence(context, id, quiet, new AbortController().signal);
  if (isRefusal(report)) throw new Error(`${report.code}: ${report.message}`);
  return report;
}

function kindsOf({ links }: EvidenceReport): string[] {
  return links.map(({ what }) => what).sort();
}

function linkOf({ links }: EvidenceReport, what: EvidenceLink["what"]): EvidenceLink {
  const link = links.find((one) => one.what === what);
  if (!link) throw new Error(`There is no link ${what}: ${JSON.stringify(links)}`);
  return link;
}

/** Puts another body under a hash, as somebody could who writes to the store. */
async function overwrite(hash: string, text: string): Promise<void> {
  const body = new TextEncoder().encode(text);
  await given.sql("UPDATE ouro_blob SET body = ? WHERE hash = ?", [body.buffer, hash]);
}

async function rewrite(type: string, from: string, to: string): Promise<void> {
  const before = await given.sql("SELECT count(*) AS n FROM events WHERE event_type = ? AND instr(payload, ?) > 0", [
    type,
    from,
  ]);
  expect(Number(before[0]?.n)).toBeGreaterThan(0);
  await given.sql("UPDATE events SET payload = replace(payload, ?, ?) WHERE event_type = ?", [from, to, type]);
}

async function smallPath(): Promise<string> {
  const bin = join(given.home, "bin");
  for (const name of ["git", "sh", "make", "cat", "tr"]) {
    await Bun.write(join(bin, name), `#!/bin/sh\nexec ${Bun.which(name)} "$@"\n`);
    await Bun.$`chmod +x ${join(bin, name)}`.quiet();
  }
  return bin;
}
