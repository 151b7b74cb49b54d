import { type CriterionHistory, type CriterionMatrix, LETTERS } from "../domain/evolution/criterion-history.ts";
import { shortened } from "./run-text.ts";

const DESCRIPTION_CHARS = 50;
const REASON_CHARS = 60;
/** With more criteria than these the stable ones are only counted. */
const SHOWN_WHOLE = 10;

const NONE = "No generation has been evaluated yet";

/** The criteria, those that need somebody first: class, key, trend of the last results, and what is wrong. */
export function criterionTrends({ criteria }: CriterionMatrix): string {
  if (criteria.length === 0) return NONE;
  const hidden = criteria.length > SHOWN_WHOLE ? criteria.filter((one) => one.class === "stable").length : 0;
  const shown = hidden === 0 ? criteria : criteria.filter((one) => one.class !== "stable");
  const lines = shown.map((one) => {
    const wrong = one.class === "stable" || one.reason === null ? "" : `: ${shortened(one.reason, REASON_CHARS)}`;
    const trend = `${one.trend.padEnd(5)} ${one.passed}/${one.results}`;
    return `${one.class.padEnd(10)} ${trend}  ${keyText(one)}  ${shortened(one.description, DESCRIPTION_CHARS)}${wrong}`;
  });
  return [...lines, ...(hidden === 0 ? [] : [`stable     ${hidden} more`])].join("\n");
}

/** Every result there is, criterion by generation: [P] passed, [F] failed, [?] nobody could verify, [ ] was no criterion. */
export function criterionMatrixText({ generations, criteria }: CriterionMatrix): string {
  if (criteria.length === 0) return NONE;
  const widths = generations.map((number) => Math.max(3, String(number).length));
  const head = generations.map((number, column) => String(number).padStart(widths[column] ?? 0)).join(" ");
  const keys = Math.max(...criteria.map((one) => keyText(one).length));
  const lines = criteria.map((one) => {
    const cells = one.row.map((verdict, column) => {
      return `[${verdict === null ? " " : LETTERS[verdict]}]`.padStart(widths[column] ?? 0);
    });
    return `${keyText(one).padEnd(keys)}  ${cells.join(" ")}  ${shortened(one.description, DESCRIPTION_CHARS)}`;
  });
  return [`${"".padEnd(keys)}  ${head}`, ...lines].join("\n");
}

function keyText({ key }: CriterionHistory): string {
  return shortened(key, DESCRIPTION_CHARS);
}
