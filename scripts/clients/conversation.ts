import { type FakeModelApi, openModelApi } from "../../tests/e2e/support/fake-model-api.ts";
import type { Cell } from "./report.ts";
import type { Call, Ran } from "./stage.ts";

/** What an agent's conversation with a scripted model showed. */
interface Conversation {
  readonly listed: Cell;
  readonly called: Cell;
  /** From the start of the agent to its first question that offers the model our tools. */
  readonly firstOfferMs: number | null;
}

/** What a conversation is about. */
interface Topic {
  readonly call: Call;
  /** How many tools of ours there should be. */
  readonly tools: number;
  /** How the agent spells the name of a tool of ours. */
  readonly naming: (tool: string) => { readonly tool: string; readonly namespace?: string };
}

/** Has an agent hold a conversation in which the model calls one tool of ours and then has nothing more to say. */
export async function converse(
  { call, tools, naming }: Topic,
  hold: (modelUrl: string) => Promise<Ran>,
): Promise<Conversation> {
  let firstOffer: number | undefined;
  await using model = await openModelApi(({ offered }) => {
    if (oursOf(offered).length > 0) firstOffer ??= performance.now();
    return [{ ...naming(call.tool), input: call.input }, { text: "told" }];
  });
  const began = performance.now();
  const ran = await hold(model.url);
  const most = Math.max(0, ...model.requests.map(({ offered }) => oursOf(offered).length));
  return {
    listed: { ok: most === tools, said: `${most} of ${tools}` },
    called: resultOf(model, call, ran),
    firstOfferMs: firstOffer === undefined ? null : firstOffer - began,
  };
}

function oursOf(offered: readonly string[]): readonly string[] {
  return offered.filter((name) => /ouroboros_[a-z_]+$/.test(name));
}

function resultOf({ requests }: FakeModelApi, { tool, answers, shown }: Call, ran: Ran): Cell {
  // Quoted once or twice, as the agent hands an answer on.
  const results = requests.flatMap(({ toolResults }) => toolResults).map((text) => text.replaceAll("\\", ""));
  const found = results.some((text) => answers.every((answer) => text.includes(answer)));
  if (found && ran.code === 0) return { ok: true, said: `\`${tool}\`: ${shown}` };
  const seen = results.at(-1)?.slice(0, 200) ?? ran.text.slice(-200);
  return { ok: false, said: `${tool}, exit code ${ran.code}: ${seen || "nothing"}` };
}
