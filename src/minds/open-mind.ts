import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import { agentMind } from "./agent-mind.ts";
import type { MindChoice } from "./choose-mind.ts";
import { type HostMindOptions, hostMind } from "./host-mind.ts";
import type { Mind } from "./mind.ts";
import type { ProviderAccess } from "./provider-access.ts";
import { recordCalls } from "./record-calls.ts";

export interface MindParts {
  /** Where the host's orders stand and calls are recorded; nothing is, where it is missing. */
  readonly host: HostMindOptions | undefined;
  readonly runtime: (name: string) => Runtime | undefined;
  readonly access: (provider: string) => ProviderAccess | Refusal | undefined;
}

/** The mind that was chosen, ready to be asked. What a provider's API takes is loaded here and not before. */
export async function openMind(choice: MindChoice, { host, runtime, access }: MindParts): Promise<Mind | Refusal> {
  const mind = await open(choice, { host, runtime, access });
  return isRefusal(mind) || !host ? mind : recordCalls(mind, host.store, host.scope);
}

async function open({ kind, name, model }: MindChoice, parts: MindParts): Promise<Mind | Refusal> {
  switch (kind) {
    case "host":
      return parts.host ? hostMind(parts.host) : gone("the host", "no store to leave the question in");
    case "agent": {
      const agent = parts.runtime(name);
      return agent ? agentMind(agent, model) : gone(name, "it is not configured");
    }
    case "api": {
      const provider = parts.access(name);
      if (provider === undefined) return gone(name, "no provider of this name can be reached");
      if (isRefusal(provider)) return provider;
      if (model === undefined) return gone(name, "no model is named");
      return (await import("./api/api-mind.ts")).apiMind(provider, model);
    }
  }
}

function gone(name: string, why: string): Refusal {
  return refuse("mind_unavailable", `Cannot ask ${name}: ${why}`, "See `ouroboros runtimes` for what there is");
}
