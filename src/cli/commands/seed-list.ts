import { viewSeeds } from "../../views/seed.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { lines, table } from "../render.ts";

export type SeedListFlags = SharedFlags & { readonly limit?: number | undefined };

const STANDARD_LIMIT = 50;

/** `ouroboros seed list`: those of the store, newest first, then files of upstream's that have not been used yet. */
export function seedList({ style }: Cli, flags: SeedListFlags): Promise<Answer> {
  return look(flags, async (context) => {
    const seeds = await viewSeeds(context, flags.limit ?? STANDARD_LIMIT);
    const rows = table(
      style,
      [
        { heading: "SEED", cell: (one) => one.seed_id },
        { heading: "WHERE", cell: (one) => (one.in_store ? "store" : "file") },
        { heading: "AMBIGUITY", cell: (one) => (one.ambiguity_score === null ? "" : one.ambiguity_score.toFixed(2)) },
        { heading: "PARENT", cell: (one) => one.parent_seed_id ?? "" },
        {
          heading: "GOAL",
          cell: (one) => one.problem ?? one.goal,
          colour: (one) => (one.problem === null ? undefined : "red"),
          grows: true,
        },
      ],
      seeds,
    );
    return { json: { seeds }, text: style.forPeople && seeds.length === 0 ? lines(["No seeds."]) : rows };
  });
}
