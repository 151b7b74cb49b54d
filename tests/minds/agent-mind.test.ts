import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { agentMind } from "../../src/minds/agent-mind.ts";
import type { Patience } from "../../src/minds/ask.ts";
import type { Runtime } from "../../src/runtimes/runtime.ts";
import {
  answered,
  type ContractStep,
  GOOD,
  mindContract,
  NEVER,
  QUESTION,
  QUICK,
  refused,
} from "./support/mind-contract.ts";
import { type AgentStep, scriptedRuntime } from "./support/scripted-runtime.ts";

setDefaultTimeout(30_000);

mindContract("an agent", async (steps, patience) => open(steps.map(toStep), patience));

function open(steps: readonly AgentStep[], patience: Patience) {
  const scripted = scriptedRuntime(steps);
  return {
    scripted,
    mind: agentMind(scripted.runtime, undefined, patience),
    prompts: () => scripted.tasks.map(({ prompt }) => prompt),
    underWay: () => scripted.begun(1),
    async [Symbol.asyncDispose]() {
      // Holds after every test of the contract, however it ended: nothing runs on and nothing is left on the disk.
      expect(scripted.running()).toBe(0);
      expect(scripted.tasks.filter(({ cwd }) => existsSync(cwd))).toEqual([]);
    },
  };
}

function toStep(step: ContractStep): AgentStep {
  if (typeof step === "object") return { text: step.says };
  switch (step) {
    case "transient":
      return { ending: "crashed", exit_code: 139 };
    case "limited":
      return { ending: "limited", retry_after_ms: 3_600_000 };
    case "unauthorized":
      return { ending: "unauthorized" };
    case "refused":
      return { ending: "failed", error: "max turns reached" };
    case "hangs":
      return "hangs";
    case "garbage":
      return { text: '\u0000\ufffd{{{{[[["' };
  }
}

test("an agent thinks read-only, in an empty folder that only this user can enter, told the schema and the time left", async () => {
  await using stage = open([{ text: GOOD }], QUICK);
  answered(await stage.mind.ask(QUESTION, NEVER));
  const [task] = stage.scripted.tasks;
  expect(task).toMatchObject({ access: "read_only", instructions: "Judge strictly.", env: {} });
  expect(task?.answerSchema).toMatchObject({ type: "object", required: ["verdict", "score"] });
  expect(task?.limits.totalMs).toBeLessThanOrEqual(30_000);
  expect(stage.scripted.folders).toEqual([{ entries: [], mode: 0o700 }]);
});

test("what a runtime held to the schema itself counts before its words, and is checked all the same", async () => {
  const held = { text: "Done.", structured: { verdict: "fail", score: 0 } };
  await using stage = open([{ ...held, structured: { verdict: "fail", score: -1 } }, held], QUICK);
  const answer = answered(await stage.mind.ask(QUESTION, NEVER));
  expect(answer).toMatchObject({ value: { verdict: "fail" }, attempts: 2 });
});

test("an agent that is not installed is no crash", async () => {
  await using stage = open(["absent"], QUICK);
  expect(refused(await stage.mind.ask(QUESTION, NEVER), "mind_unavailable").message).toContain("not installed");
});

test("a limit without a word on when is not waited for: agents have done that themselves", async () => {
  await using stage = open([{ ending: "limited" }, { text: GOOD }], QUICK);
  const refusal = refused(await stage.mind.ask(QUESTION, NEVER), "mind_limited");
  expect(refusal.facts).not.toHaveProperty("retry_after_ms");
  expect(stage.prompts()).toHaveLength(1);
});

test("a limit that is over soon is waited for", async () => {
  await using stage = open([{ ending: "limited", retry_after_ms: 30 }, { text: GOOD }], QUICK);
  expect(answered(await stage.mind.ask(QUESTION, NEVER)).attempts).toBe(2);
});

test("costs that were reported are added up, and what was not stays unknown", async () => {
  await using stage = open([{ text: "no" }, { text: GOOD }], QUICK);
  const { usage } = answered(await stage.mind.ask(QUESTION, NEVER));
  expect(usage).toMatchObject({ cost_usd: 0.02, cached_input_tokens: null, turns: 2 });
});

test("an agent that can no longer be listened to does not go on", async () => {
  const { runtime, running } = scriptedRuntime(["hangs"]);
  const deaf: Runtime = {
    ...runtime,
    async start(task, trustMs) {
      const run = await runtime.start(task, trustMs);
      return {
        ...run,
        // biome-ignore lint/correctness/useYield: it fails before it has anything to say
        async *begin() {
          throw new Error("a bug in its parser");
        },
      };
    },
  };
  expect(await agentMind(deaf).ask(QUESTION, NEVER).catch(String)).toContain("a bug in its parser");
  expect(running()).toBe(0);
});

test("an agent whose caller leaves while it starts is told nothing", async () => {
  const caller = new AbortController();
  const { runtime, running } = scriptedRuntime([{ text: GOOD }]);
  let told = false;
  const slow: Runtime = {
    ...runtime,
    async start(task, trustMs) {
      const run = await runtime.start(task, trustMs);
      caller.abort();
      return {
        ...run,
        begin() {
          told = true;
          return run.begin();
        },
      };
    },
  };
  refused(await agentMind(slow).ask(QUESTION, caller.signal), "mind_stopped");
  expect([told, running()]).toEqual([false, 0]);
});
