import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  consensusTrigger,
  independenceOf,
  type Maker,
  type Occasion,
  TRIGGERS,
  tallyVotes,
  type Vote,
} from "../../../src/domain/evaluation/consensus.ts";

const vote = (approved: boolean, mind = "one"): Vote => ({
  by: { mind, model: null },
  independence: "independent",
  perspective: null,
  approved,
  confidence: 0.9,
  reasoning: "r",
  citations: [],
});

test("two thirds of at least two valid votes approve; fewer valid votes are no consensus", () => {
  const outcome = (yes: number, no: number, invalid = 0) =>
    tallyVotes([...Array(yes).fill(vote(true)), ...Array(no).fill(vote(false)), ...Array(invalid).fill(null)]).outcome;
  expect(outcome(2, 0)).toBe("approved");
  expect(outcome(2, 1)).toBe("approved");
  expect(outcome(4, 2)).toBe("approved");
  expect(outcome(1, 1)).toBe("rejected");
  expect(outcome(3, 2)).toBe("rejected");
  expect(outcome(0, 2)).toBe("rejected");
  expect(outcome(1, 0, 2)).toBe("none");
  expect(outcome(0, 1)).toBe("none");
  expect(outcome(0, 0, 3)).toBe("none");
});

test("law: one vote more against never turns a tally into an approval", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.option(
          fc.boolean().map((yes) => vote(yes)),
          { nil: null },
        ),
      ),
      (votes) => {
        if (tallyVotes(votes).outcome === "approved") return;
        expect(tallyVotes([...votes, vote(false)]).outcome).not.toBe("approved");
      },
    ),
  );
});

test("a tally says how many minds it comes from and how many of them are independent of the work", () => {
  expect(tallyVotes([vote(true), vote(false), vote(true)]).label).toBe(
    "one mind in 3 perspectives, 3 of 3 votes independent of who did the work",
  );
  const self = { ...vote(true, "other"), independence: "self" as const };
  expect(tallyVotes([vote(true), self]).label).toBe("2 minds, 1 of 2 votes independent of who did the work");
  expect(tallyVotes([vote(true), null]).label).toBe("no consensus: 1 of at least 2 valid votes");
});

test("the weightiest reason asks for consensus, in upstream's order; at the thresholds themselves there is none", () => {
  const calm = { known: [], drift: 0.3, uncertainty: 0.3 };
  expect(consensusTrigger(calm)).toBeNull();
  expect(consensusTrigger({ ...calm, uncertainty: 0.31 })).toBe("stage2_uncertainty");
  expect(consensusTrigger({ ...calm, drift: 0.31, uncertainty: 0.9 })).toBe("seed_drift_alert");
  const known = TRIGGERS.filter((one): one is Occasion["known"][number] => !/^(?:seed_drift|stage2)/.test(one));
  for (const [index, first] of known.entries()) {
    expect(consensusTrigger({ ...calm, known: known.slice(index).reverse() })).toBe(first);
  }
  expect(consensusTrigger({ known: ["lateral_thinking_adoption"], drift: 0, uncertainty: 0.5 })).toBe(
    "stage2_uncertainty",
  );
});

const CLAUDE: Maker = { name: "claude", model: null };
const SONNET: Maker = { name: "claude", model: "claude-sonnet-4-5-20250929" };
const OPUS: Maker = { name: "claude", model: "claude-opus-4-6" };
const CODEX: Maker = { name: "codex", model: "gpt-5-codex" };
const HOST: Maker = { name: "host", model: null };

test.each<[string, Maker[], Maker, string]>([
  ["the same model again", [SONNET], SONNET, "self"],
  [
    "the same model under another name and date",
    [SONNET],
    { name: "anthropic", model: "anthropic/claude-sonnet-4-5" },
    "self",
  ],
  ["the same program with a model nobody knows", [CLAUDE], OPUS, "self"],
  ["the host on its own agents", [HOST], HOST, "self"],
  ["another model of the same maker", [SONNET], OPUS, "same_vendor"],
  ["another program of the same maker", [CLAUDE], { name: "anthropic", model: "claude-opus-4-6" }, "same_vendor"],
  ["another maker", [SONNET], CODEX, "independent"],
  ["another maker, known by its program", [{ name: "codex", model: null }], OPUS, "independent"],
  [
    "any agent with a model of the same maker",
    [{ name: "opencode", model: "anthropic/claude-haiku-4-5" }],
    OPUS,
    "same_vendor",
  ],
  ["a host whose model nobody knows", [SONNET], HOST, "unverified"],
  ["a model nobody has heard of in a known program", [SONNET], { name: "codex", model: "house-model" }, "unverified"],
  ["nobody known to have worked", [], OPUS, "unverified"],
  ["two who worked, one of them the judge", [CODEX, OPUS], OPUS, "self"],
  ["two who worked, one of the judge's maker", [CODEX, SONNET], OPUS, "same_vendor"],
  ["two who worked, one of them unknown", [CODEX, HOST], OPUS, "unverified"],
])("independence of a judge: %s", (_, worked, judge, label) => {
  expect(independenceOf(worked, judge)).toBe(label as ReturnType<typeof independenceOf>);
  expect(independenceOf(worked.toReversed(), judge)).toBe(label as ReturnType<typeof independenceOf>);
});
