import { type Refusal, refuse } from "../base/refusal.ts";

/** The agents this user has configured by name. Programs come from the user's own configuration and from nowhere else. */
export interface RuntimeSettings {
  /** The name that is used when none is asked for. */
  readonly chosen: string | undefined;
  readonly commands: Readonly<Record<string, readonly string[]>>;
}

/** One configured agent. */
export interface Runtime {
  readonly name: string;
  readonly command: readonly string[];
}

/** The agent to use: the one asked for, else the chosen one, else the only one there is. */
export function selectRuntime({ chosen, commands }: RuntimeSettings, asked?: string): Runtime | Refusal {
  const names = Object.keys(commands);
  const [only] = names.length === 1 ? names : [];
  const name = asked ?? names.find((known) => known === chosen) ?? only;
  const command = names.includes(name ?? "") ? commands[name ?? ""] : undefined;
  if (name !== undefined && command) return { name, command };
  const known = names.length === 0 ? "none is configured" : `configured are ${names.join(", ")}`;
  return refuse(
    "no_runtime",
    `Cannot choose the agent that does the work${asked === undefined ? "" : ` ("${asked}")`}: ${known}`,
    "Name one under `runtimes:` in config.yaml of the Ouroboros home, such as `my-agent: { command: [my-agent, --stdin] }`: it gets the prompt on standard input and works in the session's folder",
    { runtimes: names },
  );
}
