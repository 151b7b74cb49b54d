import * as v from "valibot";
import { refuse } from "../../../src/base/refusal.ts";
import type { Mind, Question } from "../../../src/minds/mind.ts";
import type { SessionContext } from "../../../src/sessions/session-context.ts";

/** What a mind was asked, and where it could look. */
export interface Asked {
  readonly kind: string;
  readonly input: string;
  readonly instructions: string;
  readonly folder: string | undefined;
}

interface Script {
  readonly name?: string;
  readonly model?: string | null;
  readonly kind?: Mind["kind"];
  /** The answer to a question, by what it is; held to its schema like every other answer. */
  readonly says: (asked: Asked) => unknown;
}

/** The same context with a mind that answers as it is told to; what it is asked is noted. */
export function withMind(context: SessionContext, script: Script): { context: SessionContext; asked: Asked[] } {
  const { name = "openai", model = "gpt-9", kind = "api", says } = script;
  const asked: Asked[] = [];
  const mind: Mind = {
    name,
    kind,
    async ask<T>(question: Question<T>) {
      const { kind: about, input, instructions, folder } = question;
      asked.push({ kind: about, input, instructions, folder });
      const said = await says({ kind: about, input, instructions, folder });
      const read = v.safeParse(question.schema, said);
      if (!read.success) return refuse("mind_bad_answer", read.issues.map(({ message }) => message).join("; "), "No");
      return { status: "answered", value: read.output, by: { mind: name, model }, usage: null, attempts: 1 };
    },
  };
  return { context: { ...context, minds: { open: async () => mind } }, asked };
}

/** The same context where nobody can be asked. */
export function withoutMind(context: SessionContext): SessionContext {
  const open = async () => refuse("mind_unavailable", "Nobody can answer", "Install an agent");
  return { ...context, minds: { open } };
}

interface Cited {
  readonly path: string;
  readonly line: number;
  readonly quote: string;
}

/** A judge's answer that calls everything met by these lines. */
export function judgement(keys: readonly string[], citations: readonly Cited[], more: object = {}) {
  return {
    criteria: keys.map((criterion_key) => ({
      criterion_key,
      met: "yes",
      score: 0.95,
      reason: "It is there",
      citations: citations.map((one) => ({ ...one, end_line: null })),
    })),
    goal_alignment: 0.95,
    drift_score: 0.05,
    uncertainty: 0.1,
    reward_hacking_risk: 0,
    reasoning: "I have read it",
    ...more,
  };
}
