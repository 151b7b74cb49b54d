import { isRefusal, type Refusal } from "../../src/base/refusal.ts";
import type { Said } from "../../src/mcp/asking.ts";
import { answerOf } from "../../src/mcp/call.ts";
import { offeredTools } from "../../src/mcp/catalogue.ts";
import type { ToolAnswer, ToolCall } from "../../src/mcp/tool.ts";
import { TOOLSETS } from "../../src/mcp/toolsets.ts";
import type { SessionContext } from "../../src/sessions/session-context.ts";
import { Gate } from "../../src/startup/gate.ts";
import type { StartUp } from "../../src/startup/start-up.ts";

/** The parts of a tool's value that a host goes by; the text says the same. */
export interface HostView {
  readonly status: string;
  readonly session_id: string;
  readonly round: number | null;
  readonly question: { readonly text: string; readonly ask: string; readonly suggestions: readonly string[] } | null;
  readonly answered_rounds: number;
  readonly ambiguity: { readonly score: number; readonly ready: boolean; readonly stale: boolean } | null;
  readonly completion: { readonly streak: number; readonly blockers: readonly { readonly code: string }[] };
  readonly work: HostWork | null;
  readonly seed_id: string | null;
  readonly yaml: string | null;
}

export interface HostWork {
  readonly work_id: string;
  readonly kind: string;
  readonly instructions: string;
  readonly input: string;
  readonly faults: readonly string[];
}

/** What a host's model makes of a work order. */
export type Thinks = (work: HostWork) => unknown;

export type Reply = ToolAnswer<Record<string, unknown>> | Refusal;

/** An MCP host of this process: calls tools as a client does, and does the work orders by a script. */
export class InterviewHost {
  readonly #context: SessionContext;
  readonly #thinks: Thinks;
  readonly #startUp: StartUp;

  constructor(context: SessionContext, thinks: Thinks) {
    const gate = new Gate();
    gate.enter("ready");
    this.#context = context;
    this.#thinks = thinks;
    this.#startUp = { gate, context } as StartUp;
  }

  /** One call as it comes over the wire; `said` on one that is made again with a person's answer. */
  async reply(name: string, args: unknown, said?: Said): Promise<Reply> {
    const tool = offeredTools({ toolsets: TOOLSETS, readOnly: false }).find((one) => one.name === name);
    if (!tool) throw new Error(`There is no tool ${name}`);
    const call: Omit<ToolCall, "context"> = {
      signal: new AbortController().signal,
      progress: async () => {},
      said,
      callTool: (other, otherArgs) => this.reply(other, otherArgs, said),
    };
    return answerOf(tool, args, this.#startUp, call);
  }

  /** Calls a tool, and does every work order that comes back until something else does. */
  async call(name: string, args: unknown): Promise<HostView> {
    let view = viewOf(await this.reply(name, args));
    // A good host needs one order for a turn; one that is sent round and round is a bug, here or there.
    for (let orders = 0; view.status === "needs_host" && orders < 4; orders++) {
      view = viewOf(await this.work(view.work));
    }
    return view;
  }

  /** Does one work order by the script and hands it in. */
  work(work: HostWork | null): Promise<Reply> {
    if (!work) throw new Error("There is no work");
    return this.reply("ouroboros_submit", { work_id: work.work_id, result: this.#thinks(work) });
  }

  interview(args: unknown): Promise<HostView> {
    return this.call("ouroboros_interview", args);
  }

  get context(): SessionContext {
    return this.#context;
  }
}

/** What a reply says of the interview or the seed; for a submitted result that is what the waiting tool then said. */
export function viewOf(reply: Reply): HostView {
  if (isRefusal(reply)) throw new Error(`Refused (${reply.code}): ${reply.message}`);
  // The tools' own output schemas are held elsewhere; here a value is read as a model reads it.
  return (reply.value.answer ?? reply.value) as HostView;
}

/** The refusal that a reply is. */
export function refusalOf(reply: Reply): Refusal {
  if (!isRefusal(reply)) throw new Error(`Not refused: ${JSON.stringify(reply.value)}`);
  return reply;
}

/** What was said to be wrong with a submitted result, by the JSON Schema, by the question's own rules, or for good. */
export function faultsOf(reply: Reply): readonly string[] {
  if (!isRefusal(reply)) return viewOf(reply).work?.faults ?? [];
  const { faults } = reply.facts;
  return Array.isArray(faults) ? faults.map(String) : [];
}

/** A mind that copies whole answers as its citations and claims the same clarity of everything; for tests about the road. */
export function agreeable(clarity: (answered: number) => number): Thinks {
  return ({ kind, input }) => {
    const [wish, ...rounds] = JSON.parse(input) as [
      { wish: string },
      ...{ round: number; answer: string; from: string }[],
    ];
    const decided = rounds.filter(({ from }) => from === "person" || from === "assumed");
    const citations = [
      { round: 0, quote: wish.wish.slice(0, 100) },
      ...decided.slice(-7).map(({ round, answer }) => ({ round, quote: answer.slice(0, 100) })),
    ];
    if (kind === "seed.draft") return agreeableSeed(citations);
    const claim = { clarity: clarity(rounds.length), citations, why: "It was said" };
    return {
      scores: { goal: claim, constraints: claim, success: claim },
      missing: [],
      question: {
        text: `What else, after ${rounds.length} answers?`,
        dimension: "goal",
        ask: "person",
        why: "Something may be left",
        suggestions: ["Nothing", "One more thing"],
      },
    };
  };
}

function agreeableSeed(sources: readonly { round: number; quote: string }[]) {
  return {
    goal: { text: "What was wished for", sources },
    task_type: "code",
    constraints: [],
    acceptance_criteria: [
      {
        description: "The thing exists",
        sources,
        verify_command: "test -e thing",
        output_assertion: null,
        verify_exemption_reason: null,
        expected_artifacts: ["thing"],
        depends_on: [],
      },
    ],
    ontology: { name: "Thing", description: "What there is", fields: [] },
    evaluation_principles: [],
    exit_conditions: [],
    brownfield: null,
    left_out: [],
  };
}
