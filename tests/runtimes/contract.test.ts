import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { Ending, Limits, Outcome } from "../../src/runtimes/runtime.ts";
import { agentTest, isRunning, marked } from "../support/agent-processes.ts";
import {
  contractRuntime,
  contractTask,
  DIALECTS,
  type Dialect,
  GENEROUS,
  play,
  TRUST_MS,
} from "./support/contract-runtimes.ts";

setDefaultTimeout(120_000);
let here: ReturnType<typeof agentTest>;

beforeEach(() => {
  here = agentTest();
});
afterEach(() => here.end());

interface Promised {
  readonly behaviour: string;
  readonly ending: Ending;
  /** For a program that says nothing of its success but by its exit code. */
  readonly inText?: Ending;
  readonly outcome?: Partial<Outcome>;
  readonly error?: RegExp;
  readonly limits?: Partial<Limits>;
}

const SOON: Limits = { ...GENEROUS, firstOutputMs: 400, idleMs: 400 };
const PROMISES: readonly Promised[] = [
  { behaviour: "answers", ending: "succeeded", outcome: { exit_code: 0, signal: null, error: null } },
  { behaviour: "refuses", ending: "failed", outcome: { exit_code: 1 }, error: /it cannot be done/ },
  { behaviour: "limited", ending: "limited", inText: "failed", error: /slow down/ },
  { behaviour: "unauthorized", ending: "unauthorized", inText: "failed", error: /who are you/ },
  { behaviour: "crashes", ending: "crashed", inText: "failed", outcome: { exit_code: 3 }, error: /something broke/ },
  { behaviour: "is_killed", ending: "crashed", outcome: { signal: "SIGKILL", exit_code: null } },
  { behaviour: "nothing", ending: "crashed", inText: "succeeded", outcome: { exit_code: 0, text: "" } },
  { behaviour: "hangs", ending: "timed_out", error: /fell silent/, limits: { idleMs: 400 } },
  { behaviour: "silent", ending: "timed_out", error: /said nothing/, limits: SOON },
  { behaviour: "chatters", ending: "timed_out", error: /was not done after/, limits: { totalMs: 600 } },
  { behaviour: "lingers", ending: "timed_out", limits: { idleMs: 400 } },
  { behaviour: "leaves_children", ending: "succeeded", outcome: { exit_code: 0 } },
  { behaviour: "prints_garbage", ending: "succeeded", outcome: { exit_code: 0 } },
  { behaviour: "lies", ending: "failed", inText: "succeeded", outcome: { exit_code: 0 } },
  { behaviour: "regrets", ending: "crashed", inText: "failed", outcome: { exit_code: 1 } },
  { behaviour: "one_huge_line", ending: "succeeded", outcome: { exit_code: 0 } },
];

