import { readConfig } from "./config.ts";
import { readProviders } from "./credentials.ts";
import { createMinds } from "./minds/minds.ts";
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
  const { home, orphans, runtimes, minds, runs } = config;
  // Keys are read when a question needs one, so that a file that is wrong about them stops nothing else.
  const userMinds = createMinds(minds, runtimes, () => readProviders(home, minds));
  return createSessionContext(store, home, orphans, runtimes, userMinds, runs, config);
}
