import { readdirSync, statSync } from "node:fs";
import { OuroborosError } from "../../../src/base/errors.ts";
import type { AgentMessage, AgentRun, Outcome, Runtime, Task } from "../../../src/runtimes/runtime.ts";

/** How the n-th run of the agent ends; `hangs` until it is stopped, `absent` cannot be started. */
export type AgentStep = Partial<Outcome> | "hangs" | "absent";

export interface ScriptedRuntime {
  readonly runtime: Runtime;
  readonly tasks: readonly Task[];
  /** What each run found in its folder, and who may look into it. */
  readonly folders: readonly { readonly entries: readonly string[]; readonly mode: number }[];
  /** Resolves once so many runs have begun. */
  begun(count: number): Promise<void>;
  /** Runs that were started and are not over. */
  running(): number;
}

const USAGE = { input_tokens: 100, output_tokens: 10, cached_input_tokens: null, cost_usd: 0.01, turns: 1 };

/** An agent that plays a script through the same port as the real ones; the last step goes on for ever. */
export function scriptedRuntime(steps: readonly AgentStep[]): ScriptedRuntime {
  const tasks: Task[] = [];
  const folders: { entries: string[]; mode: number }[] = [];
  const waiting = new Set<() => void>();
  let begun = 0;
  let running = 0;

  const runtime: Runtime = {
    name: "scripted",
    kind: "acp",
    probe: async () => ({ installed: true, version: "1", logged_in: true, models: [], note: "a test's own" }),
    async start(task) {
      const step = steps[Math.min(tasks.length, steps.length - 1)] ?? "hangs";
      tasks.push(task);
      folders.push({ entries: readdirSync(task.cwd), mode: statSync(task.cwd).mode & 0o777 });
      if (step === "absent") throw new OuroborosError("agent_not_started", "scripted is not installed", "Install it");
      running++;
      return runOf(step);
    },
  };
  return {
    runtime,
    tasks,
    folders,
    running: () => running,
    begun(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(() => begun >= count && resolve());
      for (const look of waiting) look();
      return promise;
    },
  };

  function runOf(step: Partial<Outcome> | "hangs"): AgentRun {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const outcome = promise.finally(() => running--);
    return {
      group: null,
      outcome,
      trust() {},
      async stop() {
        resolve(outcomeOf({ ending: "stopped" }));
        await outcome;
      },
      async *begin(): AsyncGenerator<AgentMessage> {
        begun++;
        for (const look of waiting) look();
        yield { kind: "session", handle: "h", model: "m1" };
        if (step !== "hangs") resolve(outcomeOf(step));
        await outcome;
      },
    };
  }
}

function outcomeOf(step: Partial<Outcome>): Outcome {
  return {
    ending: "succeeded",
    text: "",
    structured: undefined,
    error: null,
    retry_after_ms: null,
    handle: "h",
    usage: USAGE,
    exit_code: 0,
    signal: null,
    duration_ms: 1,
    ...step,
  };
}
