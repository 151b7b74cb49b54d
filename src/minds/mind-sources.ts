import { isRefusal, type Refusal } from "../base/refusal.ts";
import { findProgram } from "../process/find-program.ts";
import {
  HOST,
  type RuntimeSettings,
  runtimeNamed,
  runtimeNames,
  type SelectedRuntime,
} from "../runtimes/runtime-settings.ts";
import { type Choosable, chooseMind, type MindChoice, type MindSettings } from "./choose-mind.ts";
import type { Role } from "./mind.ts";

/** What this user has said of agents and minds, and which providers can be reached. */
export interface MindSources {
  readonly runtimes: RuntimeSettings;
  readonly minds: MindSettings;
  /** By name; or why none of them can be used. */
  readonly providers: readonly string[] | Refusal;
}

/** Every agent that could be chosen by name, each with its settings. Starts nothing. */
export function namedRuntimes(settings: RuntimeSettings): SelectedRuntime[] {
  return runtimeNames(settings).flatMap((name) => runtimeNamed(settings, name) ?? []);
}

/** Whether an agent is here; a program only outside the project this is called from. Starts nothing. */
export function isInstalled({ kind, command: [program = ""] }: SelectedRuntime): boolean {
  return kind === HOST || findProgram(program, process.env.PATH ?? "", null) !== null;
}

/** Who would answer for a role, and why; a `word` goes before everything that is configured. */
export function pickMind(
  { runtimes, minds, providers }: MindSources,
  asked: { readonly role: Role; readonly hasHost: boolean; readonly word?: string | undefined },
): MindChoice | Refusal {
  const { role, hasHost, word } = asked;
  const among: Choosable = {
    role,
    hasHost,
    favourite: runtimes.chosen === undefined ? undefined : runtimeNamed(runtimes, runtimes.chosen)?.name,
    agents: namedRuntimes(runtimes).filter(isInstalled).map(toAgent),
    providers: isRefusal(providers) ? [] : providers,
  };
  const settings = word === undefined ? minds : { ...minds, roles: { ...minds.roles, [role]: word } };
  const choice = chooseMind(settings, among);
  // What cannot be used now may be the very one that was meant.
  return isRefusal(choice) && isRefusal(providers) ? providers : choice;
}

/** An agent as a mind is chosen from it. */
export function toAgent({ name, kind = "command" }: SelectedRuntime): Choosable["agents"][number] {
  return { name, kind };
}
