import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { OuroborosError } from "../base/errors.ts";
import type { AgentRun, Outcome, Runtime } from "./runtime.ts";

/** Where work is laid out for a host's agents, and where they hand it in. */
export interface WorkDesk {
  /** Lays work out, once however often it is asked, or finds what was handed in. */
  offer(work: {
    readonly instructions: string;
    readonly input: string;
    readonly answerSchema: Readonly<Record<string, unknown>>;
    readonly cwd: string;
  }): Promise<{ readonly workId: string; readonly handedIn: { readonly value: unknown } | undefined }>;
}

const INSTRUCTIONS = `Do the task in the input yourself. The directory it speaks of is the one in cwd: change nothing outside it.
Then hand in the outcome: "done" only if you have checked that it holds, else "failed"; and a summary of what you changed, how you checked it, or what was in the way.`;

const Answer = v.object({
  outcome: v.picklist(["done", "failed"]),
  summary: v.pipe(v.string(), v.trim(), v.minLength(1)),
});

/** The host's own agents: they claim what lies on the desk. Without a desk it can be looked at, and started nowhere. */
export function createHostRuntime(desk: WorkDesk | undefined): Runtime {
  return {
    name: "host",
    kind: "host",
    probe: async () => ({
      installed: true,
      version: null,
      logged_in: null,
      models: [],
      note: "The agents of the MCP host that calls: they claim a run's steps",
    }),
    async start({ prompt, cwd }) {
      if (!desk) {
        throw new OuroborosError(
          "agent_not_started",
          "Cannot lay work out for a host here: only a run does that",
          "Name another agent, or start a run with the runtime `host`",
        );
      }
      const { $schema: _, ...answerSchema } = toJsonSchema(Answer, { errorMode: "ignore", target: "draft-07" });
      const { workId, handedIn } = await desk.offer({ instructions: INSTRUCTIONS, input: prompt, answerSchema, cwd });
      return lookedUp(handedIn ? outcomeOf(handedIn.value, workId) : { ...NOTHING_YET, handle: workId });
    },
  };
}

const NOTHING_YET: Outcome = {
  ending: "needs_host",
  text: "",
  structured: undefined,
  error: null,
  retry_after_ms: null,
  handle: null,
  usage: null,
  exit_code: null,
  signal: null,
  duration_ms: 0,
};

function outcomeOf(value: unknown, workId: string): Outcome {
  const answer = v.safeParse(Answer, value);
  if (!answer.success) {
    return { ...NOTHING_YET, ending: "failed", error: `What was handed in for ${workId} cannot be read` };
  }
  const { outcome, summary } = answer.output;
  const base = { ...NOTHING_YET, text: summary, structured: value };
  return outcome === "done" ? { ...base, ending: "succeeded" } : { ...base, ending: "failed", error: summary };
}

/** No process of ours: what is known of it is known by now. */
function lookedUp(outcome: Outcome): AgentRun {
  return {
    group: null,
    async *begin() {},
    trust() {},
    stop: async () => {},
    outcome: Promise.resolve(outcome),
  };
}
