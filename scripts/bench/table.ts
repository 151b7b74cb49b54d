/** One line of the report. Without a budget it is a figure to know, not one to keep. */
export interface BenchRow {
  readonly what: string;
  readonly measured: string;
  readonly budget?: string;
  readonly verdict: "ok" | "OVER" | "reported";
}

/** A row that is held to a limit: `value` may not be above it, or with `atLeast` not below it. */
export function budgeted(
  what: string,
  value: number,
  limit: { readonly atMost: number } | { readonly atLeast: number },
  words: { readonly measured: string; readonly unit?: string },
): BenchRow {
  const [bound, sign, kept] =
    "atMost" in limit ? [limit.atMost, "≤", value <= limit.atMost] : [limit.atLeast, "≥", value >= limit.atLeast];
  return {
    what,
    measured: words.measured,
    budget: `${sign} ${bound}${words.unit ?? ""}`,
    verdict: kept ? "ok" : "OVER",
  };
}

/** A row that only tells. */
export function reported(what: string, measured: string): BenchRow {
  return { what, measured, verdict: "reported" };
}

/** Milliseconds as a person reads them. */
export function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`;
}

/** Bytes in the unit that keeps them short. */
export function bytes(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} GB`;
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e3).toFixed(0)} kB`;
}

/** The rows as a Markdown table whose columns line up in a terminal too. */
export function toTable(rows: readonly BenchRow[]): string {
  const cells = [
    ["what", "measured", "budget", ""],
    ...rows.map(({ what, measured, budget, verdict }) => [what, measured, budget ?? "–", verdict]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}
