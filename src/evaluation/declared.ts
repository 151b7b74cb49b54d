import type { MechanicalKind } from "../domain/evaluation/mechanical.ts";

/** A check as a project declares it. */
export interface DeclaredCheck {
  readonly kind: MechanicalKind;
  /** `.`, or the sub-project it is run in. */
  readonly folder: string;
  /** Where the project says so, such as `package.json scripts.test`. */
  readonly source: string;
  /** A line for the shell; null where it may not be run. */
  readonly command: string | null;
  /** What the script or target behind the command says, for whoever is asked to agree to it. */
  readonly script: string | null;
  /** Why it says nothing or may not be run, with what to do about it. */
  readonly fault: string | null;
}

/** What a project declares about how it is checked: data, of which nothing was run. */
export interface Declared {
  /** In the order in which they are run. A kind that is not there is declared by nobody. */
  readonly checks: readonly DeclaredCheck[];
  readonly timeoutMs: number;
  /** The share of lines from which on coverage passes. */
  readonly coverageThreshold: number;
  /** What was passed over: unknown settings, more sub-projects than are looked at. */
  readonly notes: readonly string[];
  /** Of the commands and of the texts that say what they do: agreement is bound to it. */
  readonly hash: string;
}

/** A check that one part of a folder could declare, before it is decided who speaks for the folder. */
export interface Candidate extends Omit<DeclaredCheck, "folder"> {
  /** The project says it in so many words; false where it only follows from the tools it uses. */
  readonly isOwn: boolean;
}

/** A check that follows from a tool the project uses. */
export function byTool(kind: MechanicalKind, source: string, command: string): Candidate {
  return { kind, source, command, script: null, fault: null, isOwn: false };
}

/** A declaration that cannot be followed. */
export function faulty(kind: MechanicalKind, source: string, fault: string, script: string | null = null): Candidate {
  return { kind, source, command: null, script, fault, isOwn: true };
}
