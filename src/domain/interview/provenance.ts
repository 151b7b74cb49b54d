/**
 * Where an answer comes from. A person's word and what was assumed on purpose are decisions; what somebody read in code or
 * looked up is an observation: it informs questions, and decides nothing.
 */
export const SOURCES = ["person", "code", "research", "assumed", "later"] as const;
export type Source = (typeof SOURCES)[number];

/** Upstream's prefixes and sentinels, as hosts write them at the head of an answer. */
const PREFIXES: ReadonlyMap<string, Source> = new Map([
  ["from-user", "person"],
  ["from-code", "code"],
  ["from-repo", "code"],
  ["from-data", "research"],
  ["from-research", "research"],
  ["from-auto", "assumed"],
  ["decide_later", "later"],
  ["deferred", "later"],
]);

/** After so many observations in a row the next answer is the person's: it is their project. */
const MOST_OBSERVED_IN_A_ROW = 3;

/** An answer without the marks at its head, and what they said; unmarked answers are a person's. */
export function readProvenance(answer: string): { readonly text: string; readonly source: Source } {
  let text = answer.trim();
  let source: Source = "person";
  for (;;) {
    const mark = /^\[([a-z_-]+)\]\s*/i.exec(text);
    const named = mark?.[1]?.toLowerCase();
    if (!mark || named === undefined) break;
    const found = PREFIXES.get(named);
    // Refinements such as [refined] follow a known mark; brackets at the head of prose are prose.
    if (found === undefined && text === answer.trim()) break;
    source = found ?? source;
    text = text.slice(mark[0].length);
  }
  return { text: text.trim(), source };
}

/** Does a person or a deliberate assumption stand behind it? */
export function isDecision(source: Source): boolean {
  return source === "person" || source === "assumed";
}

function isObservation(source: Source): boolean {
  return source === "code" || source === "research";
}

/** Whether the next answer has to be the person's, after these answers in their order. */
export function isPersonsTurn(sources: readonly Source[]): boolean {
  const latest = sources.slice(-MOST_OBSERVED_IN_A_ROW);
  return latest.length === MOST_OBSERVED_IN_A_ROW && latest.every(isObservation);
}
