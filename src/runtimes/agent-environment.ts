import { isKeptVariable } from "../process/kept-variables.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of an agent: an allow-list of ours, what this kind of agent needs of ours besides, and what its task adds. */
export function agentEnvironment(
  ours: Environment,
  own: {
    readonly needs?: (name: string) => boolean;
    readonly path?: string | undefined;
    readonly task?: Readonly<Record<string, string>>;
  } = {},
): Record<string, string> {
  const kept = Object.entries(ours).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (isKeptVariable(entry[0]) || (own.needs?.(entry[0]) ?? false)),
  );
  const path = own.path === undefined ? {} : { PATH: own.path };
  return { ...Object.fromEntries(kept), ...path, ...own.task };
}

/** Proxies and certificates, which an agent needs to reach its model in many an office. */
export function isNetwork(name: string): boolean {
  return /^((HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS)$/i.test(name);
}
