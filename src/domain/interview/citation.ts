import type { Citation } from "./ambiguity.ts";
import type { Dimension } from "./dimensions.ts";
import type { Interview } from "./interview.ts";
import { isDecision } from "./provenance.ts";

/** Shorter words are found in any text: they quote nothing, unless they are all that was said. */
const SHORTEST_QUOTE = 4;

/**
 * What is wrong with a citation, or undefined. The quoted words must stand in that round's answer; round 0 is what the
 * interview began with, and for `context` also what was found in the project.
 */
export function citationFault(interview: Interview, { round, quote }: Citation, about?: Dimension): string | undefined {
  const texts = textsOf(interview, round, about);
  if (texts.length === 0) return `round ${round} has no answer`;
  const meant = normalised(quote);
  if (meant === "") return "the quote is empty";
  const found = texts.map(normalised).find((text) => text.includes(meant));
  if (found === undefined) return `${JSON.stringify(quote.slice(0, 80))} does not stand in round ${round}`;
  if ([...meant].length < SHORTEST_QUOTE && found !== meant)
    return `${JSON.stringify(quote)} is too short to be a quote`;
  return undefined;
}

/** Does a decision stand behind it? What was only read in code, looked up or put off decides nothing. */
export function citesDecision({ rounds }: Interview, { round }: Citation): boolean {
  if (round === 0) return true;
  const source = rounds.find(({ number }) => number === round)?.answer?.source;
  return source !== undefined && isDecision(source);
}

/** What is wrong with the sources of one part of a document: none, ones that do not hold, or none that decides where it takes one. */
export function sourceFaults(
  interview: Interview,
  where: string,
  sources: readonly Citation[],
  { needsDecision = true, about }: { readonly needsDecision?: boolean; readonly about?: Dimension } = {},
): string[] {
  if (sources.length === 0) return [`${where}: it has no source; quote the answer it comes from, or drop it`];
  const bad = sources.flatMap((source) => citationFault(interview, source, about) ?? []);
  if (bad.length > 0) return bad.map((fault) => `${where}.sources: ${fault}`);
  if (!needsDecision || sources.some((source) => citesDecision(interview, source))) return [];
  return [`${where}.sources: nobody decided it; a person's answer, an assumption or the wish has to be among them`];
}

/** What is wrong with rounds that are named without a quotation: there are none such, or nothing was said in them. */
export function roundFaults(
  { rounds }: Interview,
  where: string,
  named: readonly { readonly round: number }[],
): string[] {
  const answered = new Set(rounds.flatMap(({ number, answer }) => (answer ? [number] : [])));
  return named.flatMap(({ round }, index) => {
    return round === 0 || answered.has(round) ? [] : [`${where}.${index}: round ${round} has no answer`];
  });
}

function textsOf({ context, project, rounds }: Interview, round: number, about: Dimension | undefined): string[] {
  if (round === 0) return about === "context" && project !== null ? [context, project] : [context];
  return rounds.flatMap(({ number, answer }) => (number === round && answer ? [answer.text] : []));
}

/** Quotes are copied by models, which change spaces, quotation marks and the forms of letters. */
function normalised(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[‘’]/g, "'")
    .replaceAll(/[“”„]/g, '"')
    .replaceAll(/\s+/g, " ")
    .trim();
}
