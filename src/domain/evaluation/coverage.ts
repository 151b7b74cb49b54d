import { plainLines } from "./plain-lines.ts";

/** What an output shows of how much of the code was run, from 0 to 1. Several totals give the least and the most of them. */
export interface Coverage {
  readonly low: number;
  readonly high: number;
}

/** Reads the totals of lines (or statements) that the common coverage tools print; null where there is none. */
export function readCoverage(output: string): Coverage | null {
  const lines = plainLines(output);
  const found = [...tableTotals(lines), ...totalRows(lines), ...summaries(lines), ...goPackages(lines)];
  const shares = found.filter((percent) => percent >= 0 && percent <= 100).map((percent) => percent / 100);
  return shares.length === 0 ? null : { low: Math.min(...shares), high: Math.max(...shares) };
}

/** Is a threshold reached? Undefined where the totals lie on both sides of it. */
export function isCovered({ low, high }: Coverage, threshold: number): boolean | undefined {
  if (low >= threshold) return true;
  return high < threshold ? false : undefined;
}

const LINES_COLUMN = /^(?:% ?)?lines?(?: ?%)?$/i;
const TOTAL_ROW = /^(?:all files|total)$/i;

/** Tables of istanbul, c8, Jest, Vitest, Bun, Node, Deno and coverlet: a column for lines, a row for everything. */
function tableTotals(lines: readonly string[]): number[] {
  let column = -1;
  const totals: number[] = [];
  for (const line of lines) {
    if (!line.includes("|")) continue;
    // Node puts a mark before each line when it is not at a terminal; some tables have an edge, too.
    const cells = line
      .replace(/^\s*(?:#|ℹ)?\s*\|?/, "")
      .split("|")
      .map((cell) => cell.trim());
    const header = cells.findIndex((cell) => LINES_COLUMN.test(cell));
    if (header > 0) column = header;
    else if (column > 0 && TOTAL_ROW.test(cells[0] ?? "")) totals.push(...percentIn(cells[column]));
  }
  return totals;
}

/** `TOTAL` as coverage.py and gcovr have it, with one percentage, and llvm-cov, whose third one is that of the lines. */
function totalRows(lines: readonly string[]): number[] {
  return lines.flatMap((line) => {
    const rest = /^TOTAL((?:\s+(?:\d+|-|\d+(?:\.\d+)?%))+)\s*$/.exec(line)?.[1];
    const percents = (rest ?? "").split(/\s+/).filter((word) => word.endsWith("%"));
    return percentIn(percents[2] ?? percents[0]);
  });
}

/** A line that says it all, as each tool words it. */
const SUMMARIES: readonly RegExp[] = [
  // istanbul's text-summary, lcov and gcovr.
  /^\s*lines\s*(?:\.{2,})?:\s*(\d+(?:\.\d+)?)% \(/i,
  /^\s*Lines\s+:\s*(\d+(?:\.\d+)?)%/,
  // tarpaulin
  /^(\d+(?:\.\d+)?)% coverage, \d+\/\d+ lines covered/,
  // SimpleCov, old and new, and its formatter for terminals
  /^Line Coverage: (\d+(?:\.\d+)?)% \(/i,
  /\d+ \/ \d+ LOC \((\d+(?:\.\d+)?)%\) covered/,
  /^COVERAGE:\s+(\d+(?:\.\d+)?)% -- \d+\/\d+ lines/,
  // mix test --cover, and excoveralls
  /^\s*(\d+(?:\.\d+)?)% \| Total\s*$/,
  /^\[TOTAL\]\s+(\d+(?:\.\d+)?)%/,
  // go tool cover -func
  /^total:\s+\(statements\)\s+(\d+(?:\.\d+)?)%/,
  // pytest-cov with a threshold, and whoever words it plainly
  /\bTotal coverage:\s*(\d+(?:\.\d+)?)\s*%/i,
  /^\s*(?:overall |code |line )?coverage\s*[:=]\s*(\d+(?:\.\d+)?)\s*%\s*$/i,
];

function summaries(lines: readonly string[]): number[] {
  const text = phpunitSummary(lines);
  return text.flatMap((line) => {
    for (const pattern of SUMMARIES) {
      const found = pattern.exec(line)?.[1];
      if (found !== undefined) return [Number(found)];
    }
    return [];
  });
}

/** PHPUnit prints the same for each class below its summary: those lines are no totals. */
function phpunitSummary(lines: readonly string[]): readonly string[] {
  const start = lines.findIndex((line) => /^Code Coverage Report/.test(line));
  if (start === -1) return lines;
  const end = lines.findIndex((line, at) => at > start && /^\s*Lines:/.test(line));
  return end === -1 ? lines : lines.slice(0, end + 1);
}

/** One figure a package, and no total: `… of statements in ./...` counts the code of others, so that it tells nothing alone. */
function goPackages(lines: readonly string[]): number[] {
  if (lines.some((line) => line.startsWith("total:"))) return [];
  return lines.flatMap((line) => {
    const found = /^(?:ok\s|\s+\S+\s).*\bcoverage: (\d+(?:\.\d+)?)% of statements\s*$/.exec(line)?.[1];
    return found === undefined ? [] : [Number(found)];
  });
}

function percentIn(cell: string | undefined): number[] {
  const found = /^(\d+(?:\.\d+)?)\s*%?$/.exec(cell ?? "")?.[1];
  return found === undefined ? [] : [Number(found)];
}
