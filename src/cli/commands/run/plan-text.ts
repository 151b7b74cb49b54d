import { ceilingWords, type RunPlanView } from "../../../views/run-plan.ts";
import { lines, oneLine } from "../../render.ts";
import { paint, type Style } from "../../style.ts";

const PLACES: Readonly<Record<RunPlanView["workspace"]["kind"], (folder: string) => string>> = {
  git: (folder) => `On a branch of its own of the repository ${folder}, in worktrees; the checkout is not touched`,
  copy: (folder) => `In a copy of ${folder}, which is no checkout of git's; what it makes comes as a patch`,
  in_place: (folder) => `In ${folder} itself: no branch, and no way back but your own`,
};

/** A plan for a person: what is done in which order and why, where, by what it is decided, and what it may take. */
export function planText(style: Style, plan: RunPlanView, runtime: string): string {
  const { workspace, parallel, ceiling } = plan;
  return lines([
    `${oneLine(plan.goal)}`,
    `${PLACES[workspace.kind](workspace.repository)}.`,
    `By ${runtime}, ${parallel === 1 ? "one agent at a time" : `at most ${parallel} agents at once`}. ${ceilingWords(ceiling)}`,
    "",
    ...plan.levels.flatMap((level, at) => [
      paint(style, "bold", `Round ${at + 1}`),
      ...level.map((index) => `  ${index} ${oneLine(plan.criteria[index - 1]?.description ?? "")}`),
    ]),
    ...plan.order.map(({ before, after, because }) => `${after} waits for ${before}: ${because}`),
    ...plan.not_together.map(([a, b]) => `${a} and ${b} are not worked on together: both touch a file`),
    ...plan.warnings.map(oneLine),
    "",
    ...checksOf(style, plan),
    "",
    "Nothing was started or written.",
  ]);
}

function checksOf(style: Style, { workspace, criteria }: RunPlanView): string[] {
  if (workspace.kind === "in_place") return ["No check is run in place: what its agents say of their work counts."];
  const checked = criteria.filter(({ verify_command }) => verify_command !== null);
  return [
    paint(style, "bold", "Commands it would run on this machine to decide"),
    ...checked.map(({ index, verify_command }) => `  ${index} ${oneLine(verify_command ?? "")}`),
    ...(checked.length === 0 ? ["  none"] : []),
    ...criteria.filter((one) => one.verify_command === null).map((one) => `  ${one.index} ${withoutCommand(one)}`),
  ];
}

function withoutCommand({ expected_artifacts }: RunPlanView["criteria"][number]): string {
  if (expected_artifacts.length === 0) return "(nothing: it ends as unverifiable)";
  return `(only that these files are there: ${oneLine(expected_artifacts.join(", "))})`;
}
