import type { Criterion } from "./seed.ts";
import { isEmptyDelta, type SeedDelta, type SetDelta } from "./seed-delta.ts";

/** A delta for people: what was added, modified and removed, one line each. */
export function deltaMarkdown(delta: SeedDelta): string {
  const title = `# ${delta.from ?? "a seed"} → ${delta.to ?? "a seed"}`;
  if (isEmptyDelta(delta)) return `${title}\n\nNo difference.\n`;
  const lines = [
    linesOf("Constraint", delta.constraints, (text) => text),
    linesOf("Criterion", delta.criteria, criterionText),
    linesOf("Ontology field", delta.ontology_fields, ({ name, type, description, required }) =>
      join(`${name}: ${type}${required ? "" : ", optional"}`, description),
    ),
    linesOf("Principle", delta.principles, ({ name, description, weight }) => join(`${name} (${weight})`, description)),
    linesOf("Exit condition", delta.exit_conditions, ({ name, description, criteria }) =>
      join(name, join(description, criteria)),
    ),
  ];
  const values = delta.changed.map(({ where, from, to }) => `- ${where}: ${valueText(from)} → ${valueText(to)}`);
  const sections = [
    section(
      "ADDED",
      lines.flatMap(({ added }) => added),
    ),
    section("MODIFIED", [...values, ...lines.flatMap(({ modified }) => modified)]),
    section(
      "REMOVED",
      lines.flatMap(({ removed }) => removed),
    ),
  ];
  return `${[title, ...sections.filter((text) => text !== "")].join("\n\n")}\n`;
}

function linesOf<Item>(what: string, { added, removed, modified }: SetDelta<Item>, text: (item: Item) => string) {
  return {
    added: added.map((item) => `- ${what}: ${oneLine(text(item))}`),
    removed: removed.map((item) => `- ${what}: ${oneLine(text(item))}`),
    modified: modified.map(({ from, to }) => `- ${what}: ${oneLine(text(from))} → ${oneLine(text(to))}`),
  };
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `## ${title}\n\n${lines.join("\n")}`;
}

/** Everything in which two criteria can differ: a change that left no trace in its line would read as none. */
function criterionText(one: Criterion): string {
  const parts: readonly (readonly [string, string])[] = [
    ["verify", one.verify_command ?? ""],
    ["expect", one.expected_artifacts.join(", ")],
    ["assert", one.output_assertion ?? ""],
    ["exempt", one.verify_exemption_reason ?? ""],
    ["after", one.depends_on.join(", ")],
    ["investment", one.investment === null ? "" : JSON.stringify(one.investment)],
  ];
  const details = parts.filter(([, text]) => text !== "").map(([name, text]) => `${name}: ${text}`);
  return `${one.key} ${one.description}${details.length === 0 ? "" : ` (${details.join("; ")})`}`;
}

function valueText(value: unknown): string {
  return oneLine(typeof value === "string" ? value : JSON.stringify(value));
}

function join(a: string, b: string): string {
  return a === "" || b === "" ? a + b : `${a} — ${b}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}
