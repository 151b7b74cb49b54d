import { type Refusal, refuse } from "../base/refusal.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import type { Role } from "./mind.ts";
import { KNOWN_PROVIDERS, knownProvider } from "./provider-access.ts";

/** Who is to answer, as this user has said it. */
export interface MindSettings {
  /** A role's mind: `host`, `auto`, a runtime's name, a provider's name, or `provider/model`. */
  readonly roles: Readonly<Partial<Record<Role, string>>>;
  /** OUROBOROS_LLM_BACKEND: for every role that names none. */
  readonly backend: string | undefined;
  /** `llm.backend` of the file: who stands in where there is no host. Upstream writes it into every file, asked or not. */
  readonly standIn: string | undefined;
  /** Endpoints beside the known ones. */
  readonly providers: Readonly<Record<string, { readonly base_url: string }>>;
}

/** What there is to choose from, here and now. */
export interface Choosable {
  readonly role: Role;
  /** Is a model on the other end of this call that could do the thinking? */
  readonly hasHost: boolean;
  /** The runtime this user has chosen for work, if any: first choice for thinking, too. */
  readonly favourite?: string | undefined;
  /** Agents that are installed. */
  readonly agents: readonly Pick<Runtime, "name" | "kind">[];
  /** Providers that can be reached: with a key, or an endpoint that asks for none. */
  readonly providers: readonly string[];
}

export interface MindChoice {
  readonly kind: "host" | "agent" | "api";
  /** `host`, the runtime's name, or the provider's. */
  readonly name: string;
  /** The provider's word for the model; agents choose their own. */
  readonly model: string | undefined;
  /** For a person: who said so, or why it came to this. */
  readonly why: string;
}

/** Upstream's words for who answers. */
const BACKENDS: ReadonlyMap<string, string> = new Map([
  ["claude_code", "claude"],
  ["codex_cli", "codex"],
  ["litellm", "api"],
]);
const AGENT_ORDER: readonly Runtime["kind"][] = ["claude", "codex", "acp"];

/** Chooses a role's mind: the role's own word, then the environment's, then `auto`: the host, an agent, an API. */
export function chooseMind(settings: MindSettings, among: Choosable): MindChoice | Refusal {
  const { role } = among;
  const own = settings.roles[role];
  if (own !== undefined && own !== "auto") return named(own, `minds.${role} is ${own}`, among);
  const { backend } = settings;
  if (own === undefined && backend !== undefined && backend !== "auto") {
    return named(BACKENDS.get(backend) ?? backend, `OUROBOROS_LLM_BACKEND is ${backend}`, among);
  }
  return automatic(settings, among);
}

function automatic({ standIn }: MindSettings, among: Choosable): MindChoice | Refusal {
  if (among.hasHost) return { kind: "host", name: "host", model: undefined, why: "auto: the host is there" };
  if (standIn !== undefined && standIn !== "auto" && standIn !== "host") {
    const choice = find(BACKENDS.get(standIn) ?? standIn, `auto without a host: llm.backend is ${standIn}`, among);
    if (choice) return choice;
  }
  const agent = firstAgent(among);
  if (agent) return agentChoice(agent.name, `auto without a host: ${agent.name} is installed`);
  return (
    find("api", "auto without a host or an agent", among) ?? none("no host, no agent and no provider's key is here")
  );
}

/** A plain command is nobody's first choice unasked: nothing holds it to reading only. */
function firstAgent({ agents, favourite }: Choosable): Choosable["agents"][number] | undefined {
  const thinking = agents.filter(({ kind }) => AGENT_ORDER.includes(kind));
  const rank = ({ name, kind }: Choosable["agents"][number]) => (name === favourite ? -1 : AGENT_ORDER.indexOf(kind));
  return thinking.toSorted((a, b) => rank(a) - rank(b))[0];
}

function named(word: string, why: string, among: Choosable): MindChoice | Refusal {
  if (word === "host") {
    if (among.hasHost) return { kind: "host", name: "host", model: undefined, why };
    return none(`${why}, and no host is here`);
  }
  return find(word, why, among) ?? none(`${why}, and there is no such agent or provider here`);
}

function find(word: string, why: string, { role, agents, providers }: Choosable): MindChoice | undefined {
  const agent = agents.find(({ name }) => name === word) ?? agents.find(({ kind }) => kind === word);
  if (agent) return agentChoice(agent.name, why);
  if (word === "api") {
    const provider = KNOWN_PROVIDERS.find((name) => providers.includes(name));
    return provider === undefined ? undefined : apiChoice(provider, undefined, role, `${why}: ${provider} has a key`);
  }
  const slash = word.indexOf("/");
  const provider = slash === -1 ? word : word.slice(0, slash);
  if (!providers.includes(provider)) return undefined;
  return apiChoice(provider, slash === -1 ? undefined : word.slice(slash + 1), role, why);
}

function agentChoice(name: string, why: string): MindChoice {
  return { kind: "agent", name, model: undefined, why };
}

/** A provider nobody has heard of has no model that goes without saying. */
function apiChoice(provider: string, model: string | undefined, role: Role, why: string): MindChoice | undefined {
  const chosen = model || knownProvider(provider)?.models[role];
  return chosen === undefined ? undefined : { kind: "api", name: provider, model: chosen, why };
}

function none(why: string): Refusal {
  return refuse(
    "mind_unavailable",
    `Nobody can answer: ${why}`,
    "Call from an MCP host, install an agent such as Claude Code or Codex, or set a provider's key; `ouroboros runtimes` shows what there is",
  );
}
