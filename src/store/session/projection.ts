import { messageOf } from "../../base/errors.ts";
import { failpoint } from "../../base/failpoint.ts";
import type { Rows, Statement } from "../engine/database.ts";
import { emptying, rebuilding } from "../schema.ts";
import type { Store } from "../store.ts";

/** Who may not write to a server has no tables of his own there: he reads what those who may have folded. */
export function isReadAsItStands({ access, database }: Store): boolean {
  return access === "read" && database.engine === "remote";
}

/** Writes to the projection: in a store that must not be written it is a temporary table of this connection. */
export async function writeProjection(store: Store, statements: readonly Statement[]): Promise<Rows[]> {
  if (isReadAsItStands(store)) return [];
  return store.access === "write" ? store.database.write(statements) : store.database.scratch(statements);
}

/** Drops what is derived and starts over; the next catch-up folds from zero. Never touches events or primary data. */
export async function rebuildProjection(store: Store): Promise<void> {
  failpoint("projection:rebuild:before");
  await writeProjection(store, store.access === "write" ? rebuilding() : emptying());
  failpoint("projection:rebuild:after");
}

/** Is this how the driver says that the projection was dropped? */
export function isProjectionMissing(error: unknown): boolean {
  return /no such table: (\w+\.)?ouro_session/.test(messageOf(error));
}

/** Runs work that needs the projection; when somebody has dropped it meanwhile, makes it again and runs it once more. */
export async function projected<T>(store: Store, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isProjectionMissing(error)) throw error;
    await rebuildProjection(store);
    return await work();
  }
}
