import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { DIMENSIONS, type Dimension } from "../../src/domain/interview/dimensions.ts";
import { readProvenance } from "../../src/domain/interview/provenance.ts";
import { startInterview } from "../../src/workflows/interview/start-interview.ts";
import type { GivenStore } from "./given-store.ts";
import { type HostView, type HostWork, InterviewHost } from "./interview-host.ts";

/** Words of the interview that say something about these dimensions, and how clear each is once they were said. */
interface Said {
  readonly quote?: string;
  readonly about: readonly Dimension[];
  /** In the dimensions' fixed order. */
  readonly clear: readonly number[];
}

interface Asked {
  readonly ask: string;
  readonly offer: readonly string[];
  readonly to?: "code";
  readonly class?: "planning" | "development" | "later";
  readonly reframed?: string;
}

type Sources = Readonly<Record<string, string>>;

/** One interview of `tests/fixtures/interviews`, as people would have held it. */
export interface Transcript {
  readonly name: string;
  readonly about: string;
  readonly kind?: "product";
  /** What is in the project's folder; nothing means that nothing is built yet. */
  readonly files?: Readonly<Record<string, string>>;
  readonly wish: Said & { readonly text: string; readonly quote: string };
  readonly rounds: readonly (Asked & Said & { readonly answer: string; readonly long?: number })[];
  /** What would be asked after the last answer. */
  readonly last: Asked;
  readonly ends: "seed" | "refused";
  /** For one that is refused: the dimensions that are below their floor at its end. */
  readonly missing?: readonly Dimension[];
  /** Questions that were put off. */
  readonly later?: readonly string[];
  /** Parts of the seed that rest on assumptions alone. */
  readonly assumed?: readonly string[];
  readonly seed?: {
    readonly goal: { readonly text: string; readonly from: Sources };
    readonly type: string;
    readonly limits: readonly { readonly text: string; readonly from: Sources }[];
    readonly criteria: readonly {
      readonly text: string;
      readonly from: Sources;
      readonly run?: string;
      readonly why?: string;
      readonly files?: readonly string[];
      readonly after?: readonly number[];
    }[];
    readonly code?: {
      readonly files: readonly string[];
      readonly patterns: readonly string[];
      readonly uses: readonly string[];
    };
  };
}

/** A claim, a plan of a turn and a draft of a seed as a mind submits them; tests spoil copies of them. */
export interface SubmittedPlan {
  scores: Record<string, { clarity: number; citations: { round: number; quote: string }[]; why: string }>;
  missing: { dimension: string; what: string }[];
  question: Record<string, unknown> & { text: string; suggestions: string[] };
}
export interface SubmittedDraft {
  goal: Sourced;
  constraints: Sourced[];
  acceptance_criteria: (Omit<Sourced, "text"> & Record<string, unknown>)[];
  left_out: { round: number; why: string }[];
  [key: string]: unknown;
}
interface Sourced {
  text: string;
  sources: { round: number; quote: string }[];
}

const FOLDER = join(import.meta.dirname, "../fixtures/interviews");

/** Every transcript there is. */
export function transcripts(): readonly Transcript[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => ({ name: file.slice(0, -".yaml".length), ...parse(readFileSync(join(FOLDER, file), "utf8")) }));
}

/** The answer of a round as it is passed on; long ones go round and round as people do. */
function answerOf({ answer, long = 0 }: Transcript["rounds"][number]): string {
  return `${answer}${` And as I said: ${answer.slice(0, 180)}`.repeat(long)}`;
}

/** What a mind that follows the rules makes of the transcript after so many answers. */
export function planOf(transcript: Transcript, answered: number): SubmittedPlan {
  const { wish, rounds, last, files } = transcript;
  const clear = (answered === 0 ? wish : rounds[answered - 1])?.clear ?? [];
  const names = DIMENSIONS.filter((name) => name !== "context" || files !== undefined);
  const scores = Object.fromEntries(
    names.map((name, index) => {
      const citations = citationsOf(transcript, name, answered);
      const clarity = citations.length === 0 ? 0 : (clear[index] ?? 0);
      return [name, { clarity, citations, why: `Some of ${name} is still open` }];
    }),
  );
  const { ask, offer, to = "person", class: classification = "planning", reframed = null } = rounds[answered] ?? last;
  const weakest = names.toSorted((a, b) => (scores[a]?.clarity ?? 0) - (scores[b]?.clarity ?? 0))[0] ?? "goal";
  const product = transcript.kind === "product" ? { classification, reframed_from: reframed } : {};
  return {
    scores,
    missing: [{ dimension: weakest, what: ask }],
    question: {
      text: ask,
      dimension: weakest,
      ask: to,
      why: `It decides about ${weakest}`,
      suggestions: [...offer],
      ...product,
    },
  };
}

