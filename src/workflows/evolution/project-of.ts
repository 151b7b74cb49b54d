import type { Lineage } from "../../domain/evolution/lineage.ts";
import { toOrigin } from "../../domain/run/origin.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { readOrigin } from "../../store/session/run-records.ts";

/** The folder that a lineage's runs work in: all of them build on one another. Undefined before the first has begun. */
export async function projectOf(
  { store }: SessionContext,
  { generations, rewinds }: Lineage,
): Promise<string | undefined> {
  const all = [...rewinds.flatMap(({ discarded }) => discarded), ...generations];
  for (const { session_id } of all.toReversed()) {
    const folder = session_id === null ? null : toOrigin(await readOrigin(store, session_id)).workspace_path;
    if (folder !== null) return folder;
  }
  return undefined;
}
