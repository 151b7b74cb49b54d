import { join } from "node:path";
import { createClaudeRuntime } from "../../../src/runtimes/claude.ts";
import { createCodexRuntime } from "../../../src/runtimes/codex.ts";
import { createCommandRuntime } from "../../../src/runtimes/command-runtime.ts";
import type { AgentMessage, AgentRun, Limits, Outcome, Runtime, Task } from "../../../src/runtimes/runtime.ts";

const AGENT = join(import.meta.dirname, "../../fixtures/agents/contract/agent.sh");

/** Every way a CLI agent is spoken to. */
export const DIALECTS = ["claude", "codex", "jsonl", "text"] as const;
export type Dialect = (typeof DIALECTS)[number];

/** For programs that answer: no machine is that busy. */
export const GENEROUS: Limits = { firstOutputMs: 60_000, idleMs: 60_000, totalMs: 90_000 };
export const TRUST_MS = 120_000;

/** The runtime of a dialect, over the little agent that behaves as it is told to. */
export function contractRuntime(dialect: Dialect, behaviour: string): Runtime {
  const program = { name: `little-${dialect}`, command: [AGENT, dialect, behaviour] };
  if (dialect === "claude") return createClaudeRuntime(program);
  if (dialect === "codex") return createCodexRuntime(program);
  return createCommandRuntime(program, dialect);
}

export function contractTask(cwd: string, more: Partial<Task> = {}): Task {
  return { prompt: "Do it.", cwd, access: "write", env: {}, limits: GENEROUS, ...more };
}

/** Gives an agent its task, takes all it says, and waits for its end. */
export async function play(run: AgentRun): Promise<{ messages: AgentMessage[]; outcome: Outcome }> {
  const messages: AgentMessage[] = [];
  for await (const message of run.begin()) messages.push(message);
  return { messages, outcome: await run.outcome };
}
