import type { Secret } from "./secret.ts";

/** How a provider of models is reached: all of it from this user's own configuration or environment. */
export interface ProviderAccess {
  readonly name: string;
  readonly wire: "anthropic" | "openai" | "google" | "openai-compatible";
  readonly baseUrl: string;
  /** Missing for servers that ask for none. */
  readonly key: Secret | undefined;
}

interface KnownProvider {
  readonly wire: ProviderAccess["wire"];
  readonly baseUrl: string;
  /** Where its key may stand in the environment, first name first. */
  readonly keys: readonly string[];
  /** Used where a provider is named without a model. */
  readonly models: Readonly<Record<"fast" | "standard" | "deep", string>>;
}

/**
 * The providers known by name. Their endpoints stand here rather than with their SDKs, which
 * would take one from the environment: a project's settings may reach a server's environment, and the key would follow.
 */
const KNOWN: Readonly<Record<string, KnownProvider>> = {
  anthropic: {
    wire: "anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    keys: ["ANTHROPIC_API_KEY"],
    models: { fast: "claude-haiku-4-5", standard: "claude-sonnet-5", deep: "claude-opus-5" },
  },
  openai: {
    wire: "openai",
    baseUrl: "https://api.openai.com/v1",
    keys: ["OPENAI_API_KEY"],
    models: { fast: "gpt-5.4-mini", standard: "gpt-5.5", deep: "gpt-5.5" },
  },
  google: {
    wire: "google",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    keys: ["GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY", "GEMINI_API_KEY"],
    models: { fast: "gemini-flash-latest", standard: "gemini-pro-latest", deep: "gemini-pro-latest" },
  },
  openrouter: {
    wire: "openai-compatible",
    baseUrl: "https://openrouter.ai/api/v1",
    keys: ["OPENROUTER_API_KEY"],
    models: { fast: "openrouter/auto", standard: "openrouter/auto", deep: "openrouter/auto" },
  },
};

/** Their names, in the order `auto` tries them. */
export const KNOWN_PROVIDERS: readonly string[] = Object.keys(KNOWN);

/** What is known of a provider by its name; names come from people's files, and `constructor` is nobody's. */
export function knownProvider(name: string): KnownProvider | undefined {
  return Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
}
