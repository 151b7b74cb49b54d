import { openApp } from "../app.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { StoreError } from "../store/engine/store-error.ts";
import { catchUp } from "../store/session/catch-up.ts";
import type { SharedFlags } from "./command.ts";
import { startProgress } from "./progress.ts";

/** Opens the store for a command that only looks and has it caught up; a file that cannot be written is looked at as it is. */
export async function look<T>(flags: SharedFlags, work: (context: SessionContext) => Promise<T>): Promise<T> {
  try {
    return await opened(flags, false, work);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== "store_read_only") throw error;
    return await opened(flags, true, work);
  }
}

/** Opens the store for a command that acts on its sessions, caught up. Neither creates a store: there would be nothing to act on. */
export function act<T>(flags: SharedFlags, work: (context: SessionContext) => Promise<T>): Promise<T> {
  return opened(flags, false, work);
}

/** The same for a command that begins something, and may be the first ever to need a store. */
export function begin<T>(flags: SharedFlags, work: (context: SessionContext) => Promise<T>): Promise<T> {
  return opened(flags, false, work, true);
}

async function opened<T>(
  flags: SharedFlags,
  readOnly: boolean,
  work: (context: SessionContext) => Promise<T>,
  create = false,
): Promise<T> {
  const progress = startProgress(process.stderr, "Opening the store …");
  let context: SessionContext | undefined;
  try {
    context = await openApp({ db: flags.db, readOnly, create });
    progress.tell(`Catching up with ${context.store.database.where} …`);
    await catchUp(context.store);
    progress.done();
    return await work(context);
  } finally {
    progress.done();
    await context?.store[Symbol.asyncDispose]();
  }
}
