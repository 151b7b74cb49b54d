import { messageOf } from "../base/errors.ts";
import { rebuilding } from "./schema.ts";
import type { Store } from "./store.ts";

/** Drops what is derived and starts over; the next catch-up folds from zero. Never touches events or primary data. */
export async function rebuildProjection(store: Store): Promise<void> {
  // In a store that must not be written the projection is a temporary table, and so is its replacement.
  if (store.access === "write") await store.database.write(rebuilding());
  else for (const sql of ["DELETE FROM ouro_session", "UPDATE ouro_meta SET value = '0:'"]) await store.database.pragma(sql);
}

/** Runs work that needs the projection; when somebody has dropped it meanwhile, makes it again and runs it once more. */
export async function projected<T>(store: Store, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!/no such table: (\w+\.)?ouro_session/.test(messageOf(error))) throw error;
    await rebuildProjection(store);
    return await work();
  }
}
