import { log } from "@clack/prompts";
import { type Refusal, refuse } from "../../../base/refusal.ts";
import type { Cli, SharedFlags } from "../../command.ts";
import { lines } from "../../render.ts";
import { canAskHere } from "../approve/ask-to-agree.ts";

/** One file that would be written. */
export interface Proposal {
  readonly path: string;
  readonly question: string;
  /** What would change, laid out already. */
  readonly lines: readonly string[];
}

/**
 * Which of the proposals somebody agrees to: each is shown and asked about, or all of them with `--yes`. Undefined when the person
 * left instead of answering.
 */
export async function agreedTo<P extends Proposal>(
  cli: Cli,
  flags: SharedFlags & { readonly yes: boolean },
  {
    command,
    intro = [],
    proposals,
  }: { readonly command: string; readonly intro?: readonly string[]; readonly proposals: readonly P[] },
): Promise<readonly P[] | Refusal | undefined> {
  if (flags.yes || proposals.length === 0) return proposals;
  if (!canAskHere(flags)) {
    const files = proposals.map(({ path }) => path);
    const message = `Nobody can be asked here whether to change ${files.join(", ")}`;
    return refuse("needs_terminal", message, `Look at \`${command} --dry-run\`, then pass --yes`, { files });
  }
  const [{ openKeyboard }, { wrap }] = await Promise.all([
    import("../interview/keyboard.ts"),
    import("../interview/wrap.ts"),
  ]);
  const keyboard = openKeyboard(cli);
  const agreed: P[] = [];
  if (intro.length > 0) keyboard.show(intro.flatMap((line) => wrap(line, keyboard.style.width)));
  for (const proposal of proposals) {
    // Not through the keyboard's own way to show: that one wraps, and a change is shown as it is.
    log.message(lines(proposal.lines).trimEnd().split("\n"), { spacing: 1 });
    const said = await keyboard.yes(proposal.question, true);
    if (said === undefined) return undefined;
    if (said) agreed.push(proposal);
  }
  return agreed;
}
