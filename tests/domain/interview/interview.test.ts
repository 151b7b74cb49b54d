// An interview as the fold of its events: whatever else stands in the stream, whatever is cut off, and whatever is said anew.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { StoredEvent } from "../../../src/domain/event.ts";
import {
  answeredRounds,
  currentAssessment,
  foldInterview,
  type Interview,
  pendingRound,
  transcriptHash,
} from "../../../src/domain/interview/interview.ts";
import { readProvenance, SOURCES } from "../../../src/domain/interview/provenance.ts";

const RUNS = { numRuns: process.env.SOAK === "1" ? 5_000 : 200 };
const ID = "interview_laws";

/** One thing that can happen to an interview, as whoever writes it would write it then. */
type Step = readonly [
  kind: "ask" | "answer" | "amend" | "undo" | "score" | "complete" | "reopen" | "abort" | "seed",
  n: number,
  text: string,
];

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom(
    "ask",
    "ask",
    "answer",
    "answer",
    "answer",
    "amend",
    "undo",
    "score",
    "score",
    "complete",
    "reopen",
    "abort",
    "seed",
  ),
  fc.nat(20),
  fc.string({ minLength: 1, maxLength: 12 }),
);
const steps = fc.array(step, { maxLength: 40 });

/** Rows of other programs and of broken ones, beside an interview or in the middle of it. */
const foreign: fc.Arbitrary<[string, unknown]> = fc.oneof(
  fc.tuple(
    fc.constantFrom("llm.call.requested", "interview.failed", "execution.terminal", "", "toString"),
    fc.jsonValue(),
  ),
  // What upstream's program writes about an interview that it goes on with in its own file.
  fc.constantFrom<[string, unknown]>(
    ["interview.started", { initial_context: "A wish" }],
    ["interview.response.recorded", { round_number: 1, question_preview: "Q", response_preview: "A" }],
    ["interview.completed", { total_rounds: 3 }],
  ),
  fc.tuple(
    fc.constantFrom(
      "interview.question.asked",
      "interview.response.recorded",
      "interview.response.amended",
      "interview.response.withdrawn",
      "interview.scored",
      "interview.completed",
      "interview.aborted",
      "interview.reopened",
      "interview.seeded",
      "interview.started",
      "interview.imported",
    ),
    fc.oneof(
      fc.constant(null),
      fc.constant([]),
      fc.string(),
      fc.dictionary(
        fc.constantFrom("round_number", "response", "text"),
        fc.oneof(fc.integer({ max: 0 }), fc.double(), fc.constant(null)),
      ),
    ),
  ),
);

describe("the fold", () => {
  test("of any beginning of a stream is an interview, with one open question at most and its rounds numbered from 1", () => {
    fc.assert(
      fc.property(steps, fc.nat(60), (happened, length) => {
        const interview = fold(streamOf(happened).slice(0, 1 + length));
        const { rounds } = interview;
        expect(rounds.map(({ number }) => number)).toEqual(rounds.map((_, index) => index + 1));
        expect(rounds.slice(0, -1).every(({ answer }) => answer !== null)).toBe(true);
        expect(answeredRounds(interview).length + (pendingRound(interview) ? 1 : 0)).toBe(rounds.length);
      }),
      RUNS,
    );
  });

  test("of a stream with other programs' rows and broken ones in it is what it is without them", () => {
    fc.assert(
      fc.property(steps, fc.array(fc.tuple(fc.nat(50), foreign), { maxLength: 8 }), (happened, strangers) => {
        const stream = streamOf(happened);
        const mixed = [...stream];
        for (const [at, [type, payload]] of strangers) mixed.splice(1 + (at % mixed.length), 0, row(type, payload));
        expect(fold(mixed)).toEqual(fold(stream));
      }),
      RUNS,
    );
  });

  test("of anything at all throws nothing", () => {
    fc.assert(
      fc.property(fc.array(foreign, { maxLength: 12 }), (rows) => {
        const folded = foldInterview(
          ID,
          rows.map(([type, payload]) => row(type, payload)),
        );
        expect(folded).toBeUndefined();
      }),
      RUNS,
    );
  });

  test("of rows of upstream's alone is no interview: they hold previews and not what was said", () => {
    const rows = [
      row("interview.started", { initial_context: "A wish" }),
      row("interview.completed", { total_rounds: 3 }),
    ];
    expect(foldInterview(ID, rows)).toBeUndefined();
  });
});

