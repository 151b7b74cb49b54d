// The verdict as laws: what holds whatever anybody says, and the cases they are about.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { TRIGGERS, type Trigger, tallyVotes, type Vote } from "../../../src/domain/evaluation/consensus.ts";
import {
  decideEvaluation,
  type EvaluationInput,
  type EvaluationVerdict,
} from "../../../src/domain/evaluation/evaluation.ts";
import type { Citation, CriterionJudgement, Judgement } from "../../../src/domain/evaluation/judgement.ts";
import { MECHANICAL_KINDS, type MechanicalResult } from "../../../src/domain/evaluation/mechanical.ts";

const RUNS = { numRuns: process.env.SOAK === "1" ? 20_000 : 1_000 };
const KEYS = ["ac_a", "ac_b", "ac_c"];
const CITED: Citation = { path: "src/a.ts", line: 3, quote: "return answer;" };
const RANK = { rejected: 0, unverified: 1, approved: 2 } as const;

const share = fc.double({ min: 0, max: 1, noNaN: true });
const independence = fc.constantFrom("independent", "same_vendor", "self", "unverified");
const checkVerdict = fc.constantFrom("pass", "fail", "unverifiable");
const cited = fc.constantFrom<Citation[][]>([], [CITED]);

const verifications = fc
  .array(fc.option(checkVerdict, { nil: null }), { minLength: KEYS.length, maxLength: KEYS.length })
  .map(
    (list) =>
      new Map(
        list.flatMap((verdict, at) => (verdict ? [[KEYS[at] ?? "", { verdict, reason: verdict }] as const] : [])),
      ),
  );
const mechanical = fc.uniqueArray(
  fc
    .record({
      kind: fc.constantFrom(...MECHANICAL_KINDS),
      folder: fc.constantFrom(".", "packages/a"),
      verdict: fc.constantFrom("pass", "fail", "unverifiable", "not_applicable"),
    })
    .map(({ kind, folder, verdict }) => result(kind, verdict, folder)),
  { selector: ({ kind, folder }) => `${kind} ${folder}`, maxLength: 6 },
);
const words = fc
  .tuple(
    ...KEYS.map((criterion_key) =>
      fc.record({
        criterion_key: fc.constant(criterion_key),
        met: fc.constantFrom("yes", "no", "unclear"),
        score: share,
        reason: fc.constant("r"),
        citations: cited,
      }),
    ),
  )
  .chain((list) => fc.subarray(list));
const judgement: fc.Arbitrary<Judgement> = fc.record({
  criteria: words,
  goal_alignment: share,
  drift_score: share,
  uncertainty: share,
  reward_hacking_risk: share,
  reasoning: fc.constant("r"),
  by: fc.constant({ mind: "m", model: null }),
  independence,
});
const vote: fc.Arbitrary<Vote> = fc.record({
  by: fc.constant({ mind: "m", model: null }),
  independence,
  perspective: fc.constant(null),
  approved: fc.boolean(),
  confidence: share,
  reasoning: fc.constant("r"),
  citations: fc.subarray(KEYS).map((keys) => keys.map((criterion_key) => ({ ...CITED, criterion_key }))),
});
const votes = fc.array(fc.option(vote, { nil: null, freq: 8 }), { maxLength: 4 });
const known = fc.subarray(
  TRIGGERS.filter(
    (one): one is Exclude<Trigger, "seed_drift_alert" | "stage2_uncertainty"> => !/^(?:seed_drift|stage2)/.test(one),
  ),
);
const input: fc.Arbitrary<EvaluationInput> = fc.record({
  criteria: fc.constant(KEYS),
  verifications,
  mechanical,
  before: fc.option(mechanical, { nil: undefined }),
  judgement: fc.option(judgement, { nil: undefined, freq: 6 }),
  consensus: fc.option(votes.map(tallyVotes), { nil: undefined, freq: 2 }),
  known,
});

