import * as v from "valibot";
import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import { type Seed, toSeed } from "../domain/seed/seed.ts";
import { seedHash } from "../domain/seed/seed-hash.ts";
import { isSeedId } from "../domain/seed/seed-id.ts";
import { fromYaml } from "../domain/seed/seed-yaml.ts";
import { isApproved } from "./approvals.ts";
import type { ConsentPolicy } from "./consent-policy.ts";
import { shown } from "./shown.ts";

/** A seed as somebody is asked about it: every text as it may be shown, every command once. */
export interface SeedInQuestion {
  readonly seed_hash: string;
  readonly seed_id: string | null;
  readonly goal: string;
  readonly commands: readonly string[];
}

const NEEDS_APPROVAL = "needs_approval";
const MOST_CHARS = 4_000;
const Question = v.object({
  seed_hash: v.string(),
  seed_id: v.nullable(v.string()),
  goal: v.string(),
  commands: v.array(v.string()),
});

/**
 * May the commands of a seed be run here? Refused with `needs_approval` until this user has agreed to the seed's content; a seed
 * without commands needs no word. `agreed` where that is on record, and not only what the configuration allows.
 */
export async function seedConsent(
  { home, consent }: { readonly home: string; readonly consent: ConsentPolicy },
  text: string,
): Promise<{ readonly agreed: boolean } | Refusal> {
  const question = questionOf(text);
  if (isRefusal(question)) return question;
  if (await isApproved(home, { kind: "seed", hash: question.seed_hash })) return { agreed: true };
  if (consent === "always" || question.commands.length === 0) return { agreed: false };
  return needsApproval(question);
}

/** What somebody would agree to with this seed. */
export function questionOf(text: string): SeedInQuestion | Refusal {
  const document = fromYaml(text);
  if (isRefusal(document)) return document;
  const seed = toSeed(document);
  if (isRefusal(seed)) return seed;
  const { seed_id } = seed;
  return { seed_hash: seedHash(document), seed_id, goal: shown(seed.goal), commands: commandsOf(seed) };
}

/** The next step of that refusal: what the person runs to agree. */
export function agreeWith(command: string): string {
  return `Show them to the person: only they can agree, with \`ouroboros ${command}\` in a terminal. Then try again`;
}

/** What a refusal asks somebody to agree to; undefined when it says no for another reason. */
export function questionIn({ code, facts }: Refusal): SeedInQuestion | undefined {
  const read = v.safeParse(Question, facts);
  return code === NEEDS_APPROVAL && read.success ? read.output : undefined;
}

function commandsOf({ criteria }: Seed): string[] {
  const all = criteria.flatMap(({ verify_command }) => (verify_command === null ? [] : [shown(verify_command)]));
  return [...new Set(all)];
}

function needsApproval(question: SeedInQuestion): Refusal {
  const { commands, seed_id } = question;
  const count = commands.length === 1 ? "a command" : `${commands.length} commands`;
  const message = `Nobody has agreed to this seed on this machine yet: its checks run ${count}: ${listed(commands)}`;
  // It may be pasted into a shell: only what can be an id is named.
  const command = `approve ${seed_id !== null && isSeedId(seed_id) ? seed_id : "FILE"}`;
  return refuse(NEEDS_APPROVAL, message, agreeWith(command), { ...question });
}

/** Commands in one line, as many as one can read; the facts have them all. */
export function listed(commands: readonly string[]): string {
  let room = MOST_CHARS;
  const numbered = commands.map((one, index) => `[${index + 1}] ${one}`);
  const fitting = numbered.filter((one) => {
    room -= one.length;
    return room >= 0;
  });
  const left = commands.length - fitting.length;
  return [...fitting, ...(left === 0 ? [] : [`and ${left} more, too long to show here`])].join(" ");
}
