import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import { approve } from "../trust/approvals.ts";
import { agreeWith, listed, questionIn, type SeedInQuestion } from "../trust/seed-consent.ts";
import { importSeed } from "../workflows/seed/import-seed.ts";
import type { Asks } from "./asking.ts";
import type { ToolCall, ToolRefusal } from "./tool.ts";

const YES = "Run these commands";
const NO = "Do not run them";
/** What a form can show. What does not fit is read in a terminal: nobody agrees to what they cannot see. */
const MOST_CHARS = 4_000;

/**
 * Does work that a person may have to agree to first: refused by `needs_approval` it asks them, where the client can show a form,
 * and does it once they said yes. Only what came back with such a form says so: a model has no argument for it.
 */
export async function withConsent<T extends object>(
  { context, said }: Pick<ToolCall, "context" | "said">,
  work: () => Promise<T | Refusal>,
): Promise<T | ToolRefusal> {
  const done = await work();
  const question = isRefusal(done) ? questionIn(done) : undefined;
  if (!isRefusal(done) || !question) return done;
  // Of another seed, or of something else altogether: about this one nobody was asked.
  if (said?.state !== stateOf(question)) return { ...done, asks: asksOf(question) };
  if (said.answer !== YES) {
    const message = `The person did not agree that these commands are run: ${listed(question.commands)}`;
    return refuse("not_agreed", message, "Leave it until they say otherwise", done.facts);
  }
  const matter = { kind: "seed", hash: question.seed_hash } as const;
  const refused = await approve(context.home, matter, { by: "form", about: question.goal });
  return refused ?? work();
}

/**
 * A seed that is not in the store cannot be named in a terminal: where no form asks about it, it is taken in, so that the person can
 * look at it there and agree.
 */
export async function nameForTerminal(
  { context, canAsk }: Pick<ToolCall, "context" | "canAsk">,
  text: string,
  refusal: ToolRefusal,
): Promise<ToolRefusal> {
  if (!questionIn(refusal) || (refusal.asks && canAsk)) return refusal;
  const taken = await importSeed(context, { text, by: "mcp_tool" });
  const command = isRefusal(taken) ? "approve FILE" : `approve ${taken.record.seed_id}`;
  const first = isRefusal(taken) ? "Save the seed in a file. " : "";
  return { ...refusal, next: `${first}${agreeWith(command)}` };
}

function stateOf({ seed_hash }: SeedInQuestion): string {
  return JSON.stringify({ agree_to_seed: seed_hash });
}

function asksOf(question: SeedInQuestion): Asks | undefined {
  const { goal, commands } = question;
  const message = [
    `To check the work on "${goal}", these commands are run on this machine, as you:`,
    ...commands.map((command, index) => `${index + 1}. ${command}`),
    "They come from a seed that was not made here. The answer holds for this seed as it is.",
  ].join("\n");
  if (message.length > MOST_CHARS) return undefined;
  return { message, suggestions: [YES, NO], isClosed: true, state: stateOf(question) };
}