const law = (what: (given: EvaluationInput) => void) => fc.assert(fc.property(input, what), RUNS);
const withJudgement = (given: EvaluationInput, change: Partial<Judgement>): EvaluationInput => {
  return given.judgement ? { ...given, judgement: { ...given.judgement, ...change } } : given;
};

/** Nothing of it is better than of the other. */
function expectNotAbove(after: EvaluationVerdict, before: EvaluationVerdict): void {
  expect(RANK[after.verdict]).toBeLessThanOrEqual(RANK[before.verdict]);
  expect(after.score).toBeLessThanOrEqual(before.score);
  for (const { key, verdict } of after.criteria) {
    const was = before.criteria.find((one) => one.key === key);
    if (was && was.verdict !== "pass") expect(verdict).not.toBe("pass");
  }
}

describe("laws of the verdict", () => {
  test("no mind turns a failed check green, alone or in number", () => {
    law((given) => {
      const { criteria, verdict } = decideEvaluation(given);
      for (const [key, check] of given.verifications) {
        if (check.verdict !== "fail") continue;
        expect(criteria.find((one) => one.key === key)).toMatchObject({ verdict: "fail", by: "check" });
        expect(verdict).toBe("rejected");
      }
    });
  });

  test("what no check has seen passes only by somebody independent of the work who cites a line for it", () => {
    law((given) => {
      for (const { key, verdict, by } of decideEvaluation(given).criteria) {
        if (verdict !== "pass" || given.verifications.get(key)?.verdict === "pass") continue;
        const judged =
          given.judgement?.independence === "independent" &&
          given.judgement.criteria.some(
            (one) => one.criterion_key === key && one.met === "yes" && one.citations.length > 0,
          );
        const voted =
          given.consensus?.outcome === "approved" &&
          given.consensus.votes.some(
            (one) =>
              one.approved &&
              one.independence === "independent" &&
              one.citations.some(({ criterion_key }) => criterion_key === key),
          );
        expect(by === "judge" ? judged : voted).toBe(true);
      }
    });
  });

  test("whoever did the work only lowers, and so does whoever cannot be told from them", () => {
    fc.assert(
      fc.property(input, fc.constantFrom("self", "same_vendor", "unverified"), (given, who) => {
        const { judgement, ...alone } = withJudgement(given, { independence: who });
        expectNotAbove(decideEvaluation({ ...alone, judgement }), decideEvaluation(alone));
      }),
      RUNS,
    );
  });

  test("one more thing that fails never raises: a check, a criterion, a project check, a judge's no, a vote", () => {
    fc.assert(
      fc.property(input, fc.constantFrom(...KEYS), fc.constantFrom(...MECHANICAL_KINDS), (given, key, kind) => {
        const before = decideEvaluation(given);
        const failed = { verdict: "fail", reason: "r" } as const;
        const no: CriterionJudgement = { criterion_key: key, met: "no", score: 0, reason: "r", citations: [] };
        const others = given.judgement?.criteria.filter((one) => one.criterion_key !== key) ?? [];
        for (const worse of [
          { ...given, verifications: new Map([...given.verifications, [key, failed]]) },
          {
            ...given,
            criteria: [...KEYS, "ac_new"],
            verifications: new Map([...given.verifications, ["ac_new", failed]]),
          },
          { ...given, mechanical: [...given.mechanical, result(kind, "fail", "packages/new")] },
          { ...given, mechanical: [...given.mechanical, result(kind, "fail")] },
          { ...given, mechanical: [...given.mechanical, result(kind, "unverifiable", "packages/new")] },
          withJudgement(given, { criteria: [...others, { ...no, citations: [CITED] }] }),
          withJudgement(given, { criteria: [...(given.judgement?.criteria ?? []), no] }),
          withJudgement(given, { reward_hacking_risk: 0.7 }),
          { ...given, consensus: given.consensus && tallyVotes([...given.consensus.votes, { ...NAY, citations: [] }]) },
        ]) {
          expectNotAbove(decideEvaluation(worse), before);
        }
      }),
      RUNS,
    );
  });

  test("consensus without a cited line of somebody independent only lowers", () => {
    law((given) => {
      const { consensus, ...without } = given;
      const uncited =
        consensus?.votes.map((one) => (one.independence === "independent" ? { ...one, citations: [] } : one)) ?? [];
      expectNotAbove(decideEvaluation({ ...without, consensus: tallyVotes(uncited) }), decideEvaluation(without));
    });
  });

  test("too few votes leave everything as it was, and say so", () => {
    fc.assert(
      fc.property(input, fc.option(vote, { nil: null }), (given, only) => {
        const { consensus: _, ...without } = given;
        const before = decideEvaluation(without);
        const after = decideEvaluation({ ...without, consensus: tallyVotes([only, null]) });
        expect(after).toMatchObject({ verdict: before.verdict, score: before.score, criteria: before.criteria });
        expect(after.highest_stage).toBe(before.highest_stage);
        expect(after.reasons.join()).toContain("no consensus");
      }),
      RUNS,
    );
  });

  test("a project check that does not apply changes nothing, on either tree", () => {
    fc.assert(
      fc.property(
        input,
        fc.constantFrom(...MECHANICAL_KINDS),
        fc.constantFrom(".", "packages/a", "other"),
        (given, kind, folder) => {
          const none = result(kind, "not_applicable", folder);
          const { mechanical, before = [] } = given;
          const expected = decideEvaluation(given);
          expect(decideEvaluation({ ...given, mechanical: [...mechanical, none] })).toEqual(expected);
          expect(decideEvaluation({ ...given, before: [none, ...before] })).toEqual(expected);
        },
      ),
      RUNS,
    );
  });

  test("in which order things come makes no difference", () => {
    law((given) => {
      const turned = {
        ...given,
        criteria: given.criteria.toReversed(),
        verifications: new Map([...given.verifications].reverse()),
        mechanical: given.mechanical.toReversed(),
        before: given.before?.toReversed(),
        ...(given.judgement
          ? { judgement: { ...given.judgement, criteria: given.judgement.criteria.toReversed() } }
          : {}),
        ...(given.consensus ? { consensus: tallyVotes(given.consensus.votes.toReversed()) } : {}),
      };
      const [one, other] = [decideEvaluation(given), decideEvaluation(turned)];
      expect({ ...other, criteria: other.criteria.toReversed() }).toEqual({ ...one, criteria: [...one.criteria] });
    });
  });

  test("approved means: every criterion passes, the score reaches 0.8, and nothing else stands against it", () => {
    law((given) => {
      const { approved, verdict, score, criteria, reasons } = decideEvaluation(given);
      expect(approved).toBe(verdict === "approved");
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      if (!approved) return expect(reasons.length).toBeGreaterThan(0);
      expect(criteria.every((one) => one.verdict === "pass" && one.by !== null)).toBe(true);
      expect(score).toBeGreaterThanOrEqual(0.8);
      expect(given.judgement?.reward_hacking_risk ?? 0).toBeLessThan(0.7);
      expect(given.consensus?.outcome).not.toBe("rejected");
    });
  });

  test("consensus is asked for where it is called for and could still change something, and once", () => {
    law((given) => {
      const { needs_consensus } = decideEvaluation(given);
      if (needs_consensus === null) return;
      expect(given.consensus).toBeUndefined();
      expect([...given.verifications.values()].some(({ verdict }) => verdict === "fail")).toBe(false);
      const { uncertainty = 0, drift_score = 0 } = given.judgement ?? {};
      expect(given.known?.length || uncertainty > 0.3 || drift_score > 0.3).toBeTruthy();
    });
  });
});

