import type { Citation, CriterionJudgement, JudgeAnswer, Judgement } from "./judgement.ts";

/** The text of a line of the judged tree, from 1; null where there is no such file or line. */
export type ReadLine = (path: string, line: number) => string | null;

export interface ForgedCitation {
  readonly citation: Citation;
  /** What does not hold, in words for a person. */
  readonly why: string;
}

export interface CheckedCitations<Cited extends Citation> {
  /** Those that hold, their paths tidied. */
  readonly counting: readonly Cited[];
  readonly forged: readonly ForgedCitation[];
}

/** Judges count lines badly: so far off, what they quote is still found. */
const LINES_OFF = 3;
const MOST_LINES = 60;
/** Anything shorter stands in any file; it quotes something only where it is the whole line. */
const SHORTEST_QUOTE = 8;

/** Tells citations that hold (a file of the tree, the quoted text on that line or close by) from those that do not. */
export function checkCitations<Cited extends Citation>(
  citations: readonly Cited[],
  readLine: ReadLine,
): CheckedCitations<Cited> {
  const counting: Cited[] = [];
  const forged: ForgedCitation[] = [];
  for (const citation of citations) {
    const why = citationFault(citation, readLine);
    if (why === undefined) counting.push({ ...citation, path: tidyPath(citation.path) });
    else forged.push({ citation, why });
  }
  return { counting, forged };
}

/** A judge's answer with nothing in it that does not hold: forged citations go, and with the last of them a `yes` is unclear. */
export function toJudgement(
  answer: JudgeAnswer,
  { by, independence, readLine }: Pick<Judgement, "by" | "independence"> & { readonly readLine: ReadLine },
): { readonly judgement: Judgement; readonly forged: readonly ForgedCitation[] } {
  const checked = answer.criteria.map((one) => ({ one, ...checkCitations(one.citations, readLine) }));
  const criteria = checked.map(({ one, counting }) => withCitations(one, counting));
  return { judgement: { ...answer, criteria, by, independence }, forged: checked.flatMap(({ forged }) => forged) };
}

/** The files that have to be read to check these citations: only paths that lie inside the tree. */
export function citedPaths(citations: readonly Citation[]): string[] {
  return [...new Set(citations.map(({ path }) => tidyPath(path)))].filter((path) => pathFault(path) === undefined);
}

function withCitations(one: CriterionJudgement, citations: readonly Citation[]): CriterionJudgement {
  return { ...one, citations, met: one.met === "yes" && citations.length === 0 ? "unclear" : one.met };
}

function citationFault({ path, line, end_line, quote }: Citation, readLine: ReadLine): string | undefined {
  const file = tidyPath(path);
  const outside = pathFault(file);
  if (outside !== undefined) return outside;
  const last = end_line ?? line;
  if (!Number.isSafeInteger(line) || line < 1 || !Number.isSafeInteger(last) || last < line) {
    return `${line} to ${last} are no lines of a file`;
  }
  if (last - line >= MOST_LINES) return `it is about more than ${MOST_LINES} lines: that points at nothing`;
  const meant = bare(quote);
  if (!/[\p{L}\p{N}]/u.test(meant)) return "it quotes nothing";
  const lines: string[] = [];
  for (let at = Math.max(1, line - LINES_OFF); at <= last + LINES_OFF; at++) {
    const text = readLine(file, at);
    if (text !== null) lines.push(bare(text));
  }
  if (lines.length === 0) return `${file} has no line ${line}, or is not there`;
  const isThere = [...meant].length < SHORTEST_QUOTE ? lines.includes(meant) : lines.join("").includes(meant);
  if (isThere) return undefined;
  return `${JSON.stringify(quote.slice(0, 80))} does not stand in line ${line} of ${file}`;
}

function tidyPath(path: string): string {
  return path.trim().replace(/^(?:\.\/+)+/u, "");
}

function pathFault(path: string): string | undefined {
  const isPlain = path !== "" && !/^[/~]|^[A-Za-z]:|[\\\p{Cc}]/u.test(path);
  const parts = path.split("/");
  if (isPlain && !parts.some((part) => ["", ".", "..", ".git"].includes(part.toLowerCase()))) return undefined;
  return `${JSON.stringify(path.slice(0, 80))} is no file inside the folder`;
}

function bare(text: string): string {
  return text.normalize("NFC").replaceAll(/\s+/gu, "");
}
