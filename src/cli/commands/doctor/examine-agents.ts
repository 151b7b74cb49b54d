import { join } from "node:path";
import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import type { Config } from "../../../config.ts";
import { chooseMind } from "../../../minds/choose-mind.ts";
import { ROLES, type Role } from "../../../minds/mind.ts";
import { isInstalled, type MindSources, namedRuntimes, pickMind, toAgent } from "../../../minds/mind-sources.ts";
import { KNOWN_PROVIDERS } from "../../../minds/provider-access.ts";
import { HOST, runtimeNamed, selectRuntime } from "../../../runtimes/runtime-settings.ts";
import { readMindSources } from "../runtimes/mind-sources.ts";
import type { Problem } from "./problem.ts";

/** Who is here to work and to think; null where nobody is. Nobody is started to find out. */
export interface AgentFindings {
  readonly installed: readonly string[];
  readonly providers: readonly string[];
  readonly work: string | null;
  /** As called from a terminal: an MCP host thinks for itself. */
  readonly minds: Readonly<Record<Role, string | null>>;
}

/** Holds what is configured of agents and minds against what is here. */
export async function examineAgents(config: Config, problems: Problem[]): Promise<AgentFindings> {
  const { sources } = await readMindSources(config);
  const { runtimes, providers } = sources;
  const installed = namedRuntimes(runtimes).filter(isInstalled);
  if (isRefusal(providers)) problems.push(toProblem(providers));
  if (installed.length === 0 && runtimes.chosen !== HOST) {
    problems.push({
      code: "no_agent",
      message: "No agent is installed that could do the work of a run",
      next: "Install Claude Code, Codex or another agent, or configure one under `runtimes:` in config.yaml; `ouroboros runtimes` shows what is looked for",
    });
  }
  problems.push(...absentRuntimes(config), ...unknownMinds(sources));
  const work = selectRuntime(runtimes);
  if (isRefusal(work) && installed.length > 0 && isNothingChosen(config)) problems.push(toProblem(work));
  return {
    installed: installed.map(({ name }) => name),
    providers: isRefusal(providers) ? [] : providers,
    work: isRefusal(work) || !isInstalled(work) ? null : work.name,
    minds: { fast: thinker(sources, "fast"), standard: thinker(sources, "standard"), deep: thinker(sources, "deep") },
  };
}

function isNothingChosen({ runtimes }: Config): boolean {
  return runtimes.chosen === undefined;
}

/** The chosen one and those configured, where their program is not here. */
function absentRuntimes({ home, runtimes }: Config): Problem[] {
  const { chosen, commands } = runtimes;
  const file = join(home, "config.yaml");
  const named = new Set([...(chosen === undefined ? [] : [chosen]), ...Object.keys(commands)]);
  return [...named].flatMap((name): Problem[] => {
    const found = runtimeNamed(runtimes, name);
    if (found === undefined) {
      return [
        {
          code: "unknown_runtime",
          message: `The agent ${JSON.stringify(name)} is chosen for the work of runs, and there is none of this name`,
          next: `Correct OUROBOROS_AGENT_RUNTIME or orchestrator.runtime_backend in ${file}, or configure it under \`runtimes:\` there`,
        },
      ];
    }
    if (isInstalled(found)) return [];
    const [program = ""] = found.command;
    return [
      {
        code: "agent_not_installed",
        message: `The agent ${JSON.stringify(name)} is ${name === chosen ? "chosen for the work of runs" : "configured"}, and its program ${program} is not here`,
        next: `Install ${program}, or give its full path under \`runtimes:\` in ${file}`,
      },
    ];
  });
}

/** Words for minds that nobody answers to, whatever were installed. */
function unknownMinds({ runtimes, minds, providers }: MindSources): Problem[] {
  const { roles, backend, standIn } = minds;
  const words: (readonly [where: string, word: string | undefined])[] = [
    ...ROLES.map((role) => [`minds.${role} in config.yaml`, roles[role]] as const),
    ["OUROBOROS_LLM_BACKEND", backend],
    ["llm.backend in config.yaml", standIn],
  ];
  const everybody = {
    role: "standard" as const,
    hasHost: true,
    agents: namedRuntimes(runtimes).map(toAgent),
    providers: [...KNOWN_PROVIDERS, ...Object.keys(minds.providers), ...(isRefusal(providers) ? [] : providers)],
  };
  return words.flatMap(([where, word]): Problem[] => {
    const asked = { ...minds, roles: {}, backend: word, standIn: undefined };
    if (word === undefined || !isRefusal(chooseMind(asked, everybody))) return [];
    return [
      {
        code: "unknown_mind",
        message: `${where} is ${JSON.stringify(word)}, and nobody is called that`,
        next: "Name host, auto, an agent of `ouroboros runtimes`, a provider, or provider/model for a provider of your own",
      },
    ];
  });
}

function thinker(sources: MindSources, role: Role): string | null {
  const choice = pickMind(sources, { role, hasHost: false });
  if (isRefusal(choice)) return null;
  return choice.model === undefined ? choice.name : `${choice.name}/${choice.model}`;
}

function toProblem({ code, message, next }: Refusal): Problem {
  return { code, message, next };
}
