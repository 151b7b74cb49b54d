import { artifactFault, tidyArtifact } from "./artifact-path.ts";
import { verifyFindings } from "./lint/verify-command.ts";
import type { Criterion, Seed } from "./seed.ts";
import { wordsOf } from "./similarity.ts";

/** A criterion as the next generation is to have it; null keeps what there is. */
export interface RefinedCriterion {
  /** Null for a new one. */
  readonly key: string | null;
  readonly description: string;
  readonly verify_command: string | null;
  readonly output_assertion: string | null;
  readonly expected_artifacts: readonly string[] | null;
  readonly why: string;
}

export interface OntologyMutation {
  readonly action: "add" | "modify" | "remove";
  readonly field_name: string;
  readonly field_type: string | null;
  readonly description: string | null;
  readonly reason: string;
}

/** What a seed becomes after a generation, in a mind's view. */
export interface Reflection {
  readonly refined_goal: string;
  readonly refined_constraints: readonly string[];
  readonly criteria: readonly RefinedCriterion[];
  readonly removed: readonly { readonly key: string; readonly why: string }[];
  readonly ontology_mutations: readonly OntologyMutation[];
  readonly reasoning: string;
}

/** So much of a constraint's words have to stand in one of the refined ones; else it was dropped. */
const SAME_CONSTRAINT = 0.5;

/**
 * What in a reflection does not go with its seed, or would make it ask for less: a criterion lost without a word, one that
 * holds removed or left with less of a check, a constraint dropped, a check that proves nothing.
 */
export function reflectionFaults(parent: Seed, reflection: Reflection, passing: ReadonlySet<string>): string[] {
  const { criteria, removed, refined_constraints, ontology_mutations } = reflection;
  const named = [...criteria, ...removed].flatMap(({ key }) => key ?? []);
  const old = new Map(parent.criteria.map((criterion) => [criterion.key, criterion]));
  const dropped = parent.constraints.filter((one) => !refined_constraints.some((other) => isKept(one, other)));
  return [
    ...[...old.keys()].flatMap((key) => {
      const times = named.filter((one) => one === key).length;
      return times === 1
        ? []
        : [`criteria: ${key} has to stand once in criteria or in removed; it stands ${times} times`];
    }),
    ...named
      .filter((key) => !old.has(key))
      .map((key) => `criteria: there is no ${key}; a new criterion has the key null`),
    ...(criteria.length === 0 ? ["criteria: nothing is left to be true"] : []),
    ...removed.filter(({ key }) => passing.has(key)).map(({ key }) => `removed: ${key} holds, so it stays`),
    ...criteria.flatMap((one) => criterionFaults(one, old.get(one.key ?? ""), passing.has(one.key ?? ""))),
    ...dropped.map(
      (one) => `refined_constraints: ${JSON.stringify(one)} is dropped; keep it, or refine it in its own words`,
    ),
    ...ontologyFaults(parent, ontology_mutations),
  ];
}

function criterionFaults(one: RefinedCriterion, old: Criterion | undefined, holds: boolean): string[] {
  const where = `criteria: ${one.key ?? JSON.stringify(one.description.slice(0, 60))}`;
  const faults: string[] = [];
  const command = one.verify_command ?? old?.verify_command ?? null;
  if (one.output_assertion !== null && command === null) {
    faults.push(`${where}: there is no command whose output output_assertion could be about`);
  }
  const replaces = one.verify_command !== null && one.verify_command !== old?.verify_command;
  if (holds && replaces && old?.output_assertion && one.output_assertion === null) {
    faults.push(
      `${where}: it holds, and its check says what the output must show; give the new one an output_assertion too`,
    );
  }
  const artifacts = one.expected_artifacts?.map(tidyArtifact) ?? [];
  for (const path of artifacts) {
    const fault = artifactFault(path);
    if (fault !== undefined) faults.push(`${where}: ${JSON.stringify(path)}: ${fault}`);
  }
  const lost =
    one.expected_artifacts === null ? [] : (old?.expected_artifacts.filter((path) => !artifacts.includes(path)) ?? []);
  if (holds && lost.length > 0) faults.push(`${where}: it holds with ${lost.join(", ")}, which stay expected`);
  if (replaces) faults.push(...commandFaults(one, where));
  return faults;
}

function commandFaults({ description, verify_command }: RefinedCriterion, where: string): string[] {
  const bare = { ...EMPTY, description, verify_command };
  return verifyFindings([bare], "linux")
    .filter(({ severity, code }) => severity === "error" || code === "verify_proves_nothing" || code === "verify_prose")
    .map(({ message }) => `${where}: verify_command: ${message}`);
}

const EMPTY = {
  key: "",
  expected_artifacts: [],
  output_assertion: null,
  verify_exemption_reason: null,
  investment: null,
  depends_on: [],
} as const;

function isKept(constraint: string, other: string): boolean {
  if (constraint === other) return true;
  const words = [...wordsOf(constraint)];
  const kept = wordsOf(other);
  return words.filter((word) => kept.has(word)).length >= SAME_CONSTRAINT * words.length;
}

function ontologyFaults({ ontology }: Seed, mutations: readonly OntologyMutation[]): string[] {
  const fields = new Set(ontology?.fields.map(({ name }) => name));
  return mutations.flatMap(({ action, field_name }) => {
    const isThere = fields.has(field_name);
    if (action === "add") fields.add(field_name);
    if (action === "remove") fields.delete(field_name);
    if (action === "add" ? !isThere : isThere) return [];
    return [
      `ontology_mutations: cannot ${action} ${field_name}: ${isThere ? "it is there already" : "there is no such field"}`,
    ];
  });
}
