import { readConfig } from "./config.ts";
import { createSessionContext, type SessionContext } from "./sessions/session-context.ts";
import { openStore } from "./store/open-store.ts";

/** The flags every surface shares. */
export interface AppFlags {
  /** `--db`: a path or a URL. */
  readonly db?: string | undefined;
  readonly readOnly: boolean;
  /** Make the store when it is missing; commands that only look leave the disk as it is. */
  readonly create: boolean;
}

/** Composition root: reads the configuration, opens the store it names, and gives the use cases what they need. */
export async function openApp(flags: AppFlags): Promise<SessionContext> {
  const config = await readConfig({ db: flags.db });
  const store = await openStore(config.target, { readOnly: flags.readOnly, create: flags.create });
  return createSessionContext(store, config.home, config.orphans, config.runtimes);
}
