import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import { approve } from "../../../trust/approvals.ts";
import { questionIn } from "../../../trust/seed-consent.ts";
import type { Cli, SharedFlags } from "../../command.ts";
import { EXIT } from "../../exit-code.ts";
import { askToAgree, canAskHere } from "./ask-to-agree.ts";

export type ConsentFlags = SharedFlags & { readonly approveChecks: boolean };

/**
 * Does work that the person may have to agree to first: asks them at their terminal, or takes the flag for their word. Resolves
 * with an exit code when they left instead of answering. `seed` is what they called it.
 */
export async function withConsent<T extends object>(
  cli: Cli,
  flags: ConsentFlags,
  { home }: { readonly home: string },
  work: () => Promise<T | Refusal>,
  seed?: string,
): Promise<T | Refusal | number> {
  const done = await work();
  const question = isRefusal(done) ? questionIn(done) : undefined;
  if (!isRefusal(done) || !question) return done;
  if (!flags.approveChecks) {
    const before = seed === undefined ? "" : `, or run \`ouroboros approve ${seed}\` first`;
    const next = `Read them, then pass --approve-checks${before}`;
    if (!canAskHere(flags)) return { ...done, next };
    const agreed = await askToAgree(cli, question);
    if (agreed === undefined) return EXIT.interrupted;
    if (!agreed) return { ...done, message: "Nothing was started: you did not agree to its commands", next };
  }
  const matter = { kind: "seed", hash: question.seed_hash } as const;
  const refused = await approve(home, matter, { by: flags.approveChecks ? "flag" : "cli", about: question.goal });
  return refused ?? work();
}
