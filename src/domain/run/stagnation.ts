/** A way of thinking that an agent is asked to take on when its own has led nowhere. */
export const PERSONA_NAMES = ["hacker", "researcher", "simplifier", "architect", "contrarian"] as const;
export type Persona = (typeof PERSONA_NAMES)[number];

/** How attempts at one criterion lead nowhere. */
export type Stagnation = "spinning" | "oscillation" | "no_drift" | "diminishing_returns";

/** What an attempt left behind, small enough to be compared. */
export interface Trace {
  /** Hash of the facts of its failure. */
  readonly failure_hash: string;
  /** Hash of the tree it left; null where there is none, which is like no other. */
  readonly tree_hash: string | null;
  /** What this attempt alone has changed. */
  readonly files_changed: number;
  /** Null where nobody has counted. */
  readonly lines_changed: number | null;
  /** What it was asked to think like. */
  readonly persona: Persona | null;
}

/**
 * The pattern that the newest attempts show, the most certain first. With an attempt as the pair of its failure and its tree:
 * spinning is A A, oscillation A B A B, no drift an attempt that changed no file, diminishing returns the same failure once
 * more after less change than before.
 */
export function stagnationOf(traces: readonly Trace[]): Stagnation | null {
  const [last, before, third, fourth] = traces.slice(-4).reverse();
  if (last === undefined) return null;
  if (before && isSame(last, before)) return "spinning";
  // A and B differ here, or the line above had spoken.
  if (before && third && fourth && isSame(last, third) && isSame(before, fourth)) return "oscillation";
  if (last.files_changed === 0) return "no_drift";
  return before && last.failure_hash === before.failure_hash && isLess(last, before) ? "diminishing_returns" : null;
}

/** Who may see what others did not: the first of a pattern's personas that was not tried yet, at last the contrarian again. */
export function personaFor(pattern: Stagnation, traces: readonly Trace[]): Persona {
  const tried = new Set(traces.map(({ persona }) => persona));
  return SUITED[pattern].find((persona) => !tried.has(persona)) ?? "contrarian";
}

/** By what each is good at: ways around, facts, less, another structure; a contrarian doubts any of them. */
const SUITED: Readonly<Record<Stagnation, readonly Persona[]>> = {
  spinning: ["hacker", "contrarian"],
  oscillation: ["architect", "simplifier", "contrarian"],
  no_drift: ["researcher", "architect", "contrarian"],
  diminishing_returns: ["simplifier", "researcher", "contrarian"],
};

function isSame(a: Trace, b: Trace): boolean {
  return a.failure_hash === b.failure_hash && a.tree_hash !== null && a.tree_hash === b.tree_hash;
}

function isLess(a: Trace, b: Trace): boolean {
  if (a.files_changed !== b.files_changed) return a.files_changed < b.files_changed;
  return a.lines_changed !== null && b.lines_changed !== null && a.lines_changed < b.lines_changed;
}
