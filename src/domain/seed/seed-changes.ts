import { canonicalJson } from "../../base/canonical-json.ts";
import { tidyArtifact } from "./artifact-path.ts";
import type { RefinedCriterion, Reflection } from "./reflection.ts";
import type { Criterion, Seed } from "./seed.ts";

/** Something a reflection changed, said for whoever reads the child: none of it goes by unseen. */
export interface SeedChange {
  readonly change:
    | "goal_changed"
    | "constraints_changed"
    | "ontology_changed"
    | "reworded"
    | "check_changed"
    | "check_added"
    | "added"
    | "removed";
  /** The criterion it is about, or the field; null for the goal and the constraints. */
  readonly key: string | null;
  readonly why: string;
}

/** Everything in a reflection that is not as it was. */
export function changesOf(parent: Seed, reflection: Reflection): SeedChange[] {
  const { refined_goal, refined_constraints, criteria, removed, ontology_mutations, reasoning } = reflection;
  const old = new Map(parent.criteria.map((criterion) => [criterion.key, criterion]));
  const whole = (change: SeedChange["change"], is: boolean) => (is ? [{ change, key: null, why: reasoning }] : []);
  return [
    ...whole("goal_changed", refined_goal !== parent.goal),
    ...whole("constraints_changed", canonicalJson(refined_constraints) !== canonicalJson(parent.constraints)),
    ...criteria.flatMap((one) => {
      const { key, why, description } = one;
      const was = key === null ? undefined : old.get(key);
      if (was === undefined) return [{ change: "added" as const, key: null, why: `${description}: ${why}` }];
      const is = contractOf(one, was);
      const changes: SeedChange[] = [];
      if (description !== was.description) changes.push({ change: "reworded", key, why });
      if (checkOf(is) !== checkOf(was))
        changes.push({ change: was.verify_command === null ? "check_added" : "check_changed", key, why });
      return changes;
    }),
    ...removed.map(({ key, why }) => ({ change: "removed" as const, key, why })),
    ...ontology_mutations.map(({ field_name, reason }) => ({
      change: "ontology_changed" as const,
      key: field_name,
      why: reason,
    })),
  ];
}

type Check = Pick<Criterion, "verify_command" | "output_assertion" | "expected_artifacts">;
type Contract = Check & Pick<Criterion, "verify_exemption_reason">;

/** What a refined criterion demands, with what it keeps of the old one. */
export function contractOf(one: RefinedCriterion, old: Contract | undefined) {
  const { description, verify_command: given, output_assertion: asserted } = one;
  const verify_command = given ?? old?.verify_command ?? null;
  const isSame = verify_command === (old?.verify_command ?? null);
  return {
    description,
    verify_command,
    // What another command printed says nothing about this one.
    output_assertion: asserted ?? (isSame ? (old?.output_assertion ?? null) : null),
    expected_artifacts: one.expected_artifacts?.map(tidyArtifact) ?? old?.expected_artifacts ?? [],
    verify_exemption_reason: verify_command !== null ? null : old ? old.verify_exemption_reason : one.why,
  };
}

function checkOf({ verify_command, output_assertion, expected_artifacts }: Check): string {
  return canonicalJson([verify_command, output_assertion, [...expected_artifacts].sort()]);
}