/** The seed that such a mind writes at the end. */
export function draftOf({ seed, files }: Transcript): SubmittedDraft {
  if (!seed) throw new Error("There is no seed in this transcript");
  const { goal, type, limits, criteria, code } = seed;
  return {
    goal: sourced(goal),
    task_type: type,
    constraints: limits.map(sourced),
    acceptance_criteria: criteria.map(({ text, from, run = null, why = null, files: made = [], after = [] }) => ({
      description: text,
      sources: sourcesOf(from),
      verify_command: run,
      output_assertion: null,
      verify_exemption_reason: run === null ? why : null,
      expected_artifacts: [...made],
      depends_on: [...after],
    })),
    ontology: { name: "Subject", description: "What this is about", fields: [] },
    evaluation_principles: [{ name: "faithful", description: "Does what was said", weight: 1 }],
    exit_conditions: [{ name: "done", description: "Every criterion holds", criteria: "All checks pass" }],
    brownfield:
      files && code
        ? {
            context_references: code.files.map((path) => ({
              path,
              role: "touched",
              summary: "Named in the interview",
            })),
            existing_patterns: [...code.patterns],
            existing_dependencies: [...code.uses],
          }
        : null,
    left_out: [],
  };
}

/** What is begun in a store for one transcript, with a host that thinks by the script. */
export interface Held extends AsyncDisposable {
  readonly host: InterviewHost;
  readonly sessionId: string;
  /** The interview as it stands when the last of these answers was given and scored. */
  readonly view: HostView;
}

/** Holds the interview of a transcript, up to so many answers. */
export async function hold(
  given: GivenStore,
  transcript: Transcript,
  answers = transcript.rounds.length,
): Promise<Held> {
  const cwd = await mkdtemp(join(tmpdir(), "ouroboros-interview-"));
  for (const [path, text] of Object.entries(transcript.files ?? {})) {
    await mkdir(dirname(join(cwd, path)), { recursive: true });
    await writeFile(join(cwd, path), text);
  }
  const host = new InterviewHost(given.context, (work) => thinks(transcript, work));
  let view = await begin(host, transcript, cwd);
  const { session_id } = view;
  for (const round of transcript.rounds.slice(0, answers)) {
    if (view.question?.text !== round.ask) throw new Error(`Asked ${view.question?.text}, not ${round.ask}`);
    view = await host.interview({ session_id, round: view.round, answer: answerOf(round), cwd });
  }
  return { host, sessionId: session_id, view, [Symbol.asyncDispose]: () => rm(cwd, { recursive: true, force: true }) };
}

async function begin(host: InterviewHost, { kind, wish }: Transcript, cwd: string): Promise<HostView> {
  if (kind !== "product") return host.interview({ initial_context: wish.text, cwd });
  const { store } = host.context;
  const id = await startInterview(store, { context: wish.text, kind, cwd, project: null, by: "test" });
  if (typeof id !== "string") throw new Error(id.message);
  return host.interview({ session_id: id });
}

function thinks(transcript: Transcript, { kind, input }: HostWork): unknown {
  if (kind === "seed.draft") return draftOf(transcript);
  const [, ...rounds] = JSON.parse(input) as unknown[];
  return planOf(transcript, rounds.length);
}

function citationsOf({ wish, rounds }: Transcript, name: Dimension, answered: number) {
  const said = rounds.slice(0, answered).flatMap(({ about, quote, answer }, index) => {
    return about.includes(name) ? [{ round: index + 1, quote: quote ?? readProvenance(answer).text }] : [];
  });
  return wish.about.includes(name) ? [{ round: 0, quote: wish.quote }, ...said] : said;
}

function sourced({ text, from }: { readonly text: string; readonly from: Sources }): Sourced {
  return { text, sources: sourcesOf(from) };
}

function sourcesOf(from: Sources) {
  return Object.entries(from).map(([round, quote]) => ({ round: Number(round), quote }));
}
