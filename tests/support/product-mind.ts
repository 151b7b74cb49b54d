import type { HostWork, Thinks } from "./interview-host.ts";

/** A round as a work order's input tells it. */
interface ToldRound {
  readonly round: number;
  readonly answer: string;
  readonly from: string;
  readonly technical_question?: string;
}

interface Source {
  readonly round: number;
  readonly quote: string;
}
type Draft = ReturnType<typeof goodDraft>;

/** What each question after so many answers is about. */
const CLASSIFICATIONS = ["planning", "development", "later"] as const;

/** A mind that holds a product's interview and writes its document; `change` makes its draft a worse one. */
export function productMind(
  clarity: (answered: number) => number,
  change: (draft: Draft, work: HostWork) => unknown = (draft) => draft,
): Thinks {
  return (work) => {
    const rounds = roundsOf(work);
    if (work.kind === "pm.document") return change(goodDraft(rounds, ideaOf(work)), work);
    const sources = [ideaOf(work), ...sourcesOf(rounds.filter(({ from }) => from === "person"))];
    const claim = { clarity: clarity(rounds.length), citations: sources.slice(0, 8), why: "It was said" };
    const { input } = work;
    const scores = {
      goal: claim,
      constraints: claim,
      success: claim,
      ...(input.includes("project-data") ? { context: claim } : {}),
    };
    const classification = CLASSIFICATIONS[rounds.length % CLASSIFICATIONS.length];
    return {
      scores,
      missing: [],
      question: {
        text: `What else, after ${rounds.length} answers?`,
        dimension: "goal",
        ask: "person",
        why: "Something may be left",
        suggestions: ["Nothing", "One more thing"],
        classification,
        reframed_from: classification === "development" ? "Which database?" : null,
      },
    };
  };
}

/** The rounds of a work order, without the idea they began with. */
function roundsOf({ input }: HostWork): readonly ToldRound[] {
  const [, ...rounds] = JSON.parse(input) as [unknown, ...ToldRound[]];
  return rounds;
}

function ideaOf({ input }: HostWork): Source {
  const [begin] = JSON.parse(input) as [{ wish?: string; idea?: string }];
  return { round: 0, quote: (begin.wish ?? begin.idea ?? "").slice(0, 100) };
}

function sourcesOf(rounds: readonly ToldRound[]): Source[] {
  return rounds.map(({ round, answer }) => ({ round, quote: answer.slice(0, 100) }));
}

/** Everything that was decided, all in one story; what was put off and what is technical is carried on. */
function goodDraft(rounds: readonly ToldRound[], idea: Source) {
  const decided = sourcesOf(rounds.filter(({ from }) => from === "person"));
  const statements = (told: readonly ToldRound[], text: string) =>
    sourcesOf(told).map((source) => ({ text: `${text} ${source.round}`, sources: [source] }));
  return {
    product_name: { text: "Shopping list", sources: [idea] },
    goal: { text: "A family shops once", sources: [idea] },
    user_stories: [
      { persona: "a parent", action: "see what is missing", benefit: "nobody buys it twice", sources: [idea] },
    ],
    constraints: decided.length === 0 ? [] : [{ text: "It works without a network", sources: decided.slice(0, 8) }],
    success_criteria: [],
    assumptions: [],
    out_of_scope: [],
    decide_later_items: statements(
      rounds.filter(({ from, technical_question }) => from === "later" && !technical_question),
      "Left open in round",
    ),
    technical_questions: statements(
      rounds.filter(({ technical_question }) => technical_question !== undefined),
      "Which database, after round",
    ),
    left_out: [] as { round: number; why: string }[],
  };
}
