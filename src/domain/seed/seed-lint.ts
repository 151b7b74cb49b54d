import { contradictionFindings } from "./lint/contradictions.ts";
import { dependencyFindings } from "./lint/dependencies.ts";
import { duplicateFindings } from "./lint/duplicates.ts";
import type { Finding, LintCode } from "./lint/finding.ts";
import { verifyFindings } from "./lint/verify-command.ts";
import { wholeFindings } from "./lint/whole-seed.ts";
import { wordingFindings } from "./lint/wording.ts";
import type { Seed } from "./seed.ts";

/** Every code and what it means. An error would make a run fail or do harm; a warning is a person's to judge. */
export const LINT_CODES: Readonly<Record<LintCode, string>> = {
  untestable: "nothing in the criterion can be observed: words such as fast or intuitive, without a measure",
  placeholder: "the text is not finished: a gap, a question, or an open end such as “etc.”",
  compound: "two things in one criterion: one may hold and the other not",
  duplicate: "two criteria say the same",
  near_duplicate: "two criteria say almost the same",
  possible_contradiction: "a criterion or its check seems to need what a constraint forbids",
  depends_unknown: "depends_on names a criterion that is not there",
  depends_cycle: "criteria wait for each other",
  artifact_not_kept: "an expected file lies where nothing is kept, such as .git or node_modules",
  verify_missing: "neither a verify command nor a reason why there is none",
  verify_proves_nothing: "the verify command succeeds whatever was done",
  verify_prose: "the verify command begins with no program's name: it reads like a sentence",
  verify_destructive: "the verify command destroys work, or what is outside the project",
  verify_remote_code: "the verify command runs what it downloads",
  verify_needs_root: "the verify command asks for an administrator's rights, which it will not get",
  verify_background: "the verify command leaves something running behind it",
  verify_interactive: "the verify command waits for a person",
  verify_never_ends: "the verify command runs until it is stopped",
  verify_home_path: "the verify command names somebody's own folder: it fails on every other machine",
  verify_not_portable: "the verify command needs another platform's shell or programs",
  key_misspelt: "a key that nothing reads, almost like one that means something",
  ontology_empty: "no ontology: nothing says what the words of this seed mean, and generations cannot be compared",
  weights: "the principles' weights are no shares of one whole",
};

/**
 * What is doubtful about a seed, in the order of the seed; repairs are proposed, never made. Words are judged in English
 * only, and only where a text is English; everything else goes by structure and holds for every script.
 */
export function lintSeed(seed: Seed, { platform }: { readonly platform: string }): Finding[] {
  return [
    ...wordingFindings(seed.criteria),
    ...duplicateFindings(seed.criteria),
    ...contradictionFindings(seed),
    ...dependencyFindings(seed.criteria),
    ...verifyFindings(seed.criteria, platform),
    ...wholeFindings(seed),
  ];
}
