import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import type { Lineage } from "../../../domain/evolution/lineage.ts";
import type { SessionContext } from "../../../sessions/session-context.ts";
import { loadLineage } from "../../../views/load-lineage.ts";
import { startLineage } from "../../../workflows/evolution/begin-lineage.ts";
import type { SharedFlags } from "../../command.ts";
import { readSources } from "../seed/seed-source.ts";

/** What somebody named: a lineage that is there, or a seed to begin one with. */
export type Named = { readonly lineageId: string } | { readonly yaml: string };

/** Reads what is named before the store is opened for it: a seed by its file or its id, else a lineage. */
export async function readNamed(flags: SharedFlags, name: string): Promise<Named | Refusal> {
  if (!name.startsWith("seed_") && !/[./\\]/.test(name)) return { lineageId: name };
  const found = await readSources(flags, [name]);
  if (isRefusal(found)) return found;
  const [seed] = found;
  if (!seed) throw new Error("One seed was asked for");
  return { yaml: seed.yaml };
}

/** The lineage that is meant, begun now where a seed was named. */
export function lineageNamed(
  context: SessionContext,
  named: Named,
  how: { readonly execute: boolean; readonly lineageId?: string | undefined },
): Promise<Lineage | Refusal> {
  if ("lineageId" in named) return loadLineage(context.store, named.lineageId);
  return startLineage(context, { lineageId: how.lineageId, seedText: named.yaml, execute: how.execute, by: "user" });
}
