import { newId } from "../base/ids.ts";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import { append, type Expected } from "../store/append.ts";
import { StoreError } from "../store/engine/store-error.ts";
import { type MindCall, mindCallEvent } from "../store/orders/mind-calls.ts";
import type { Store } from "../store/store.ts";
import type { Scope } from "../store/streams.ts";
import type { Answer, Mind, Question } from "./mind.ts";

/**
 * The same mind, each of its calls on record in a stream: who, what for, what it took and how it ended, and nothing of what
 * was said. The host's orders record themselves. An owner's records carry its epoch like everything else it writes. A store
 * that takes no record costs nobody an answer that was paid for: whoever writes next meets its error.
 */
export function recordCalls(mind: Mind, store: Store, scope: Scope, expected: Expected = { kind: "any" }): Mind {
  if (mind.kind === "host") return mind;
  return {
    name: mind.name,
    kind: mind.kind,
    async ask(question, signal) {
      const asked = { mind: mind.name, model: null, role: question.role, kind: question.kind };
      await record("requested", asked);
      const began = performance.now();
      const answer = await mind.ask(question, signal);
      const call = { ...toCall(mind, question, answer), ms: Math.round(performance.now() - began) };
      await record("returned", call);
      return answer;
    },
  };

  async function record(step: "requested" | "returned", call: MindCall): Promise<void> {
    try {
      await append(store, expected, [mindCallEvent(store, newId(), step, scope, call)]);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }
}

function toCall({ name }: Mind, { role, kind }: Question<unknown>, answer: Answer<unknown> | Refusal): MindCall {
  const common = { mind: name, role, kind };
  if (isRefusal(answer)) {
    const { model, usage, attempts } = answer.facts;
    return {
      ...common,
      model: typeof model === "string" ? model : null,
      usage: typeof usage === "object" ? usage : null,
      ...(typeof attempts === "number" ? { attempts } : {}),
      outcome: answer.code,
    };
  }
  if (answer.status === "needs_host") return { ...common, model: null, outcome: answer.status };
  const { by, usage, attempts, status } = answer;
  return { ...common, model: by.model, usage, attempts, outcome: status };
}
