import * as v from "valibot";
import { type Refusal, refuse } from "../base/refusal.ts";
import { isApproved } from "./approvals.ts";
import type { ConsentPolicy } from "./consent-policy.ts";
import { shown } from "./shown.ts";

/** A project's own checks as somebody is asked about them: every text as it may be shown. */
export interface ChecksInQuestion {
  readonly root: string;
  /** Hash of everything that is declared: with another declaration it is another question. */
  readonly declared: string;
  readonly commands: readonly string[];
}

const NEEDS_APPROVAL = "needs_approval";
const Question = v.object({ root: v.string(), declared: v.string(), commands: v.array(v.string()) });

/**
 * May what a project declares be run here? Refused with `needs_approval` until this user has agreed to these very declarations, or to
 * the run whose agents made them; nothing declared needs no word.
 */
export async function checksConsent(
  { home, consent }: { readonly home: string; readonly consent: ConsentPolicy },
  question: ChecksInQuestion,
  executionId: string | null,
): Promise<Refusal | undefined> {
  const { root, declared, commands } = question;
  if (consent === "always" || commands.length === 0) return undefined;
  if (await isApproved(home, { kind: "checks", root, declared })) return undefined;
  if (executionId !== null && (await isApproved(home, { kind: "run", execution_id: executionId }))) return undefined;
  const texts = commands.map(shown);
  return refuse(
    NEEDS_APPROVAL,
    `Nobody has agreed to the checks that ${shown(root)} declares: ${texts.join("; ")}`,
    "Show them to the person: only they can agree, with `ouroboros approve --checks` in that folder. Then call again",
    { root, declared, commands: texts },
  );
}

/** What a refusal asks somebody to agree to; undefined when it says no for another reason. */
export function checksQuestionIn({ code, facts }: Refusal): ChecksInQuestion | undefined {
  const read = v.safeParse(Question, facts);
  return code === NEEDS_APPROVAL && read.success ? read.output : undefined;
}
