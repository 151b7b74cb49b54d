import type { LanguageModel } from "ai";
import type { ProviderAccess } from "../provider-access.ts";
import { wireOf } from "./wire.ts";

/** Servers that ask for no key are sent a word in its place: the SDK would look for one in the environment otherwise. */
const NO_KEY = "none";

/** A model of a provider. Each SDK is loaded when it is first used. */
export async function providerModel(access: ProviderAccess, model: string): Promise<LanguageModel> {
  const apiKey = access.key?.reveal() ?? NO_KEY;
  const settings = { baseURL: access.baseUrl, apiKey, fetch: wireOf(access.name, access.key) };
  switch (access.wire) {
    case "anthropic":
      return (await import("@ai-sdk/anthropic")).createAnthropic(settings)(model);
    case "openai":
      return (await import("@ai-sdk/openai")).createOpenAI(settings)(model);
    case "google":
      return (await import("@ai-sdk/google")).createGoogleGenerativeAI(settings)(model);
    case "openai-compatible": {
      const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
      const { apiKey: _, ...keyless } = settings;
      return createOpenAICompatible({ ...(access.key ? settings : keyless), name: access.name })(model);
    }
  }
}
