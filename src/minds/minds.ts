import { isRefusal, type Refusal } from "../base/refusal.ts";
import { type RuntimeSettings, runtimeNamed } from "../runtimes/runtime-settings.ts";
import type { MindSettings } from "./choose-mind.ts";
import type { HostMindOptions } from "./host-mind.ts";
import type { Mind, Role } from "./mind.ts";
import { pickMind } from "./mind-sources.ts";
import type { ProviderAccess } from "./provider-access.ts";

/** Who answers questions for this user: chosen by role and by what is here at the moment of asking. */
export interface Minds {
  /** `host`: the store and scope the question belongs to; `hasHost`: is a model on the other end of this call? */
  open(asked: {
    readonly role: Role;
    readonly hasHost: boolean;
    readonly word?: string | undefined;
    readonly host: HostMindOptions;
  }): Promise<Mind | Refusal>;
}

/** The user's minds; `readAccess` is asked for keys only when a question is. */
export function createMinds(
  settings: MindSettings,
  runtimes: RuntimeSettings,
  readAccess: () => Promise<ReadonlyMap<string, ProviderAccess> | Refusal>,
): Minds {
  return {
    async open({ role, hasHost, word, host }) {
      // Every server has minds, and most calls ask none: what it takes to open one is loaded here and not before.
      const [{ openMind }, { openRuntime }] = await Promise.all([
        import("./open-mind.ts"),
        import("../runtimes/configured-runtimes.ts"),
      ]);
      const access = await readAccess();
      const providers = isRefusal(access) ? access : [...access.keys()];
      const choice = pickMind({ runtimes, minds: settings, providers }, { role, hasHost, word });
      if (isRefusal(choice)) return choice;
      return openMind(choice, {
        host,
        runtime: (name) => {
          const found = runtimeNamed(runtimes, name);
          return found && openRuntime(found);
        },
        access: (name) => (isRefusal(access) ? access : access.get(name)),
      });
    },
  };
}