describe("what was said", () => {
  const three = streamOf([
    ["ask", 0, "who"],
    ["answer", 0, "me"],
    ["ask", 0, "when"],
    ["answer", 0, "now"],
    ["ask", 0, "why"],
    ["answer", 0, "fun"],
  ]);

  test("can be said anew, and what stood there before is kept, oldest first", () => {
    const once = [...three, row("interview.response.amended", said(2, "soon"))];
    const twice = [...once, row("interview.response.amended", said(2, "later"))];
    expect(fold(twice).rounds[1]?.answer).toEqual({ text: "later", source: "person", earlier: ["now", "soon"] });
    expect(fold(twice).rounds.map(({ answer }) => answer?.text)).toEqual(["me", "later", "fun"]);
    expect(transcriptHash(fold(once))).not.toBe(transcriptHash(fold(three)));
  });

  test("can be taken back, the last first, and its question is open again", () => {
    const back = fold([...three, row("interview.response.withdrawn", { round_number: 3 })]);
    expect(pendingRound(back)).toMatchObject({ number: 3, question: { text: "why" } });
    expect(transcriptHash(back)).toBe(transcriptHash(fold(three.slice(0, -2))));
    // Only the last: an earlier one is amended.
    expect(fold([...three, row("interview.response.withdrawn", { round_number: 1 })])).toEqual(fold(three));
  });

  test("scores of other words are not scores of these: amended, they are out of date until scored again", () => {
    const scored = [...three, row("interview.scored", scores(transcriptHash(fold(three))))];
    expect(currentAssessment(fold(scored))).toMatchObject({ ready: true });
    expect(fold(scored).streak).toBe(1);
    const amended = [...scored, row("interview.response.amended", said(1, "somebody else"))];
    expect(currentAssessment(fold(amended))).toBeUndefined();
    expect(fold(amended).streak).toBe(0);
    // Said again as it was, the scores from before are there to be found, but count as one turn and not as the second.
    const again = [...amended, row("interview.response.amended", said(1, "me"))];
    expect(fold(again).plans.has(transcriptHash(fold(again)))).toBe(true);
    expect(fold(again).streak).toBe(0);
  });

  test("is over with the last word, and goes on after it is opened again", () => {
    const open = [...three, row("interview.question.asked", question(4, "where"))];
    const completed = [...open, row("interview.completed", { total_rounds: 3, by: "clear" })];
    expect(fold(completed)).toMatchObject({ status: "completed" });
    expect(pendingRound(fold(completed))).toBeUndefined();
    const reopened = [
      ...completed,
      row("interview.reopened", { by: "x" }),
      row("interview.question.asked", question(4, "where")),
    ];
    expect(fold(reopened)).toMatchObject({ status: "in_progress", streak: 0 });
    expect(pendingRound(fold(reopened))?.number).toBe(4);
  });

  test("has a hash that changes with its words, its rounds and where they came from, and with nothing else", () => {
    fc.assert(
      fc.property(steps, steps, (a, b) => {
        const [one, other] = [fold(streamOf(a)), fold(streamOf(b))];
        expect(transcriptHash(one) === transcriptHash(other)).toBe(words(one) === words(other));
      }),
      RUNS,
    );
  });

  test("by somebody else is something else, though the words are the same", () => {
    const amended = [...three, row("interview.response.amended", { ...said(2, "now"), source: "code" })];
    expect(transcriptHash(fold(amended))).not.toBe(transcriptHash(fold(three)));
  });

  test.each([
    ["scored", row("interview.scored", scores("another"))],
    ["asked", row("interview.question.asked", question(4, "where"))],
    ["given up", row("interview.aborted", { by: "x", reason: null })],
    ["made a seed", row("interview.seeded", { seed_id: "seed_000000000000", transcript_hash: "x" })],
  ])("keeps its hash when the interview is %s", (_, event) => {
    expect(transcriptHash(fold([...three, event]))).toBe(transcriptHash(fold(three)));
  });
});