const PASS = { verdict: "pass", reason: "exit code 0" } as const;
const OPEN = { verdict: "unverifiable", reason: "there is nothing to run" } as const;
const NAY: Vote = {
  by: { mind: "n", model: null },
  independence: "independent",
  perspective: null,
  approved: false,
  confidence: 1,
  reasoning: "r",
  citations: [],
};
const YEA: Vote = {
  ...NAY,
  approved: true,
  confidence: 0.9,
  citations: KEYS.map((criterion_key) => ({ ...CITED, criterion_key })),
};
const JUDGE: Judgement = {
  criteria: KEYS.map((criterion_key) => ({ criterion_key, met: "yes", score: 0.9, reason: "r", citations: [CITED] })),
  goal_alignment: 0.95,
  drift_score: 0.1,
  uncertainty: 0.1,
  reward_hacking_risk: 0.1,
  reasoning: "r",
  by: { mind: "m", model: null },
  independence: "independent",
};
const checks = (...list: (typeof PASS | typeof OPEN)[]) =>
  new Map(list.map((one, at) => [KEYS[at] ?? "", one] as const));
const decide = (given: Partial<EvaluationInput>) =>
  decideEvaluation({ criteria: KEYS, verifications: checks(PASS, PASS, PASS), mechanical: [], ...given });

