/** What somebody wants, in one sentence. */
export const GOAL = "Two scripts that greet somebody and say goodbye";

/** The scripts, by the number of their criterion from 1, and what a programmer writes into them. */
export const SCRIPTS = [
  { file: "greet.sh", word: "Hello", text: 'echo "Hello, $1"' },
  { file: "part.sh", word: "Bye", text: 'echo "Bye, $1"' },
] as const;

const QUESTIONS = ["Which file is it?", "What does it print?", "What happens without a name?", "Is English enough?"];

interface Said {
  readonly round: number;
  readonly answer?: string;
  readonly wish?: string;
  readonly project?: string;
}

/** A question to a mind, and what an able one says to it, by what it is asked for and nothing else. */
export interface Thought {
  readonly kind: string;
  readonly answer: object;
}

/** Thinks about everything between a wish and work that was judged. `leaves` names the rounds that it leaves to the person. */
export function thinkAlong(input: string, schema: string, leaves: readonly number[] = []): Thought {
  const data = JSON.parse(input);
  const asked = [
    ["assume", "ask_person", () => assume(data.open.round, leaves)],
    ["turn", "scores", () => turn(data, JSON.parse(schema))],
    ["draft", "acceptance_criteria", () => draft(data)],
    ["judge", "goal_alignment", () => judge(data.criteria)],
    ["wonder", "ontology_tensions", wonder],
    ["reflect", "refined_goal", () => reflect(data.story)],
  ] as const;
  const found = asked.find(([, key]) => schema.includes(`"${key}"`));
  if (!found) throw new Error(`Nobody knows what to say to ${schema}`);
  return { kind: found[0], answer: found[2]() };
}

function turn(rounds: readonly Said[], schema: { properties?: { scores?: { properties?: object } } }): object {
  const answered = rounds.length - 1;
  const citations = rounds.map(cite).slice(-8);
  const claim = { clarity: answered >= 3 ? 0.95 : 0.4, citations, why: "What was not said is open" };
  const names = Object.keys(schema.properties?.scores?.properties ?? {});
  return {
    scores: Object.fromEntries(names.map((name) => [name, claim])),
    missing: [],
    question: {
      text: QUESTIONS[answered] ?? "Does it need a name?",
      dimension: "goal",
      // A project's files say what it prints already.
      ask: names.includes("context") && answered === 1 ? "code" : "person",
      why: "It changes what is built",
      suggestions: ["Yes", "No"],
    },
  };
}

function assume(round: number, leaves: readonly number[]): object {
  const ask_person = leaves.includes(round);
  return {
    ask_person,
    answer: `As small as it can be, number ${round}`,
    why: ask_person ? "It costs money" : "Nothing asks for more",
    confidence: 0.8,
    changes: "The file",
    alternatives: ["Something larger"],
  };
}

function draft(rounds: readonly Said[]): object {
  const [wish, ...decided] = rounds.map(cite);
  return {
    goal: { text: "Two greetings in a shell", sources: [wish] },
    task_type: "code",
    constraints: decided.map((source) => ({ text: `Keep it small, ${source.round}`, sources: [source] })),
    acceptance_criteria: SCRIPTS.map(({ file, word }) => ({
      description: `\`sh ${file} Ada\` prints ${word}, Ada`,
      sources: [wish],
      verify_command: `sh ${file} Ada | grep -qx '${word}, Ada'`,
      output_assertion: null,
      verify_exemption_reason: null,
      expected_artifacts: [file],
      depends_on: [],
    })),
    ontology: {
      name: "Greeting",
      description: "What is said",
      fields: [{ name: "name", description: "To whom", type: "string", required: true }],
    },
    evaluation_principles: [],
    exit_conditions: [],
    brownfield:
      rounds[0]?.project === undefined
        ? null
        : { context_references: [], existing_patterns: [], existing_dependencies: [] },
    left_out: [],
  };
}

/** It is asked only about work that has passed its checks. */
function judge(criteria: readonly { readonly criterion_key: string }[]): object {
  const words = criteria.map(({ criterion_key }, index) => {
    const { file, text } = SCRIPTS[index] ?? SCRIPTS[0];
    const citations = [{ path: file, line: 1, end_line: null, quote: text }];
    return { criterion_key, met: "yes", score: 1, reason: "It stands there", citations };
  });
  const nothing = { drift_score: 0, uncertainty: 0, reward_hacking_risk: 0 };
  return { criteria: words, goal_alignment: 1, ...nothing, reasoning: "Both do what they say" };
}

function wonder(): object {
  return {
    questions: ["Why is one not there?"],
    ontology_tensions: [],
    should_continue: true,
    reasoning: "It is open",
  };
}

interface Story {
  readonly goal: string;
  readonly constraints: readonly string[];
  readonly criteria: readonly { readonly key: string; readonly description: string }[];
}

function reflect({ goal, constraints, criteria }: Story): object {
  const same = { verify_command: null, output_assertion: null, expected_artifacts: null, why: "unchanged" };
  return {
    refined_goal: goal,
    refined_constraints: constraints,
    criteria: criteria.map(({ key, description }) => ({ key, description, ...same })),
    removed: [],
    ontology_mutations: [],
    reasoning: "The work was wrong, not the words",
  };
}

function cite({ round, answer, wish = "" }: Said): { round: number; quote: string } {
  return { round, quote: (answer ?? wish).slice(0, 100) };
}
