import { delay } from "../base/delay.ts";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import type { MindChoice } from "../minds/choose-mind.ts";
import { ROLES, type Role } from "../minds/mind.ts";
import { isInstalled, type MindSources, namedRuntimes, pickMind } from "../minds/mind-sources.ts";
import { openRuntime } from "../runtimes/configured-runtimes.ts";
import type { Probe } from "../runtimes/runtime.ts";
import { HOST_RUNTIME, type SelectedRuntime, selectRuntime } from "../runtimes/runtime-settings.ts";

/** The agents there are here, and who would be picked for what. */
export interface RuntimeListView {
  readonly runtimes: readonly RuntimeView[];
  readonly picks: {
    /** Who does the work of a run. */
    readonly work: Pick | Refused;
    /** Who answers questions: called from a terminal or a worker, and called from an MCP host. */
    readonly minds: readonly {
      readonly role: Role;
      readonly here: Pick | Refused;
      readonly in_host: Pick | Refused;
    }[];
  };
  /** Providers of models that can be reached with what is configured. */
  readonly providers: readonly string[] | Refused;
}

export interface RuntimeView extends Probe {
  readonly name: string;
  readonly kind: string;
  readonly configured: boolean;
  readonly can: Abilities;
}

/** `held`: it cannot do otherwise; `asked`: it is told to, and its requests are refused. */
interface Abilities {
  readonly write: boolean;
  readonly read_only: "held" | "asked" | "no";
  readonly resume: boolean;
  readonly schema: boolean;
}

interface Pick {
  readonly name: string;
  readonly model: string | null;
  readonly why: string;
}

interface Refused {
  readonly code: string;
  readonly message: string;
  readonly next: string;
}

const PROBE_MS = 5_000;
/** For a probe that was told to stop to clean up after itself. */
const PROBE_END_MS = 2_000;

/** Asks every agent that is here what it is, all at once and none for longer than it should take; nothing that costs money. */
export async function listRuntimes(
  sources: MindSources,
  signal: AbortSignal,
  onProbed: (left: readonly string[]) => void = () => {},
): Promise<RuntimeListView> {
  const { runtimes: settings, providers } = sources;
  const here = namedRuntimes(settings).filter((one) => isAlwaysShown(one, settings.commands) || isInstalled(one));
  const shown = [...here, HOST_RUNTIME];
  const left = new Set(here.map(({ name }) => name));
  const runtimes = await Promise.all(
    shown.map(async (one) => {
      const probe = await probeInTime(one, signal);
      if (left.delete(one.name)) onProbed([...left]);
      return toView(one, probe, Object.hasOwn(settings.commands, one.name));
    }),
  );
  return {
    runtimes,
    picks: {
      work: pickWork(sources),
      minds: ROLES.map((role) => ({
        role,
        here: toPick(pickMind(sources, { role, hasHost: false })),
        in_host: toPick(pickMind(sources, { role, hasHost: true })),
      })),
    },
    providers: isRefusal(providers) ? toRefused(providers) : providers,
  };
}

/** Others' agents have common names: what nobody has configured is shown where it is installed. */
function isAlwaysShown({ name, kind }: SelectedRuntime, commands: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(commands, name) || kind !== "acp";
}

async function probeInTime(runtime: SelectedRuntime, signal: AbortSignal): Promise<Probe> {
  const installed = isInstalled(runtime);
  const late = AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]);
  const none = { installed, version: null, logged_in: null, models: [] };
  const silent = delay(PROBE_MS, late)
    .then(() => delay(PROBE_END_MS))
    .then(() => ({ ...none, note: `It did not say what it is within ${PROBE_MS / 1000} s: run it once by hand` }));
  return await Promise.race([openRuntime(runtime).probe(late), silent]);
}

function toView({ name, kind = "command", output }: SelectedRuntime, probe: Probe, configured: boolean): RuntimeView {
  return { name, kind, configured, can: abilitiesOf(kind, output === "jsonl"), ...probe };
}

function abilitiesOf(kind: string, inRecords: boolean): Abilities {
  switch (kind) {
    case "claude":
    case "codex":
      return { write: true, read_only: "held", resume: true, schema: true };
    case "acp":
      return { write: true, read_only: "asked", resume: true, schema: false };
    default:
      return { write: true, read_only: "no", resume: false, schema: inRecords };
  }
}

function pickWork({ runtimes }: MindSources): Pick | Refused {
  const found = selectRuntime(runtimes);
  if (isRefusal(found)) return toRefused(found);
  const { name } = found;
  const why = isInstalled(found) ? whyWork(name, runtimes) : `${whyWork(name, runtimes)}, but it is not installed`;
  return { name, model: null, why };
}

function whyWork(name: string, { chosen, commands }: MindSources["runtimes"]): string {
  if (chosen !== undefined) {
    const isSet = process.env.OUROBOROS_AGENT_RUNTIME === chosen;
    return `${isSet ? "OUROBOROS_AGENT_RUNTIME" : "orchestrator.runtime_backend"} is ${chosen}`;
  }
  return `${name} is the only one ${Object.hasOwn(commands, name) ? "configured" : "installed"}`;
}

function toPick(choice: MindChoice | Refusal): Pick | Refused {
  if (isRefusal(choice)) return toRefused(choice);
  return { name: choice.name, model: choice.model ?? null, why: choice.why };
}

function toRefused({ code, message, next }: Refusal): Refused {
  return { code, message, next };
}
