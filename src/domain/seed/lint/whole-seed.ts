import { type MisspeltKey, misspeltWords } from "../misspelt-keys.ts";
import type { Principle, Seed } from "../seed.ts";
import { atCriterion, type Finding } from "./finding.ts";

/** What concerns the seed as a whole, and files nobody would find. */
export function wholeFindings({ criteria, ontology, principles, misspelt }: Seed): Finding[] {
  return [
    ...misspelt.map(misspeltFinding),
    ...criteria.flatMap(({ expected_artifacts }, index) => artifactFindings(expected_artifacts, index)),
    ...(ontology && ontology.fields.length > 0 ? [] : [ONTOLOGY_EMPTY]),
    ...weightFindings(principles),
  ];
}

const NOT_KEPT = /^(?:.*\/)?(?:\.git|\.hg|\.svn|node_modules|__pycache__|\.venv)(?:\/|$)/i;

function artifactFindings(artifacts: readonly string[], index: number): Finding[] {
  return artifacts
    .filter((path) => NOT_KEPT.test(path))
    .map((path) => ({
      severity: "warning",
      where: atCriterion(index, "expected_artifacts"),
      code: "artifact_not_kept",
      message: `${path} is no part of the work: such folders are left out when it is compared and merged`,
      repair: { what: "Expect the others only", value: artifacts.filter((one) => !NOT_KEPT.test(one)) },
    }));
}

function misspeltFinding(one: MisspeltKey): Finding {
  return { severity: "warning", where: one.where, code: "key_misspelt", message: misspeltWords(one) };
}

const ONTOLOGY_EMPTY: Finding = {
  severity: "warning",
  where: "ontology_schema.fields",
  code: "ontology_empty",
  message: "Name the things this is about: without fields no later generation can be compared with this one",
};

const CLOSE = 0.01;

/** Left at 1 each they count alike; given as shares they make 1 together. Anything else was a slip. */
function weightFindings(principles: readonly Principle[]): Finding[] {
  const sum = principles.reduce((total, { weight }) => total + weight, 0);
  const isAlike = principles.every(({ weight }) => weight === principles[0]?.weight) && sum > 0;
  if (principles.length < 2 ? principles.length === 0 || sum > 0 : isAlike || Math.abs(sum - 1) <= CLOSE) return [];
  const where = "evaluation_principles";
  if (sum === 0)
    return [{ severity: "warning", where, code: "weights", message: "Every weight is 0: nothing would count" }];
  const value = principles.map(({ name, weight }) => ({ name, weight: Math.round((weight / sum) * 1000) / 1000 }));
  const message = `The weights make ${Math.round(sum * 1000) / 1000} together: write shares of 1, or leave them all out`;
  return [{ severity: "info", where, code: "weights", message, repair: { what: "The same as shares of 1", value } }];
}
