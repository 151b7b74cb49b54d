/** What a check says of the work: `unverifiable` is neither, and counts as neither. */
export type CheckVerdict = "pass" | "fail" | "unverifiable";

/** Why a check says nothing. */
export type UnverifiableCause =
  | "nothing_to_check"
  | "environment"
  | "non_portable"
  | "timed_out"
  | "stopped"
  | "bad_assertion"
  | "output_too_long";

/** One thing that was looked at, in the order in which it was. */
export interface CheckOutcome {
  readonly what: "artifact" | "command" | "assertion";
  readonly ok: boolean;
  readonly detail: string;
}

/** What came of checking one criterion's work, by us, in the folder it was done in. */
export interface Verification {
  readonly criterion_key: string;
  readonly verdict: CheckVerdict;
  /** In words for a person; it may say what a worker is not to know. */
  readonly reason: string;
  readonly cause: UnverifiableCause | null;
  readonly checks: readonly CheckOutcome[];
  readonly command: string | null;
  readonly assertion: string | null;
  readonly missing_artifacts: readonly string[];
  /** Of the run that decided: the one with the original checks where the work had changed them. */
  readonly exit_code: number | null;
  readonly timed_out: boolean;
  readonly output: Uint8Array;
  readonly output_truncated: boolean;
  readonly ms: number;
  /** The work that was checked. */
  readonly tree_hash: string | null;
  readonly commit: string | null;
  /** Checks that the work changed or removed, and settings it added that bend them; without that was decided. */
  readonly edited_checks: readonly string[];
  /** What the command came to with those checks as the work left them. */
  readonly as_left: { readonly ok: boolean; readonly exit_code: number | null } | null;
  /** Able to make a check succeed and meant for all that can be told: settings that were added, programs that the check runs. */
  readonly suspects: readonly string[];
  /** The check changed the tree; what it changed was thrown away. */
  readonly mutated: boolean;
  readonly flaky: boolean;
  /** Versions of what it ran on. */
  readonly tools: Readonly<Record<string, string>>;
}

/** A link of a run's chain of evidence: enough to check again, and to notice that something else was checked. */
export interface Evidence {
  readonly seed_hash: string;
  readonly criterion_key: string;
  readonly verdict: CheckVerdict;
  readonly tree_hash: string | null;
  readonly commit: string | null;
  readonly command: string | null;
  readonly exit_code: number | null;
  readonly output_hash: string;
  readonly tools: Readonly<Record<string, string>>;
}

/** The evidence in a verification, its output under the hash it was stored by. */
export function evidenceOf(
  verification: Verification,
  hashes: { readonly seed_hash: string; readonly output_hash: string },
): Evidence {
  const { criterion_key, verdict, tree_hash, commit, command, exit_code, tools } = verification;
  const { seed_hash, output_hash } = hashes;
  return { seed_hash, criterion_key, verdict, tree_hash, commit, command, exit_code, output_hash, tools };
}

const LONGEST_FACTS = 4_000;
const LONGEST_LIST = 1_000;
/** Of the output, before what may not be told is taken out. */
const LONGEST_TAIL = 16_384;

/** What whoever tries again is told of a failure: never what the check is, so that it cannot be worked towards. */
export function failureFacts(verification: Verification): string {
  const { exit_code, timed_out, missing_artifacts, edited_checks, as_left, command, assertion, flaky } = verification;
  const facts: string[] = [];
  if (missing_artifacts.length > 0)
    facts.push(`These files are expected and missing or empty: ${list(missing_artifacts)}`);
  if (edited_checks.length > 0) {
    facts.push(
      `Leave these files as they were, or out if they are new, as they decide about checks: ${list(edited_checks)}`,
    );
    if (as_left?.ok === true) facts.push("With them as they were before, the check fails.");
  }
  if (timed_out) facts.push("The check was not done in its time: look for something that waits or does not end.");
  else if (exit_code !== null && exit_code !== 0) facts.push(`The check ended with exit code ${exit_code}.`);
  else if (exit_code === 0 && verification.verdict === "fail" && isAssertionUnmet(verification))
    facts.push("The check's command succeeded, but what it printed does not show what is asked for.");
  if (flaky) facts.push("Run again, it came to something else: make it come to the same every time.");
  const told = redact(textOf(verification.output), [command ?? "", bareAssertion(assertion ?? "")]);
  const head = facts.join("\n");
  const room = LONGEST_FACTS - head.length - INTRODUCTION.length;
  const tail = told.trim().slice(-Math.max(0, room));
  return tail === "" ? head : `${head}${INTRODUCTION}${tail}`;
}

const INTRODUCTION = "\nThe end of what it printed:\n";

function isAssertionUnmet({ checks }: Verification): boolean {
  return checks.some(({ what, ok }) => what === "assertion" && !ok);
}

function list(paths: readonly string[]): string {
  const text = paths.map((path) => JSON.stringify(path)).join(", ");
  return text.length > LONGEST_LIST ? `${text.slice(0, LONGEST_LIST)}…` : text;
}

function bareAssertion(assertion: string): string {
  return /^\/(.+)\/[a-z]*$/s.exec(assertion.trim())?.[1] ?? assertion;
}

function textOf(output: Uint8Array): string {
  const text = new TextDecoder().decode(output.subarray(-LONGEST_TAIL));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/\u001b\[[\d;?]*[A-Za-z]/g, "").replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");
}

/** A part of a secret of so many letters is as good as the secret. */
const LONG_PART = 20;
/** Anything shorter stands everywhere by chance, and gives nothing away. */
const SHORTEST_SECRET = 3;

/** Takes secrets and long parts of them out of a text, however they are spaced, quoted or capitalised there. */
function redact(text: string, secrets: readonly string[]): string {
  const said = compact(text);
  const hidden = new Uint8Array(text.length);
  for (const secret of secrets) {
    const { letters } = compact(secret);
    if (letters.length < SHORTEST_SECRET) continue;
    const size = Math.min(LONG_PART, letters.length);
    const parts = new Set<string>();
    for (let at = 0; at + size <= letters.length; at++) parts.add(letters.slice(at, at + size));
    for (let at = 0; at + size <= said.letters.length; at++) {
      if (!parts.has(said.letters.slice(at, at + size))) continue;
      hidden.fill(1, said.places[at], (said.places[at + size - 1] ?? 0) + 1);
    }
  }
  let told = "";
  for (let at = 0; at < text.length; at++) {
    if (hidden[at] !== 1) told += text[at];
    else if (hidden[at - 1] !== 1) told += "[…]";
  }
  return told;
}

/** A text without white space, quotes and backslashes, in small letters, and where each of them stands. */
function compact(text: string): { letters: string; places: readonly number[] } {
  let letters = "";
  const places: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const unit = text[at] ?? "";
    if (/[\s'"`\\]/.test(unit)) continue;
    const small = unit.toLowerCase();
    letters += small.length === 1 ? small : unit;
    places.push(at);
  }
  return { letters, places };
}
