import { decisionsOf } from "../../../domain/seed/child-seed.ts";
import type { Finding } from "../../../domain/seed/lint/finding.ts";
import type { Seed } from "../../../domain/seed/seed.ts";
import type { SeedView } from "../../../views/seed.ts";
import type { KeptFile } from "../../../workflows/seed/keep-seed-file.ts";
import { fields, lines, oneLine } from "../../render.ts";
import { paint, type Style } from "../../style.ts";
import { proseStyle, wrap } from "../interview/wrap.ts";
import type { MadeSeed } from "./make-seed.ts";

/** A new seed: its id, its file, what a linter would change, and what to do with it. */
export function seedMadeLines(style: Style, made: MadeSeed): string[] {
  const { seed, findings } = made;
  const { width } = proseStyle(style);
  const score = `ambiguity ${(seed.ambiguity_score ?? 1).toFixed(2)}${seed.forced ? ", made before it was clear" : ""}`;
  return [
    ...wrap(`Seed ${seed.seed_id} (${score})`, width).map((line) => paint(style, "bold", line)),
    ...wrap(seed.goal, width),
    ...fileLines(made),
    ...findingLines(style, findings),
    "",
    `Carry it out: ouroboros run ${seed.seed_id}`,
  ];
}

/** Where the file of a stored seed is. A path is never wrapped: somebody will copy it. */
export function fileLines({ path, fileProblem }: KeptFile): string[] {
  return [path === null ? `Its file could not be written: ${fileProblem}` : `File: ${path}`];
}

/** What a linter says, each with its place and the repair it proposes. */
export function findingLines(style: Style, findings: readonly Finding[]): string[] {
  return findings.flatMap(({ severity, where, message, repair, code }) => {
    const colour = severity === "error" ? "red" : severity === "warning" ? "yellow" : "dim";
    const text = `${severity} ${where}: ${message} (${code})${repair ? ` Proposed: ${repair.what}` : ""}`;
    return wrap(oneLine(text), proseStyle(style).width).map((line) => paint(style, colour, line));
  });
}

/** A seed as a person reads it. */
export function seedText(style: Style, { seed, record, findings }: SeedView): string {
  const { metadata, criteria, constraints } = seed;
  const decisions = decisionsOf(seed);
  const from = (path: string) => sourceLines(style, decisions.get(path), metadata.interview_id);
  const head = fields(style, [
    ["Seed", seed.seed_id],
    ["Goal", seed.goal],
    ["Kind", seed.task_type],
    ["Interview", metadata.interview_id],
    ["Parent", metadata.parent_seed_id],
    ["Ambiguity", metadata.ambiguity_score],
    ["Made", record?.created_at ?? metadata.created_at],
    ["Forced", record?.forced ? "yes, before the interview was clear" : null],
    ["Content", record?.content_hash ?? null],
  ]);
  const parts = [
    section(
      style,
      "Constraints",
      constraints.flatMap((text, at) => [`- ${oneLine(text)}`, ...from(`constraints.${at}`)]),
    ),
    section(
      style,
      "Acceptance criteria",
      criteria.flatMap((one, at) => [...criterionLines(one, at), ...from(`acceptance_criteria.${at}`)]),
    ),
    section(style, "Doubtful", findingLines(style, findings)),
  ];
  return [head, ...parts.filter((part) => part !== "")].join("\n");
}

function criterionLines(
  { key, description, verify_command, depends_on }: Seed["criteria"][number],
  at: number,
): string[] {
  return [
    `${at + 1}. ${oneLine(description)} (${key})`,
    ...(verify_command === null ? [] : [`   verify: ${oneLine(verify_command)}`]),
    ...(depends_on.length === 0 ? [] : [`   after: ${depends_on.join(", ")}`]),
  ];
}

/** Which answers a part comes from; the interview is named above, and only another one is named again. */
function sourceLines(
  style: Style,
  decision: { readonly by: string; readonly sources: readonly string[] } | undefined,
  interview: string | null,
): string[] {
  const by = decision === undefined || decision.by === "person" ? "" : ` (${decision.by})`;
  return (decision?.sources ?? []).map((source) => {
    const shown =
      interview !== null && source.startsWith(`${interview} `) ? source.slice(interview.length + 1) : source;
    return paint(style, "dim", `   from${by}: ${oneLine(shown)}`);
  });
}

function section(style: Style, title: string, content: readonly string[]): string {
  return content.length === 0 ? "" : lines([paint(style, "bold", title), ...content]);
}
