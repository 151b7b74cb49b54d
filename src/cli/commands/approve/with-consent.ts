import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import { agreementIn } from "../../../trust/agreement.ts";
import { approve } from "../../../trust/approvals.ts";
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
  const agreement = isRefusal(done) ? agreementIn(done) : undefined;
  if (!isRefusal(done) || !agreement) return done;
  const { matter, about } = agreement;
  if (!flags.approveChecks) {
    const named = matter.kind === "checks" ? "--checks DIR" : seed;
    const before = named === undefined ? "" : `, or run \`ouroboros approve ${named}\` first`;
    const next = `Read them, then pass --approve-checks${before}`;
    if (!canAskHere(flags)) return { ...done, next };
    const agreed = await askToAgree(cli, agreement);
    if (agreed === undefined) return EXIT.interrupted;
    if (!agreed) return { ...done, message: "Nothing was started: you did not agree to its commands", next };
  }
  const refused = await approve(home, matter, { by: flags.approveChecks ? "flag" : "cli", about });
  // A seed's commands first, then those of the project: each is a question of its own.
  return refused ?? withConsent(cli, flags, { home }, work, seed);
}