describe("provenance", () => {
  test.each([
    ["Yes", "Yes", "person"],
    ["[from-user] Yes", "Yes", "person"],
    ["[from-user][refined] Yes", "Yes", "person"],
    ["[from-user][refined][closure]", "", "person"],
    ["[FROM-CODE]It is Go", "It is Go", "code"],
    ["[from-repo] It is Go", "It is Go", "code"],
    ["[from-research]\nThe API has it", "The API has it", "research"],
    ["[from-auto][safe-default-synthesis] UTC", "UTC", "assumed"],
    ["[decide_later]", "", "later"],
    ["[deferred] the price", "the price", "later"],
    // In the middle it is a word like any other, and so are brackets that no program writes.
    ["It is [from-code] somewhere", "It is [from-code] somewhere", "person"],
    ["[x] done, [ ] open", "[x] done, [ ] open", "person"],
    ["[from-nowhere] Yes", "[from-nowhere] Yes", "person"],
    ["[decide later] Yes", "[decide later] Yes", "person"],
    ["", "", "person"],
  ])("%j says %j, and whose word it is", (answer, text, source) => {
    expect(readProvenance(answer)).toEqual({ text, source: source as (typeof SOURCES)[number] });
  });

  test("of any text at all is one that is known, and nothing but marks is taken away", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const read = readProvenance(text);
        expect(SOURCES).toContain(read.source);
        expect(text.trim().endsWith(read.text)).toBe(true);
      }),
      RUNS,
    );
  });
});

/** The stream that comes of these steps, each written as it would be written at that point; impossible ones are left out. */
function streamOf(happened: readonly Step[]): StoredEvent[] {
  const stream = [
    row("interview.started", { context: "A wish", kind: "developer", cwd: null, is_brownfield: false, project: null }),
  ];
  for (const [kind, n, text] of happened) {
    const now = fold(stream);
    const answered = answeredRounds(now).length;
    const number = 1 + (n % Math.max(1, answered));
    const events: Record<Step[0], StoredEvent> = {
      ask: row("interview.question.asked", question(answered + 1, text)),
      answer: row("interview.response.recorded", said(answered + 1, text)),
      amend: row("interview.response.amended", said(number, text)),
      undo: row("interview.response.withdrawn", { round_number: answered }),
      score: row("interview.scored", scores(transcriptHash(now))),
      complete: row("interview.completed", { total_rounds: answered, by: "clear" }),
      reopen: row("interview.reopened", { by: "x" }),
      abort: row("interview.aborted", { by: "x", reason: null }),
      seed: row("interview.seeded", { seed_id: "seed_000000000000", transcript_hash: text }),
    };
    stream.push(events[kind]);
  }
  return stream;
}

function fold(stream: readonly StoredEvent[]): Interview {
  const interview = foldInterview(ID, stream);
  if (!interview) throw new Error("There is no interview in this stream");
  return interview;
}

function question(round_number: number, text: string) {
  return { round_number, text, dimension: "goal", ask: "person", why: "", suggestions: ["a", "b"] };
}

function said(round_number: number, response: string) {
  return { round_number, response, source: "person" };
}

function scores(transcript_hash: string) {
  const claim = { clarity: 0.9, citations: [{ round: 0, quote: "A wish" }], why: "said" };
  const { round_number: _, ...next } = question(1, "next");
  return {
    transcript_hash,
    claims: { goal: claim, constraints: claim, success: claim },
    missing: [],
    question: next,
    by: { mind: "host", model: null },
  };
}

let rowid = 0;

function row(event_type: string, payload: unknown): StoredEvent {
  rowid++;
  const at = "2026-01-02 03:04:05.678901";
  return {
    rowid,
    id: `id-${rowid}`,
    aggregate_type: "interview",
    aggregate_id: ID,
    event_type,
    payload,
    timestamp: at,
  } as StoredEvent;
}

function words(interview: Interview): string {
  return JSON.stringify(
    answeredRounds(interview).map(({ number, question, answer }) => [
      number,
      question.text,
      answer.text,
      answer.source,
    ]),
  );
}
