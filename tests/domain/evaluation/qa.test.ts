import { expect, test } from "bun:test";
import fc from "fast-check";
import { type QaAnswer, qaResult, qaVerdict } from "../../../src/domain/evaluation/qa.ts";

const RUNS = { numRuns: 500 };
const share = fc.double({ min: 0, max: 1, noNaN: true });
const answer = (score: number): QaAnswer => ({
  score,
  dimensions: { correctness: 1, completeness: 1, quality: 1, intent_alignment: 1, domain_specific: 1 },
  differences: [],
  suggestions: [],
  reasoning: "r",
});

test("pass from the threshold on, revise from 0.40, else fail; each has its own next step", () => {
  expect(qaVerdict(0.8)).toEqual({ verdict: "pass", loop_action: "done" });
  expect(qaVerdict(0.79)).toEqual({ verdict: "revise", loop_action: "continue" });
  expect(qaVerdict(0.4)).toEqual({ verdict: "revise", loop_action: "continue" });
  expect(qaVerdict(0.39)).toEqual({ verdict: "fail", loop_action: "escalate" });
  expect(qaVerdict(0.35, 0.3).verdict).toBe("pass");
  expect(qaVerdict(0.95, 1).verdict).toBe("revise");
});

test("law: the verdict and the number that is shown never disagree", () => {
  fc.assert(
    fc.property(share, share, fc.nat(30), (given, threshold, earlier) => {
      const result = qaResult(answer(given), { threshold, earlier });
      expect(result.passed).toBe(result.score >= threshold);
      expect(result.verdict === "pass").toBe(result.passed);
      expect(result.loop_action === "done").toBe(result.passed);
      expect(Number(result.score.toFixed(2))).toBe(result.score);
      if (!result.passed) expect(result.verdict === "revise").toBe(result.score >= 0.4);
      const { iteration, score, verdict, loop_action } = result;
      expect(result.iteration_entry).toEqual({ iteration, score, verdict, loop_action });
      expect(iteration).toBe(earlier + 1);
    }),
    RUNS,
  );
});

test("law: a better score never has a worse verdict", () => {
  const rank = ["fail", "revise", "pass"];
  fc.assert(
    fc.property(share, share, share, (a, b, threshold) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      expect(rank.indexOf(qaVerdict(high, threshold).verdict)).toBeGreaterThanOrEqual(
        rank.indexOf(qaVerdict(low, threshold).verdict),
      );
    }),
    RUNS,
  );
});
