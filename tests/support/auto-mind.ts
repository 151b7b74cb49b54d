import { fit } from "../../src/minds/answer-schema.ts";
import type { Mind, Question } from "../../src/minds/mind.ts";
import type { Minds } from "../../src/minds/minds.ts";
import { recordCalls } from "../../src/minds/record-calls.ts";
import { thinkCarefully } from "../e2e/support/interview-story.ts";

/** What a decision is, where a test does not say otherwise. */
export const DECISION = {
  ask_person: false,
  answer: "As small as it can be",
  why: "Nothing asks for more",
  confidence: 0.7,
  changes: "What is built",
  alternatives: ["Something larger"],
};

interface Manner {
  /** What it decides about the open question of this round. */
  readonly decides?: (round: number) => object;
  /** What each answer takes. */
  readonly takes?: { readonly tokens?: number; readonly cost_usd?: number };
  /** Called before each answer. */
  readonly before?: (kind: string) => void | Promise<void>;
}

/** A mind of this process that holds interviews, decides in them and writes seeds; its calls are on record as everybody's. */
export class AutoMind implements Minds {
  /** What it was asked for, in order. */
  readonly asked: string[] = [];
  readonly inputs: string[] = [];
  readonly #manner: Manner;

  constructor(manner: Manner = {}) {
    this.#manner = manner;
  }

  async open({ host }: Parameters<Minds["open"]>[0]): Promise<Mind> {
    const mind: Mind = {
      name: "decider",
      kind: "api",
      ask: async <T>(question: Question<T>) => this.#answer(question),
    };
    return recordCalls(mind, host.store, host.scope);
  }

  async #answer<T>(question: Question<T>) {
    const { kind, input, schema } = question;
    const { decides = () => ({}), takes = {}, before = () => {} } = this.#manner;
    this.asked.push(kind);
    await before(kind);
    this.inputs.push(input);
    const isDecision = kind === "auto.assume";
    const answer = isDecision
      ? { ...DECISION, ...decides(JSON.parse(input).open.round) }
      : thinkCarefully({ kind, input });
    const found = fit(schema, answer);
    if (!found.fits) throw new Error(`${kind}: ${found.faults.join("; ")}`);
    const { tokens = null, cost_usd = null } = takes;
    const usage = { input_tokens: tokens, output_tokens: null, cached_input_tokens: null, cost_usd, turns: null };
    return {
      status: "answered",
      value: found.value,
      by: { mind: "decider", model: null },
      usage,
      attempts: 1,
    } as const;
  }
}
