import { type Refusal, refuse } from "../../base/refusal.ts";
import type { SchemaFault } from "../../base/schema-fault.ts";

const SHOWN = 8;

/** The refusal of a seed that cannot be used; it names every fault, and says the first few of them. */
export function badSeed(faults: readonly SchemaFault[]): Refusal {
  const all = [...new Set(faults.map(({ path, message }) => (path === "" ? message : `${brief(path)}: ${message}`)))];
  const more = all.length > SHOWN ? [`and ${all.length - SHOWN} more`] : [];
  return refuse(
    "bad_seed",
    `Cannot use this seed: ${[...all.slice(0, SHOWN), ...more].join("; ")}`,
    "Correct the seed at the places named; it needs a goal and at least one of acceptance_criteria",
    { faults: faults.slice(0, MAX_FAULTS).map(({ path, message }) => ({ path: brief(path), message })) },
  );
}

const MAX_FAULTS = 100;

/** Keys are the author's, and may be as long as the file. */
function brief(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}
