import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { OuroborosError } from "../../base/errors.ts";
import { startGuarded } from "../../process/agent/guarded-agent.ts";
import { agentEnvironment, isNetwork } from "../agent-environment.ts";
import { refuseTooDeep } from "../nesting.ts";
import { type Program, resolveProgram } from "../program.ts";
import type { AgentRun, Probe, Runtime, Task } from "../runtime.ts";
import { ACP_PRESETS } from "./acp-presets.ts";

/** An agent by its command line, and what the user's configuration adds to its environment. */
interface AcpAgent extends Program {
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Any agent that speaks the Agent Client Protocol on its standard input and output. */
export function createAcpRuntime(agent: AcpAgent): Runtime {
  const needs = needsOf(agent.command[0] ?? "");
  return { name: agent.name, kind: "acp", probe, start };

  async function start(task: Task, trustMs: number): Promise<AgentRun> {
    refuseTooDeep();
    const { command, env } = resolveProgram(agent, { folder: task.cwd, needs, env: { ...agent.env, ...task.env } });
    const root = realFolder(task.cwd);
    // The SDK is loaded by whoever runs such an agent, and by nobody else.
    const { runAcpTask } = await import("./acp-run.ts");
    const guarded = await startGuarded({ command, cwd: root, env, trustMs });
    const commandEnv = agentEnvironment(process.env, { needs: isNetwork, path: env.PATH, task: task.env });
    return runAcpTask(guarded, { name: agent.name, task, root, commandEnv, trustMs });
  }

  async function probe(signal: AbortSignal): Promise<Probe> {
    try {
      const { command, env } = resolveProgram(agent, { folder: null, needs, env: { ...agent.env } });
      const { probeAcpAgent } = await import("./acp-probe.ts");
      return await probeAcpAgent({ command, env }, signal);
    } catch (error) {
      if (!(error instanceof OuroborosError)) throw error;
      return { installed: false, version: null, logged_in: null, models: [], note: error.next };
    }
  }
}

/** Which variables of ours an agent gets besides the allow-list: a known one those of its settings and its login. */
function needsOf(program: string): (name: string) => boolean {
  const called = basename(program).replace(/\.(exe|js)$/i, "");
  const passes = Object.values(ACP_PRESETS).find(({ command }) => command[0] === called)?.passes;
  return (name) => isNetwork(name) || (passes?.test(name) ?? false);
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch (error) {
    throw new OuroborosError(
      "agent_not_started",
      `No agent can work in ${folder}: it is not there`,
      `Make sure that ${folder} is a folder that may be entered.`,
      error,
    );
  }
}