describe("every CLI runtime", () => {
  for (const { behaviour, ending, inText = ending, outcome: wanted = {}, error, limits = {} } of PROMISES) {
    test(`${behaviour}: ${ending}${inText === ending ? "" : ` (${inText} in plain text)`}`, async () => {
      await Promise.all(
        DIALECTS.map(async (dialect) => {
          const task = contractTask(here.folder, { limits: { ...GENEROUS, ...limits } });
          const run = await contractRuntime(dialect, behaviour).start(task, TRUST_MS);
          const { outcome } = await play(run);
          expect(outcome).toMatchObject({ ...wanted, ending: dialect === "text" ? inText : ending });
          const shown = dialect === "text" && inText === "succeeded" ? null : error;
          if (shown) expect(outcome.error).toMatch(shown);
          expect(marked("OUROBOROS_AGENT_MARKER", run.group?.marker ?? "")).toEqual([]);
        }),
      );
    });
  }

  test("tells what its agent does in the same words, whoever that is", async () => {
    const texts = { claude: ["at work"], codex: ["at work", "done"], jsonl: ["at work"], text: ["at work", "done"] };
    for (const dialect of DIALECTS) {
      const { messages, outcome } = await start(dialect, "answers").then(play);
      const said = messages.flatMap((message) => (message.kind === "text" ? [message.text] : []));
      expect(said).toEqual(texts[dialect]);
      if (dialect === "text") {
        expect(outcome.text).toBe("at work\ndone");
        continue;
      }
      expect(outcome.text).toBe("done");
      expect(outcome.handle).toBe("handle-1");
      expect(outcome.usage).toMatchObject({ input_tokens: 7, output_tokens: 3 });
      expect(messages[0]).toMatchObject({ kind: "session", handle: "handle-1" });
      expect(messages).toContainEqual({ kind: "tool_started", id: "t1", tool: "shell", input: { command: "ls" } });
      expect(messages).toContainEqual({ kind: "tool_ended", id: "t1", ok: true, output: "a.txt" });
    }
  });

  test("says that a line of 64 MB was left out, and hears what comes after it", async () => {
    const before = process.memoryUsage.rss();
    for (const dialect of DIALECTS) {
      const { messages, outcome } = await start(dialect, "one_huge_line").then(play);
      expect(messages).toContainEqual({ kind: "notice", text: expect.stringMatching(/^A line of 671088\d\d bytes/) });
      expect(outcome.text).toBe("done");
    }
    Bun.gc(true); // what is only waiting to be collected is not held
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 2 ** 20);
  });

  test("takes in a flood, as fast as it is taken and no faster", async () => {
    await Promise.all(
      DIALECTS.map(async (dialect) => {
        const run = await start(dialect, "floods");
        let count = 0;
        for await (const message of run.begin()) if (message.kind === "text") count++;
        expect(count).toBeGreaterThanOrEqual(40_000);
        expect((await run.outcome).ending).toBe("succeeded");
      }),
    );
  });

  test("gives an outcome though nobody takes what its agent says", async () => {
    await Promise.all(
      DIALECTS.map(async (dialect) => {
        const run = await start(dialect, "answers");
        run.begin();
        expect((await run.outcome).ending).toBe("succeeded");
        const left = await start(dialect, "floods");
        for await (const _ of left.begin()) break;
        expect((await left.outcome).ending).toBe("succeeded");
      }),
    );
  });

  test("hands on a prompt of a megabyte", async () => {
    await Promise.all(
      DIALECTS.map(async (dialect) => {
        const task = contractTask(here.folder, { prompt: "x".repeat(2 ** 20) });
        const { messages } = await contractRuntime(dialect, "prompted").start(task, TRUST_MS).then(play);
        const [said] = messages.flatMap((message) => (message.kind === "text" ? [message.text] : []));
        expect(Number.parseInt(said ?? "", 10)).toBeGreaterThanOrEqual(2 ** 20);
      }),
    );
  });

  test("has an outcome for an agent that was gone before it was told anything", async () => {
    await Promise.all(
      DIALECTS.map(async (dialect) => {
        const run = await start(dialect, "deserts");
        expect(await run.outcome).toMatchObject({ ending: dialect === "text" ? "failed" : "crashed", exit_code: 7 });
        expect((await play(run)).messages).toEqual([]);
        await run.stop(0);
      }),
    );
  });

  test("takes instructions that are too long for a command line", async () => {
    await Promise.all(
      DIALECTS.map(async (dialect) => {
        const task = contractTask(here.folder, { instructions: '"'.repeat(150_000) });
        const { messages } = await contractRuntime(dialect, "prompted").start(task, TRUST_MS).then(play);
        const [said] = messages.flatMap((message) => (message.kind === "text" ? [message.text] : []));
        expect(Number.parseInt(said ?? "", 10)).toBeGreaterThan(150_000);
      }),
    );
  });

  test("kills an agent that does not end when it is asked to, with all of its family", async () => {
    await Promise.all(
      DIALECTS.map(async (dialect) => {
        const run = await start(dialect, "ignores_terminate");
        for await (const message of run.begin()) if (message.kind === "text") void run.stop(300);
        expect(await run.outcome).toMatchObject({ ending: "stopped", signal: "SIGKILL" });
        expect(isRunning(run.group?.pid ?? 0)).toBe(false);
      }),
    );
  });

  test("starts nothing five agents deep, nor in a folder that is not there", async () => {
    process.env._OUROBOROS_DEPTH = "5";
    try {
      for (const dialect of DIALECTS) {
        const refused = contractRuntime(dialect, "answers").start(contractTask(here.folder), TRUST_MS);
        await expect(refused).rejects.toMatchObject({ code: "too_deep" });
      }
    } finally {
      delete process.env._OUROBOROS_DEPTH;
    }
    for (const dialect of DIALECTS) {
      const lost = contractRuntime(dialect, "answers").start(contractTask(`${here.folder}/gone`), TRUST_MS);
      await expect(lost).rejects.toMatchObject({ code: "agent_not_started" });
    }
  });

  test("hands an agent its own variables and those of its task, and no secret of somebody else's", async () => {
    const planted = {
      SECRET_X: "s",
      ANTHROPIC_API_KEY: "a",
      OPENAI_API_KEY: "o",
      CLAUDE_CODE_SESSION_ID: "c",
      AWS_SECRET: "w",
    };
    const before = { ...process.env };
    Object.assign(process.env, planted);
    try {
      const own = { claude: ["ANTHROPIC_API_KEY"], codex: ["OPENAI_API_KEY"], jsonl: [], text: [] };
      for (const dialect of DIALECTS) {
        const task = contractTask(here.folder, { env: { OF_THE_TASK: "t" } });
        const { messages } = await contractRuntime(dialect, "environment").start(task, TRUST_MS).then(play);
        const names = messages.flatMap((message) => (message.kind === "text" ? message.text.split(" ") : []));
        expect(names).toContain("OF_THE_TASK");
        expect(names.filter((name) => name in planted)).toEqual(own[dialect]);
      }
    } finally {
      for (const name of Object.keys(planted)) delete process.env[name];
      Object.assign(process.env, before);
    }
  });
});

