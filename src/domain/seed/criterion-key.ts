import { canonicalJson } from "../../base/canonical-json.ts";
import { sha256 } from "../../base/sha256.ts";
import type { CriterionShape } from "./criterion-shape.ts";

/** As upstream spells a criterion's key. */
const KEY = /^ac_[0-9a-f]{16}$/;

/**
 * One key for each criterion, in their order: the key it names itself, if that is one and no earlier criterion has it; else
 * `ac_` and the first 16 digits of the SHA-256 of its contract (`contractOf`). It says nothing about the other
 * criteria, so it outlives their rewording and any new order; only exact copies are told apart, by a count.
 */
export function keysOf(criteria: readonly CriterionShape[]): string[] {
  const taken = new Set<string>();
  // Named keys first: a copy of a criterion must not take the key by which another is known.
  const named = criteria.map(({ semantic_ac_key: key }) => {
    if (key === null || !KEY.test(key) || taken.has(key)) return undefined;
    taken.add(key);
    return key;
  });
  const copies = new Map<string, number>();
  return criteria.map((one, index) => {
    const own = named[index];
    if (own !== undefined) return own;
    const contract = contractOf(one);
    for (let copy = copies.get(contract) ?? 1; ; copy++) {
      const key = `ac_${sha256(copy === 1 ? contract : `${contract}#${copy}`).slice(0, 16)}`;
      if (taken.has(key)) continue;
      taken.add(key);
      copies.set(contract, copy + 1);
      return key;
    }
  });
}

/**
 * What a criterion demands: its description (NFC, runs of white space as one space), verify command, artifacts in
 * alphabetical order, and output assertion, as canonical JSON. Not what it depends on: that would be another's key.
 */
function contractOf({ description, verify_command, expected_artifacts, output_assertion }: CriterionShape): string {
  return canonicalJson({
    description: description.normalize("NFC").replace(/\s+/gu, " "),
    verify_command,
    expected_artifacts: [...new Set(expected_artifacts)].sort(),
    output_assertion,
  });
}
