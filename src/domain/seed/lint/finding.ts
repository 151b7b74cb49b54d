export type LintCode =
  | "untestable"
  | "placeholder"
  | "compound"
  | "duplicate"
  | "near_duplicate"
  | "possible_contradiction"
  | "depends_unknown"
  | "depends_cycle"
  | "artifact_not_kept"
  | "verify_missing"
  | "verify_proves_nothing"
  | "verify_prose"
  | "verify_destructive"
  | "verify_remote_code"
  | "verify_needs_root"
  | "verify_background"
  | "verify_interactive"
  | "verify_never_ends"
  | "verify_home_path"
  | "verify_not_portable"
  | "key_misspelt"
  | "ontology_empty"
  | "weights";

/** Something doubtful in a seed. */
export interface Finding {
  readonly severity: "error" | "warning" | "info";
  /** Dotted path, such as `acceptance_criteria.2.verify_command`. */
  readonly where: string;
  readonly code: LintCode;
  readonly message: string;
  /** What would cure it, for somebody to take over: what stands at `where` then; null for nothing, a list of criteria for several. */
  readonly repair?: { readonly what: string; readonly value: unknown };
}

/** Where the n-th criterion stands in the document. */
export function atCriterion(index: number, key?: string): string {
  return key === undefined ? `acceptance_criteria.${index}` : `acceptance_criteria.${index}.${key}`;
}
