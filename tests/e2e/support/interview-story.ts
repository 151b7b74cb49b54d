/** What a work order, or a prompt, says that a model goes by here. */
export interface Order {
  readonly kind: string;
  readonly input: string;
}

interface Round {
  readonly round: number;
  readonly answer?: string;
  readonly wish?: string;
}

/** What the person in this story wants, and what they are asked and answer, in order. */
export const WISH = "A timer for the terminal that tells me when my tea is done";
export const STORY = [
  {
    dimension: "goal",
    ask: "Which teas does it know?",
    offer: ["Green for 2 minutes and black for 4", "None: I type the minutes"],
    answer: "Green for 2 minutes and black for 4",
  },
  {
    dimension: "constraints",
    ask: "Where does it have to run?",
    offer: ["In a Linux terminal", "In a browser"],
    answer: "In any POSIX shell, with no network and nothing to install",
  },
  {
    dimension: "success",
    ask: "How does it tell that the tea is done?",
    offer: ["It prints a line", "It rings the bell"],
    answer: "It prints DONE and ends with exit code 0",
  },
  {
    dimension: "goal",
    ask: "Is one cup at a time enough?",
    offer: ["Yes, one at a time", "No, several at once"],
    answer: "Yes, one at a time",
  },
] as const;

/** Turns that are thought about: one before each answer, and one after the last; then the seed. */
export const TURNS = STORY.length + 1;

/** The answer of a careful model to a turn's question or a seed's: it quotes what was said and nothing else. */
export function thinkCarefully({ kind, input }: Order): object {
  const rounds = JSON.parse(input) as Round[];
  return kind === "seed.draft" ? draft(rounds) : turn(rounds);
}

/** Clear once the third answer is there; what it asks next is the story's. */
function turn(rounds: readonly Round[]): object {
  const answered = rounds.length - 1;
  const next = STORY[answered] ?? { dimension: "goal", ask: "Does it need a name?", offer: ["tea", "brew"] };
  const clarity = answered >= 3 ? 0.95 : 0.3 + answered / 10;
  const claim = { clarity, citations: rounds.map(citation).slice(-8), why: "What was not said yet is open" };
  return {
    scores: { goal: claim, constraints: claim, success: claim },
    missing: answered >= 3 ? [] : [{ dimension: next.dimension, what: next.ask }],
    question: {
      text: next.ask,
      dimension: next.dimension,
      ask: "person",
      why: "It changes what is built",
      suggestions: next.offer,
    },
  };
}

function draft(rounds: readonly Round[]): object {
  const [wish, teas, place, done, cups] = rounds.map((round) => [citation(round)]);
  const plain = { output_assertion: null, verify_exemption_reason: null, expected_artifacts: ["tea.sh"] };
  return {
    goal: { text: "A tea timer for the terminal", sources: wish },
    task_type: "code",
    constraints: [
      { text: "It runs in a POSIX shell without network", sources: place },
      { text: "It times one cup at a time", sources: cups },
    ],
    acceptance_criteria: [
      {
        description: "`tea.sh green` waits for 2 minutes",
        sources: teas,
        verify_command: "sh tests/green.sh",
        ...plain,
        depends_on: [],
      },
      {
        description: "At the end it prints DONE",
        sources: done,
        verify_command: "sh tests/done.sh",
        ...plain,
        depends_on: [1],
      },
    ],
    ontology: { name: "Tea", description: "What is timed", fields: [] },
    evaluation_principles: [],
    exit_conditions: [],
    brownfield: null,
    left_out: [],
  };
}

function citation({ round, answer, wish = "" }: Round): { round: number; quote: string } {
  return { round, quote: answer ?? wish };
}
