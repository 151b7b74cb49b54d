import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import type { Config } from "../../../config.ts";
import { readProviders } from "../../../credentials.ts";
import type { MindSources } from "../../../minds/mind-sources.ts";
import type { ProviderAccess } from "../../../minds/provider-access.ts";

/** Whom this user could ask, by their configuration; `access` holds the keys, and is for whoever asks alone. */
export async function readMindSources(
  config: Config,
): Promise<{ sources: MindSources; access: ReadonlyMap<string, ProviderAccess> | Refusal }> {
  const { home, runtimes, minds } = config;
  const access = await readProviders(home, minds);
  return { sources: { runtimes, minds, providers: isRefusal(access) ? access : [...access.keys()] }, access };
}
