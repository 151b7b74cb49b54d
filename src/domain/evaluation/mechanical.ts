/** The kinds of checks that a project declares, in the order in which they are run: what is quick and explains the rest first. */
export const MECHANICAL_KINDS = ["lint", "static", "build", "test", "coverage"] as const;
export type MechanicalKind = (typeof MECHANICAL_KINDS)[number];

/** `not_applicable`: nobody asks for it, and it counts as nothing. `unverifiable`: it was asked for and could not be told. */
export type MechanicalVerdict = "pass" | "fail" | "not_applicable" | "unverifiable";

/** What one of the project's own checks came to. */
export interface MechanicalResult {
  readonly kind: MechanicalKind;
  readonly verdict: MechanicalVerdict;
  readonly command: string | null;
  /** Where the project says so, such as `package.json scripts.test`. */
  readonly source: string | null;
  /** `.`, or the sub-project. */
  readonly folder: string;
  /** In words, with what to do where something can be done. */
  readonly reason: string;
  readonly exit_code: number | null;
  readonly ms: number;
  readonly output_hash: string | null;
  /** Of the lines, from 0 to 1: what can be relied on where the output shows more than one figure. */
  readonly coverage: number | null;
  readonly tools: Readonly<Record<string, string>>;
  /** It failed on the untouched tree as well, and complained of other things there. */
  readonly unlike_before?: boolean | undefined;
}

/** The results on two trees, compared. */
export interface MechanicalChanges {
  /** Passed on the untouched tree, and fails now. */
  readonly regressions: readonly MechanicalResult[];
  /** Fails now as it did before: worth telling, and nobody's fault here. */
  readonly failing_before: readonly MechanicalResult[];
  /** Failed before, and fails now for something else: whether that is new nobody can tell. */
  readonly failing_otherwise: readonly MechanicalResult[];
  /** Fails now, and nothing is known of before. */
  readonly new_failures: readonly MechanicalResult[];
  /** Passed before and says nothing any more, as tests do that were taken away. These are the results from before. */
  readonly lost: readonly MechanicalResult[];
}

/** Compares what the checks say now with what they said on the untouched tree. */
export function regressionsOf(
  before: readonly MechanicalResult[],
  after: readonly MechanicalResult[],
): MechanicalChanges {
  const failing = after
    .filter(({ verdict }) => verdict === "fail")
    .map((now) => ({ now, earlier: verdictOf(before, now) }));
  const those = (verdict: MechanicalVerdict) =>
    failing.filter(({ earlier }) => earlier === verdict).map(({ now }) => now);
  const passed = before.filter(({ verdict }) => verdict === "pass");
  return {
    regressions: those("pass"),
    failing_before: those("fail").filter((now) => !now.unlike_before),
    failing_otherwise: those("fail").filter((now) => now.unlike_before),
    new_failures: those("unverifiable"),
    lost: passed.filter((earlier) => verdictOf(after, earlier) === "unverifiable"),
  };
}

/** What others say of the same check: the same declaration where it is there, else all of its kind and folder if they agree. */
function verdictOf(others: readonly MechanicalResult[], { kind, folder, source }: MechanicalResult): MechanicalVerdict {
  const alike = others.filter((other) => other.kind === kind && other.folder === folder);
  const same = alike.filter((other) => other.source === source);
  const verdicts = new Set((same.length > 0 ? same : alike).map(({ verdict }) => verdict));
  const [only] = verdicts;
  return verdicts.size === 1 && (only === "pass" || only === "fail") ? only : "unverifiable";
}
