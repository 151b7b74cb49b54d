// The models of the transcript, by a script: `scripted-models.ts mind` answers a question, `scripted-models.ts agent` does a criterion.
// Both read standard input as real ones do, and neither decides whether anything is done.
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";

/** What the person wants, and answers. */
export const WISH = "A timer for the terminal that tells me when my tea is done";
const TALK = [
  {
    dimension: "goal",
    ask: "Which teas does it know?",
    offer: ["Green for 2 minutes, black for 4", "I give it the minutes"],
  },
  { dimension: "constraints", ask: "Where does it have to run?", offer: ["In any POSIX shell", "In a browser"] },
  { dimension: "success", ask: "How do you see that it works?", offer: ["It rings the bell", "It shows a window"] },
  { dimension: "goal", ask: "Is one cup at a time enough?", offer: ["Yes, one at a time", "No, several"] },
] as const;
/** What the person types, turn by turn: a number takes what was offered. */
export const ANSWERS: readonly string[] = ["1", "1", "It lists the teas, and prints DONE at the end", "1"];

const TEA = `#!/bin/sh
# tea.sh list | tea.sh TEA [MINUTES]
case $1 in
  list) printf 'green 2\\nblack 4\\n'; exit ;;
  green) minutes=2 ;;
  black) minutes=4 ;;
  *) echo "Unknown tea: $1" >&2; exit 2 ;;
esac
sleep $((\${2:-$minutes} * 60))
echo DONE
`;

const FIELD = { name: "minutes", description: "How long it draws", type: "number", required: true };

interface Round {
  readonly round: number;
  readonly answer?: string;
  readonly wish?: string;
  readonly project?: string;
}

/** What is scored depends on whether there is code already. */
interface TurnSchema {
  readonly properties: { readonly scores: { readonly properties: object } };
}

if (import.meta.main) await play(process.argv[2]);

async function play(role: string | undefined): Promise<void> {
  const prompt = await text(process.stdin);
  if (role === "agent") {
    writeFileSync("tea.sh", process.env.OUROBOROS_STEP === "1" ? TEA.replace("echo DONE", ":") : TEA);
    process.stdout.write("Wrote tea.sh\n");
    return;
  }
  const [, input = "", schema = ""] = /\n\n([[{]\n[\s\S]*\n[\]}])\n\nAnswer with [^\n]*\n(\{.*\})/.exec(prompt) ?? [];
  const asked = JSON.parse(input);
  const answer = schema.includes('"acceptance_criteria"')
    ? draft(asked)
    : schema.includes('"goal_alignment"')
      ? judge(asked.criteria)
      : turn(asked, JSON.parse(schema));
  process.stdout.write(JSON.stringify(answer));
}

function turn(rounds: readonly Round[], schema: TurnSchema): object {
  const answered = rounds.length - 1;
  const { dimension, ask, offer } = TALK[answered] ?? {
    dimension: "goal",
    ask: "Does it need a name?",
    offer: ["tea", "brew"],
  };
  const isClear = answered >= TALK.length - 1;
  const claim = {
    clarity: isClear ? 0.95 : 0.3 + answered / 10,
    citations: rounds.map(cite),
    why: isClear ? "It was said" : "It was not said yet",
  };
  return {
    scores: Object.fromEntries(Object.keys(schema.properties.scores.properties).map((name) => [name, claim])),
    missing: isClear ? [] : [{ dimension, what: ask }],
    question: { text: ask, dimension, ask: "person", why: "It changes what is built", suggestions: offer },
  };
}

function draft(rounds: readonly Round[]): object {
  const [, teas, , done] = rounds.map((round) => [cite(round)]);
  const criterion = { output_assertion: null, verify_exemption_reason: null, expected_artifacts: ["tea.sh"] };
  return {
    goal: { text: "A tea timer for the terminal", sources: [...(teas ?? []), ...(done ?? [])] },
    task_type: "code",
    constraints: rounds.slice(2).map((round) => ({ text: `As was said: ${round.answer}`, sources: [cite(round)] })),
    acceptance_criteria: [
      {
        ...criterion,
        description: "`tea.sh list` names both teas with their minutes",
        sources: teas,
        verify_command: "sh tea.sh list | grep -qx 'green 2' && sh tea.sh list | grep -qx 'black 4'",
        depends_on: [],
      },
      {
        ...criterion,
        description: "When the time is over it prints DONE",
        sources: done,
        verify_command: "sh tea.sh black 0 | grep -qx DONE",
        depends_on: [1],
      },
    ],
    ontology: { name: "Tea", description: "What is timed", fields: [FIELD] },
    evaluation_principles: [],
    exit_conditions: [],
    brownfield:
      rounds[0]?.project === undefined
        ? null
        : { context_references: [], existing_patterns: [], existing_dependencies: [] },
    left_out: [],
  };
}

function judge(criteria: readonly { readonly criterion_key: string }[]): object {
  const lines = TEA.split("\n");
  const cited = ["list) printf", "echo DONE"].map((quote) => lines.findIndex((line) => line.includes(quote)));
  const words = criteria.map(({ criterion_key }, index) => {
    const line = cited[index] ?? 0;
    const citations = [{ path: "tea.sh", line: line + 1, end_line: null, quote: lines[line]?.trim() ?? "" }];
    return { criterion_key, met: "yes", score: 1, reason: "It stands there", citations };
  });
  const numbers = { goal_alignment: 1, drift_score: 0, uncertainty: 0, reward_hacking_risk: 0 };
  return { criteria: words, ...numbers, reasoning: "It does what was asked for" };
}

function cite({ round, answer, wish = "" }: Round): { round: number; quote: string } {
  return { round, quote: answer ?? wish };
}
