import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Attempt, type Failure, judgeAttempt } from "../../../src/domain/run/retry.ts";
import type { Persona } from "../../../src/domain/run/stagnation.ts";

let made = 0;

test("a failed check is tried again where the work lies, twice, and then it has failed", () => {
  const history = [failed("FAILED_CHECK"), failed("FAILED_CHECK"), failed("FAILED_CHECK")];
  expect(judgeAttempt(history.slice(0, 1))).toEqual({ action: "retry", bench: "same", goes_on: false });
  expect(judgeAttempt(history.slice(0, 2))).toMatchObject({ action: "retry" });
  expect(judgeAttempt(history)).toEqual({
    action: "fail",
    failure: "FAILED_CHECK",
    why: "3 attempts failed (FAILED_CHECK)",
  });
  expect(judgeAttempt(history, { retries: 3 }).action).toBe("retry");
  expect(judgeAttempt(history.slice(0, 1), { retries: 0 }).action).toBe("fail");
});

test("before anything was tried, the first attempt is due", () => {
  expect(judgeAttempt([])).toEqual({ action: "retry", bench: "fresh", goes_on: false });
});

test("what no agent can cure is not tried again, and is no attempt spent once somebody has cured it", () => {
  for (const failure of ["BAD_SPEC", "ENVIRONMENT"] as const) {
    expect(judgeAttempt([failed(failure)])).toMatchObject({ action: "fail", failure });
    const history = [failed(failure), failed(failure), failed(failure), failed("FAILED_CHECK")];
    expect(judgeAttempt(history).action).toBe("retry");
  }
});

test("work that touched checks or does not merge begins again from what is merged", () => {
  for (const failure of ["EDITED_CHECKS", "CONFLICT"] as const) {
    expect(judgeAttempt([failed(failure)])).toMatchObject({ action: "retry", bench: "fresh" });
  }
});

test("too big and getting on: the rest where it lies, once, then parts; a part is not split again", () => {
  const big = [failed("TOO_BIG"), failed("TOO_BIG"), failed("TOO_BIG")];
  expect(judgeAttempt(big.slice(0, 1))).toEqual({ action: "retry", bench: "same", goes_on: true });
  expect(judgeAttempt(big.slice(0, 2))).toEqual({ action: "split" });
  expect(judgeAttempt(big, { maySplit: false })).toMatchObject({ action: "fail", failure: "TOO_BIG" });
  expect(judgeAttempt(big.slice(0, 2), { continuations: 2 })).toMatchObject({ action: "retry" });
  expect(judgeAttempt([...big.slice(0, 2), failed("FAILED_CHECK"), failed("FAILED_CHECK")]).action).toBe("retry");
});

test("too big without a changed file is no progress: it takes from the retries and is never split", () => {
  const idle = (tree: string) => failed("TOO_BIG", { files_changed: 0, tree_hash: tree });
  expect(judgeAttempt([idle("a"), idle("b")])).toMatchObject({ action: "retry_with_persona", pattern: "no_drift" });
  expect(judgeAttempt([idle("a"), idle("b"), idle("c")])).toMatchObject({ action: "fail", failure: "TOO_BIG" });
});

test("each way of getting nowhere brings the persona that suits it", () => {
  const a = { failure_hash: "A", tree_hash: "a" };
  const b = { failure_hash: "B", tree_hash: "b" };
  const cases: [Partial<Attempt>[], string, Persona][] = [
    [[a, a], "spinning", "hacker"],
    [[a, b, a, b], "oscillation", "architect"],
    [[{ files_changed: 0 }], "no_drift", "researcher"],
    [
      [
        { failure_hash: "A", files_changed: 5 },
        { failure_hash: "A", files_changed: 2 },
      ],
      "diminishing_returns",
      "simplifier",
    ],
    [
      [
        { failure_hash: "A", lines_changed: 50 },
        { failure_hash: "A", lines_changed: 9 },
      ],
      "diminishing_returns",
      "simplifier",
    ],
  ];
  for (const [history, pattern, persona] of cases) {
    const attempts = history.map((facts) => failed("FAILED_CHECK", facts));
    expect(judgeAttempt(attempts, { retries: 9 })).toMatchObject({ action: "retry_with_persona", pattern, persona });
  }
});

test("attempts that fail another way, or do more than before, are left to get on by themselves", () => {
  const histories: Partial<Attempt>[][] = [
    [{ failure_hash: "A" }, { failure_hash: "B", files_changed: 1 }],
    [
      { failure_hash: "A", files_changed: 1 },
      { failure_hash: "A", files_changed: 2 },
    ],
    [
      { failure_hash: "A", lines_changed: null },
      { failure_hash: "A", lines_changed: 1 },
    ],
    [
      { failure_hash: "A", tree_hash: null },
      { failure_hash: "A", tree_hash: null },
    ],
    [
      { failure_hash: "A", tree_hash: "a" },
      { failure_hash: "B", tree_hash: "b" },
      { failure_hash: "A", tree_hash: "a" },
    ],
  ];
  for (const history of histories) {
    const attempts = history.map((facts) => failed("FAILED_CHECK", facts));
    expect(judgeAttempt(attempts, { retries: 9 }).action).toBe("retry");
  }
});

test("a persona that did not help is followed by another, and a crash in between hides no pattern", () => {
  const same = { failure_hash: "A", tree_hash: "a" };
  const history = [failed("NO_CHANGE", same), failed("CRASHED"), failed("NO_CHANGE", { ...same, persona: "hacker" })];
  expect(judgeAttempt(history, { retries: 9 })).toMatchObject({ pattern: "spinning", persona: "contrarian" });
  const idle = failed("NO_CHANGE", { files_changed: 0 });
  const crashed = failed("CRASHED", { files_changed: 0, persona: "researcher" });
  expect(judgeAttempt([idle, crashed])).toMatchObject({ pattern: "no_drift", persona: "researcher" });
  expect(judgeAttempt([failed("NO_CHANGE", same), failed("CRASHED", same)]).action).toBe("retry");
  expect(judgeAttempt([crashed]).action).toBe("retry");
});

test("whatever goes wrong, a criterion comes to an end", () => {
  const failure = fc.constantFrom<Failure>(
    ...(["TOO_BIG", "NO_CHANGE", "EDITED_CHECKS", "CONFLICT", "FAILED_CHECK", "CRASHED", "STALLED"] as const),
  );
  const hash = fc.constantFrom("a", "b");
  const attempt = fc.record({
    failure,
    failure_hash: hash,
    tree_hash: fc.option(hash),
    files_changed: fc.nat(2),
    lines_changed: fc.option(fc.nat(2)),
  });
  fc.assert(
    fc.property(fc.infiniteStream(attempt), fc.nat(4), fc.nat(3), (luck, retries, continuations) => {
      const history: Attempt[] = [];
      let decision = judgeAttempt(history, { retries, continuations });
      while (decision.action !== "fail" && decision.action !== "split") {
        const persona = decision.action === "retry_with_persona" ? decision.persona : null;
        const next = luck.next().value;
        history.push({ ...next, persona });
        decision = judgeAttempt(history, { retries, continuations });
      }
      expect(history.length).toBeLessThanOrEqual(1 + retries + continuations);
    }),
  );
});

function failed(failure: Failure, facts: Partial<Attempt> = {}): Attempt {
  made += 1;
  const unlike = { failure_hash: `failure-${made}`, tree_hash: `tree-${made}` };
  return { failure, ...unlike, files_changed: 3, lines_changed: 40, persona: null, ...facts };
}
