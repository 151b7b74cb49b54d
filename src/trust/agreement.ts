import type { Refusal } from "../base/refusal.ts";
import { checksQuestionIn } from "./checks-consent.ts";
import type { Matter } from "./matter.ts";
import { questionIn } from "./seed-consent.ts";
import { shown } from "./shown.ts";

/** What a refusal asks somebody to agree to, every text as it may be shown. */
export interface Agreement {
  readonly matter: Exclude<Matter, { readonly kind: "run" }>;
  /** The seed's goal, or the project's folder. */
  readonly about: string;
  readonly commands: readonly string[];
}

/** What a refusal asks for: commands of a seed, or those that a project declares; undefined when it says no for another reason. */
export function agreementIn(refusal: Refusal): Agreement | undefined {
  const seed = questionIn(refusal);
  if (seed) {
    const { goal, seed_hash, commands } = seed;
    return { matter: { kind: "seed", hash: seed_hash }, about: goal, commands };
  }
  const checks = checksQuestionIn(refusal);
  if (!checks) return undefined;
  const { root, declared, commands } = checks;
  return { matter: { kind: "checks", root, declared }, about: shown(root), commands };
}
