import { listLineages } from "../../store/lineages.ts";
import { viewLineage } from "../../views/lineage.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { lines, table } from "../render.ts";

export type LineageListFlags = SharedFlags & { readonly limit?: number | undefined };

const STANDARD_LIMIT = 20;

/** `ouroboros lineage list`: the latest first. */
export function lineageList({ style }: Cli, flags: LineageListFlags): Promise<Answer> {
  return look(flags, async ({ store }) => {
    const lineages = (await listLineages(store, flags.limit ?? STANDARD_LIMIT)).map(viewLineage);
    const rows = table(
      style,
      [
        { heading: "LINEAGE", cell: (one) => one.lineage_id },
        { heading: "STATUS", cell: (one) => one.status },
        { heading: "GENERATIONS", cell: (one) => String(one.generations.length) },
        {
          heading: "SCORE",
          cell: (one) => one.generations.findLast(({ score }) => score !== null)?.score?.toFixed(2) ?? "",
        },
        { heading: "GOAL", cell: (one) => one.goal, grows: true },
      ],
      lineages,
    );
    return { json: { lineages }, text: style.forPeople && lineages.length === 0 ? lines(["No lineages."]) : rows };
  });
}
