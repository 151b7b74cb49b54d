import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import { type Agreement, agreementIn } from "../trust/agreement.ts";
import { approve } from "../trust/approvals.ts";
import { agreeWith, listed, questionIn } from "../trust/seed-consent.ts";
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
  const agreement = isRefusal(done) ? agreementIn(done) : undefined;
  if (!isRefusal(done) || !agreement) return done;
  // Of another seed, or of something else altogether: about this nobody was asked.
  if (said?.state !== stateOf(agreement)) return { ...done, asks: asksOf(agreement) };
  if (said.answer !== YES) {
    const message = `The person did not agree that these commands are run: ${listed(agreement.commands)}`;
    return refuse("not_agreed", message, "Leave it until they say otherwise", done.facts);
  }
  const refused = await approve(context.home, agreement.matter, { by: "form", about: agreement.about });
  if (refused) return refused;
  const then = await work();
  // One may follow the other: a seed's commands first, then those of the project.
  const next = isRefusal(then) ? agreementIn(then) : undefined;
  return isRefusal(then) && next ? { ...then, asks: asksOf(next) } : then;
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

/** Names what it is about: an answer to anything else is no answer to this. */
function stateOf({ matter }: Agreement): string {
  return JSON.stringify(matter.kind === "seed" ? { agree_to_seed: matter.hash } : { agree_to: matter });
}

function asksOf(agreement: Agreement): Asks | undefined {
  const { matter, about, commands } = agreement;
  const { before, after } = matter.kind === "seed" ? ofSeed(about) : ofProject(about);
  const message = [before, ...commands.map((command, index) => `${index + 1}. ${command}`), after].join("\n");
  if (message.length > MOST_CHARS) return undefined;
  return { message, suggestions: [YES, NO], isClosed: true, state: stateOf(agreement) };
}

function ofSeed(goal: string) {
  return {
    before: `To check the work on "${goal}", these commands are run on this machine, as you:`,
    after: "They come from a seed that was not made here. The answer holds for this seed as it is.",
  };
}

function ofProject(root: string) {
  return {
    before: `To check the work in ${root}, these commands are run on this machine, as you:`,
    after: "The project there declares them. The answer holds for them as they are.",
  };
}
