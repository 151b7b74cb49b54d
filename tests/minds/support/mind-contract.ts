import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { isRefusal, type Refusal } from "../../../src/base/refusal.ts";
import type { Patience } from "../../../src/minds/ask.ts";
import type { Answered, Mind, Question } from "../../../src/minds/mind.ts";

/** What happens to one try, whoever is asked. */
type Trouble = "transient" | "limited" | "unauthorized" | "refused" | "hangs" | "garbage";
export type ContractStep = { readonly says: string } | Trouble;

interface Stage extends AsyncDisposable {
  readonly mind: Mind;
  /** What each try was asked, in its own words. */
  prompts(): readonly string[];
  /** Resolves once a try is under way. */
  underWay(): Promise<void>;
}

export type OpenStage = (steps: readonly ContractStep[], patience: Patience) => Promise<Stage>;

/** Real pauses, short ones. */
export const QUICK: Patience = { tries: 4, firstPauseMs: 1, longestPauseMs: 5 };
export const NEVER = new AbortController().signal;

export const Verdict = v.object({
  verdict: v.picklist(["pass", "fail"]),
  score: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  why: v.optional(v.string()),
});
export const QUESTION: Question<v.InferOutput<typeof Verdict>> = {
  role: "standard",
  kind: "test.verdict",
  instructions: "Judge strictly.",
  input: "Is 2 + 2 = 4?",
  schema: Verdict,
  deadlineMs: 30_000,
};
export const GOOD = '{"verdict":"pass","score":1}';
const BAD = '{"verdict":"maybe","score":7}';

/** What every mind that asks somebody itself keeps. */
export function mindContract(name: string, open: OpenStage): void {
  describe(`${name} as a mind`, () => {
    test("answers with a value of the schema, who said it, and what it took", async () => {
      await using stage = await open([{ says: GOOD }], QUICK);
      const answer = answered(await stage.mind.ask(QUESTION, NEVER));
      expect(answer.value).toEqual({ verdict: "pass", score: 1 });
      expect(answer.by).toEqual({ mind: stage.mind.name, model: "m1" });
      expect(answer.usage).toMatchObject({ input_tokens: 100, output_tokens: 10 });
      expect(answer.attempts).toBe(1);
      expect(stage.prompts()[0]).toContain("Is 2 + 2 = 4?");
      expect(stage.prompts()[0]).toContain('"enum":["pass","fail"]');
    });

    test.each([
      ["in a fence", `Here you are:\n\`\`\`json\n${GOOD}\n\`\`\`\nGlad to help.`],
      ["amid words", `Well { sort of }: ${GOOD} I think.`],
      ["after an example of another shape", `Not like {"verdict":"?"} but ${GOOD}`],
    ])("finds the answer %s", async (_, says) => {
      await using stage = await open([{ says }], QUICK);
      expect(answered(await stage.mind.ask(QUESTION, NEVER))).toMatchObject({ value: { score: 1 }, attempts: 1 });
    });

    test("sends an answer that does not fit back once, with what is wrong, and counts both", async () => {
      await using stage = await open([{ says: BAD }, { says: GOOD }], QUICK);
      const answer = answered(await stage.mind.ask(QUESTION, NEVER));
      expect(answer).toMatchObject({ value: { verdict: "pass" }, attempts: 2, usage: { input_tokens: 200 } });
      const repair = stage.prompts()[1] ?? "";
      for (const part of ["Is 2 + 2 = 4?", "maybe", "verdict: ", "score: "]) expect(repair).toContain(part);
    });

    test("gives up on a second answer that does not fit", async () => {
      await using stage = await open([{ says: BAD }], QUICK);
      const refusal = refused(await stage.mind.ask(QUESTION, NEVER), "mind_bad_answer");
      expect(refusal.facts).toMatchObject({ attempts: 2, usage: { output_tokens: 20 } });
      expect(refusal.message).toContain("score: ");
      expect(stage.prompts()).toHaveLength(2);
    });

    test("says so when there is no object in the answer at all", async () => {
      await using stage = await open([{ says: "I would rather not say." }], QUICK);
      expect(refused(await stage.mind.ask(QUESTION, NEVER), "mind_bad_answer").message).toContain("no JSON object");
    });

    test("tries again after what passes, and repairs within the same budget", async () => {
      await using stage = await open(["transient", { says: BAD }, "transient", { says: GOOD }], QUICK);
      expect(answered(await stage.mind.ask(QUESTION, NEVER)).attempts).toBe(4);
    });

    test("spends no more tries than it has", async () => {
      await using stage = await open(["transient"], QUICK);
      const refusal = refused(await stage.mind.ask(QUESTION, NEVER), "mind_unavailable");
      expect(refusal.facts.attempts).toBe(4);
      expect(stage.prompts()).toHaveLength(4);
    });

    test("says when a limited provider may be asked again, at once when that is after the deadline", async () => {
      await using stage = await open(["limited"], QUICK);
      const refusal = refused(await stage.mind.ask(QUESTION, NEVER), "mind_limited");
      expect(refusal.facts.retry_after_ms).toBe(3_600_000);
      expect(stage.prompts()).toHaveLength(1);
    });

    test.each([
      ["unauthorized", "mind_unauthorized"],
      ["refused", "mind_unavailable"],
    ] as const)("does not try again after it was %s", async (trouble, code) => {
      await using stage = await open([trouble, trouble, { says: GOOD }], QUICK);
      refused(await stage.mind.ask({ ...QUESTION }, NEVER), code);
      expect(stage.prompts()).toHaveLength(1);
    });

    test("survives garbage in place of an answer", async () => {
      await using stage = await open(["garbage", { says: GOOD }], QUICK);
      expect(answered(await stage.mind.ask(QUESTION, NEVER)).value.verdict).toBe("pass");
    });

    test("has one deadline for everything", async () => {
      await using stage = await open(["transient", "hangs"], QUICK);
      refused(await stage.mind.ask({ ...QUESTION, deadlineMs: 400 }, NEVER), "mind_timed_out");
    });

    test("stops as soon as its caller does", async () => {
      await using stage = await open(["hangs"], QUICK);
      const caller = new AbortController();
      const asking = stage.mind.ask(QUESTION, caller.signal);
      await stage.underWay();
      caller.abort();
      refused(await asking, "mind_stopped");
    });

    test("asks nobody for a caller who has gone already", async () => {
      await using stage = await open([{ says: GOOD }], QUICK);
      refused(await stage.mind.ask(QUESTION, AbortSignal.abort()), "mind_stopped");
      expect(stage.prompts()).toEqual([]);
    });
  });
}

export function answered<T>(answer: Awaited<ReturnType<Mind["ask"]>> | Answered<T>): Answered<T> {
  if (isRefusal(answer) || answer.status !== "answered") throw new Error(`No answer: ${JSON.stringify(answer)}`);
  return answer as Answered<T>;
}

export function refused(answer: unknown, code: string): Refusal {
  if (!isRefusal(answer)) throw new Error(`Expected ${code}, got ${JSON.stringify(answer)}`);
  expect(answer.code).toBe(code);
  expect(answer.next).toBeTruthy();
  return answer;
}