describe("cancelled at any moment", () => {
  const RUNS = process.env.SOAK === "1" ? 500 : 25;
  const BEHAVIOURS = ["hangs", "chatters", "lingers", "leaves_children", "silent", "floods", "ignores_terminate"];
  const MOMENTS = ["before it is told anything", "just after", "once it has spoken", "twice at once"] as const;

  test(`${RUNS} runs leave no process, no descriptor and no file behind`, async () => {
    const temporary = process.env.TMPDIR;
    process.env.TMPDIR = here.folder;
    try {
      await cancelOne(0); // Whatever is opened once and for all is open now.
      const before = descriptors();
      const files = readdirSync(here.folder);
      for (let done = 1; done <= RUNS; done += 5)
        await Promise.all([0, 1, 2, 3, 4].map((more) => (done + more <= RUNS ? cancelOne(done + more) : undefined)));
      expect(marked("OUROBOROS_TEST_RUN", process.env.OUROBOROS_TEST_RUN ?? "")).toEqual([]);
      await settled(() => descriptors() <= before);
      expect(descriptors()).toBeLessThanOrEqual(before);
      expect(readdirSync(here.folder)).toEqual(files);
    } finally {
      if (temporary === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = temporary;
    }
  }, 1_200_000);

  async function cancelOne(index: number): Promise<void> {
    const dialect = DIALECTS[index % DIALECTS.length] ?? "text";
    const behaviour = BEHAVIOURS[index % BEHAVIOURS.length] ?? "hangs";
    const moment = MOMENTS[index % 3 === 0 ? 2 : index % MOMENTS.length] ?? "just after";
    const task = contractTask(here.folder, { answerSchema: { type: "object", properties: {} } });
    const run = await contractRuntime(dialect, behaviour).start(task, TRUST_MS);
    if (moment === "before it is told anything") await run.stop(100);
    else {
      const messages = run.begin();
      if (moment === "once it has spoken" && behaviour !== "silent") for await (const _ of messages) break;
      await Promise.all([run.stop(100), moment === "twice at once" ? run.stop(50) : undefined]);
    }
    const { ending } = await run.outcome;
    // One that was done before it could be stopped has ended by itself.
    const mayBeDone = behaviour === "leaves_children" || behaviour === "floods";
    expect(mayBeDone ? "stopped" : ending).toBe("stopped");
  }
});

function start(dialect: Dialect, behaviour: string) {
  return contractRuntime(dialect, behaviour).start(contractTask(here.folder), TRUST_MS);
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** Closing takes its turn of the event loop: waits for it, but not for ever. */
async function settled(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
}