describe("cases of the verdict", () => {
  test("passing checks alone approve; nothing to judge by does not", () => {
    expect(decide({})).toMatchObject({
      verdict: "approved",
      score: 1,
      highest_stage: 1,
      reasons: [],
      needs_consensus: null,
    });
    expect(decide({ criteria: [] })).toMatchObject({ verdict: "unverified", score: 0 });
  });

  test("a criterion nobody could see to hold leaves it unverified, until an independent judge cites a line", () => {
    const verifications = checks(PASS, PASS, OPEN);
    expect(decide({ verifications })).toMatchObject({
      verdict: "unverified",
      criteria: [{}, {}, { verdict: "unverifiable", by: null }],
    });
    expect(decide({ verifications, judgement: JUDGE })).toMatchObject({
      verdict: "approved",
      highest_stage: 2,
      criteria: [{ by: "check" }, { by: "check" }, { verdict: "pass", by: "judge" }],
    });
    expect(decide({ verifications, judgement: { ...JUDGE, independence: "self" } }).verdict).toBe("unverified");
  });

  test("reading proves nothing while the project's tests cannot be run; a linter that is missing is another matter", () => {
    const given = { verifications: checks(PASS, PASS, OPEN), judgement: JUDGE };
    expect(decide({ ...given, mechanical: [result("test", "unverifiable")] }).verdict).toBe("unverified");
    expect(decide({ ...given, mechanical: [result("lint", "unverifiable")] }).verdict).toBe("approved");
    expect(decide({ mechanical: [result("test", "unverifiable")] }).verdict).toBe("approved");
  });

  test("a project check that fails rejects, unless it failed before the work; one that vanished leaves it open", () => {
    const mechanical = [result("test", "fail")];
    expect(decide({ mechanical })).toMatchObject({ verdict: "rejected", reasons: ["test fails: r"] });
    expect(decide({ mechanical, before: [result("test", "pass")] }).verdict).toBe("rejected");
    expect(decide({ mechanical, before: [result("test", "unverifiable")] }).verdict).toBe("rejected");
    expect(decide({ mechanical, before: [result("test", "fail")] })).toMatchObject({
      verdict: "approved",
      reasons: ["test fails as it did before the work: r"],
    });
    for (const after of [[], [result("test", "not_applicable")], [result("test", "unverifiable")]]) {
      expect(decide({ mechanical: after, before: [result("test", "pass")] }).verdict).toBe("unverified");
    }
  });

  test("a judge's cited no outweighs a passing check; an uncited one leaves it open", () => {
    const against = (citations: Citation[]) => ({
      ...JUDGE,
      criteria: JUDGE.criteria.map((one, at) => (at === 0 ? { ...one, met: "no" as const, citations } : one)),
    });
    expect(decide({ judgement: against([CITED]) })).toMatchObject({
      verdict: "rejected",
      criteria: [{ verdict: "fail", by: "judge" }, {}, {}],
    });
    expect(decide({ judgement: against([]) })).toMatchObject({
      verdict: "unverified",
      criteria: [{ verdict: "unverifiable" }, {}, {}],
    });
    expect(decide({ verifications: new Map(), judgement: against([]) })).toMatchObject({
      verdict: "rejected",
      criteria: [{ verdict: "fail" }, {}, {}],
    });
  });

  test("work that looks made for its checks is rejected by everybody's green, and no vote helps", () => {
    const judgement = { ...JUDGE, reward_hacking_risk: 0.7 };
    expect(decide({ judgement, consensus: tallyVotes([YEA, YEA]) }).verdict).toBe("rejected");
    expect(decide({ judgement: { ...JUDGE, reward_hacking_risk: 0.69 } }).verdict).toBe("approved");
  });

  test("a goal that is met by half is not approved; cited votes can say otherwise, uncited ones cannot", () => {
    const judgement = { ...JUDGE, goal_alignment: 0.5 };
    expect(decide({ judgement })).toMatchObject({ verdict: "rejected", score: 0.5 });
    const uncited = { ...YEA, citations: [] };
    expect(decide({ judgement, consensus: tallyVotes([uncited, uncited]) }).verdict).toBe("rejected");
    expect(decide({ judgement, consensus: tallyVotes([YEA, YEA, NAY]) })).toMatchObject({
      verdict: "approved",
      highest_stage: 3,
    });
  });

  test("votes raise what nobody could see, and only what they cite", () => {
    const verifications = checks(PASS, PASS, OPEN);
    expect(decide({ verifications, consensus: tallyVotes([YEA, YEA]) })).toMatchObject({
      verdict: "approved",
      criteria: [{}, {}, { verdict: "pass", by: "consensus", reason: expect.stringContaining("src/a.ts:3") }],
    });
    const mechanical = [result("build", "unverifiable")];
    expect(decide({ verifications, mechanical, consensus: tallyVotes([YEA, YEA]) }).verdict).toBe("unverified");
    const elsewhere = { ...YEA, citations: [{ ...CITED, criterion_key: "ac_a" }] };
    expect(decide({ verifications, consensus: tallyVotes([elsewhere, elsewhere]) }).verdict).toBe("unverified");
    expect(decide({ consensus: tallyVotes([NAY, YEA]) })).toMatchObject({
      verdict: "rejected",
      reasons: [expect.stringContaining("Rejected by 1 of 2 votes")],
    });
  });

  test("a judge in doubt calls for consensus, unless a command has decided already", () => {
    const judgement = { ...JUDGE, uncertainty: 0.31 };
    expect(decide({ judgement }).needs_consensus).toBe("stage2_uncertainty");
    expect(decide({ judgement, known: ["manual_request"] }).needs_consensus).toBe("manual_request");
    expect(decide({ judgement, mechanical: [result("build", "fail")] }).needs_consensus).toBeNull();
    expect(decide({ judgement, consensus: tallyVotes([]) }).needs_consensus).toBeNull();
  });

  test("citations that do not hold are on record", () => {
    const forgedCitations = [{ citation: CITED, why: "src/a.ts has no line 3" }];
    expect(decide({ judgement: JUDGE, forgedCitations }).reasons).toEqual([
      "A citation does not hold: src/a.ts has no line 3",
    ]);
  });
});

function result(kind: MechanicalResult["kind"], verdict: MechanicalResult["verdict"], folder = "."): MechanicalResult {
  return {
    kind,
    verdict,
    folder,
    command: "c",
    source: "s",
    reason: "r",
    exit_code: 0,
    ms: 1,
    output_hash: null,
    coverage: null,
    tools: {},
  };
}
