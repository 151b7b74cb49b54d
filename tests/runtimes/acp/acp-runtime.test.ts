import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createAcpRuntime } from "../../../src/runtimes/acp/acp-runtime.ts";
import type { AgentMessage, AgentRun, Limits, Outcome, Task } from "../../../src/runtimes/runtime.ts";
import { agentScript, agentTest, isRunning, marked, until } from "../../support/agent-processes.ts";

const SOAK = process.env.SOAK === "1";
setDefaultTimeout(SOAK ? 900_000 : 120_000);
const AGENT = join(import.meta.dirname, "../../fixtures/agents/acp/scripted-agent.ts");
const PATIENT: Limits = { firstOutputMs: 60_000, idleMs: 60_000, totalMs: 90_000 };
const onLinux = process.platform === "linux";
type Step = { do: string; [key: string]: unknown };

let here: ReturnType<typeof agentTest>;
let work: string;
let home: string;
let before: string[];

beforeEach(() => {
  before = descriptors();
  here = agentTest();
  work = join(realpathSync(here.folder), "work");
  home = join(here.folder, "home");
  mkdirSync(work);
  mkdirSync(home);
});
afterEach(async () => {
  await here.end();
  await allClosed();
});

/** Closing takes its turn of the event loop, of what other tests have had as well: nothing new may stay open. */
async function allClosed(): Promise<void> {
  await until(() => descriptors().every((one) => before.includes(one)), "every descriptor it opened is closed");
}

function descriptors(): string[] {
  return readdirSync("/proc/self/fd")
    .map((name) => {
      try {
        return readlinkSync(`/proc/self/fd/${name}`);
      } catch {
        return "";
      }
    })
    .filter((path) => /^(pipe|socket):/.test(path))
    .sort();
}

function start(steps: Step[], behaviours: string[] = [], task: Partial<Task> = {}): Promise<AgentRun> {
  const runtime = createAcpRuntime({ name: "scripted", command: [process.execPath, AGENT, ...behaviours] });
  const env = { ...here.env, HOME: home };
  const prompt = JSON.stringify(steps);
  return runtime.start({ prompt, cwd: work, access: "write", env, limits: PATIENT, ...task }, 60_000);
}

async function ran(run: AgentRun): Promise<Outcome & { messages: AgentMessage[]; lines: string[] }> {
  const messages: AgentMessage[] = [];
  for await (const message of run.begin()) messages.push(message);
  const outcome = await run.outcome;
  expect(marked("OUROBOROS_AGENT_MARKER", run.group?.marker ?? "")).toEqual([]);
  return { ...outcome, messages, lines: outcome.text.trimEnd().split("\n") };
}

async function work1(steps: Step[], behaviours: string[] = [], task: Partial<Task> = {}) {
  return await ran(await start(steps, behaviours, task));
}

function file(method: "read" | "write", path: string, content?: string): Step {
  return {
    do: "request",
    method: `fs/${method}_text_file`,
    params: { path, ...(content === undefined ? {} : { content }) },
  };
}

function notices(messages: readonly AgentMessage[]): string[] {
  return messages.flatMap((message) => (message.kind === "notice" ? [message.text] : []));
}

/** Reads until something is said that holds the text. */
async function heard(messages: AsyncIterator<AgentMessage>, text: string): Promise<void> {
  for (;;) {
    const { value, done } = await messages.next();
    if (done) expect().fail(`never said: ${text}`);
    if (JSON.stringify(value).includes(text)) return;
  }
}

describe.if(onLinux)("an agent that speaks the protocol", () => {
  test("answers, thinks, plans and uses tools: each is a message, in order, and its last word is the answer", async () => {
    const text = (text: string) => ({ content: { type: "text", text } });
    const { messages, ...outcome } = await work1(
      [
        { do: "say", text: "I begin" },
        { do: "update", update: { sessionUpdate: "agent_thought_chunk", ...text("hm") } },
        { do: "update", update: { sessionUpdate: "agent_thought_chunk", ...text("m") } },
        {
          do: "update",
          update: { sessionUpdate: "tool_call", toolCallId: "t1", title: "Read it", kind: "read", status: "pending" },
        },
        { do: "update", update: { sessionUpdate: "tool_call_update", toolCallId: "t1", rawInput: { path: "a.txt" } } },
        { do: "update", update: { sessionUpdate: "something_new", anything: 1 } },
        { do: "update", update: { sessionUpdate: "agent_message_chunk", content: { type: "text" } } },
        {
          do: "update",
          update: {
            sessionUpdate: "tool_call_update",
            toolCallId: "t1",
            status: "completed",
            content: [{ type: "content", content: { type: "text", text: "what it holds" } }],
          },
        },
        { do: "update", update: { sessionUpdate: "tool_call", toolCallId: "t2", title: "Break it", status: "failed" } },
        {
          do: "update",
          update: { sessionUpdate: "plan", entries: [{ content: "all", status: "pending", priority: "low" }] },
        },
        {
          do: "update",
          update: { sessionUpdate: "usage_update", used: 5, size: 9, cost: { amount: 0.25, currency: "USD" } },
        },
        { do: "say", text: "done" },
        { do: "end", answer: { stopReason: "end_turn", usage: { inputTokens: 7, outputTokens: 3, totalTokens: 10 } } },
      ],
      [],
      { instructions: "Be kind.", model: "large" },
    );
    expect(messages).toEqual([
      { kind: "session", handle: expect.stringMatching(/^session-/), model: "large" },
      { kind: "text", text: "told: Be kind.\nI begin\n" },
      { kind: "thinking", text: "hmm" },
      { kind: "tool_started", id: "t1", tool: "read", input: { path: "a.txt" } },
      { kind: "tool_ended", id: "t1", ok: true, output: "what it holds" },
      { kind: "tool_started", id: "t2", tool: "Break it", input: { title: "Break it", paths: [] } },
      { kind: "tool_ended", id: "t2", ok: false, output: "" },
      { kind: "notice", text: "Plan: [pending] all" },
      { kind: "text", text: "done\n" },
    ]);
    expect(outcome).toMatchObject({
      ending: "succeeded",
      text: "done\n",
      error: null,
      handle: messages[0]?.kind === "session" ? messages[0].handle : "",
      usage: { input_tokens: 7, output_tokens: 3, cached_input_tokens: null, cost_usd: 0.25, turns: null },
      exit_code: 0,
    });
    expect(readFileSync(join(home, "model"), "utf8")).toBe("large");
  });

  test("says its last word late, and it counts", async () => {
    const { ending, text, usage } = await work1([
      { do: "say", text: "first" },
      { do: "late-word", text: "late" },
    ]);
    expect({ ending, text, usage }).toEqual({ ending: "succeeded", text: "first\nlate\n", usage: null });
  });

  test("prints other things before and between its messages", async () => {
    const { ending, text, messages } = await work1(
      [
        { do: "raw", text: "Warning: old settings\n" },
        {
          do: "raw",
          text: '{"jsonrpc":"2.0","id":99,"result":{}}\n{"jsonrpc":"2.0"}\n{"jsonrpc":"2.0","method":"x/y"}\n\0\u00ff\n',
        },
        { do: "say", text: "fine" },
      ],
      ["garbage"],
    );
    expect({ ending, text }).toEqual({ ending: "succeeded", text: "fine\n" });
    expect(notices(messages)).toContain("It said something that is no message: Welcome to the agent!");
    expect(notices(messages)).toContain("It said something that is no message: Warning: old settings");
    expect(notices(messages)).toHaveLength(5);
  });

  test("floods: it waits for whoever takes what it says, and nothing is lost", async () => {
    const times = SOAK ? 20_000 : 3_000;
    const run = await start([{ do: "flood", times }]);
    const memory = process.memoryUsage.rss();
    let length = 0;
    for await (const message of run.begin()) if (message.kind === "text") length += message.text.length;
    expect(await run.outcome).toMatchObject({ ending: "succeeded" });
    expect(length).toBe(times * 6_001);
    Bun.gc(true); // what is only waiting to be collected is not held
    expect(process.memoryUsage.rss() - memory).toBeLessThan(250 * 2 ** 20);
  });

  test("may be left in the middle of what it says", async () => {
    const run = await start([{ do: "flood", times: 500 }]);
    for await (const { kind } of run.begin()) if (kind === "text") break;
    expect(await run.outcome).toMatchObject({ ending: "succeeded" });
  });

  test("goes on with an earlier session, by loading or resuming it, and what is replayed is not said again", async () => {
    const first = await work1([{ do: "say", text: "one" }]);
    const resume = first.handle ?? "";
    const again = (behaviours: string[], resume: string) => work1([{ do: "say", text: "two" }], behaviours, { resume });
    const [loaded, resumed, cannot, unknown] = await Promise.all([
      again(["loads"], resume),
      again(["resumes"], resume),
      again([], resume),
      again(["loads"], "never-heard-of"),
    ]);
    for (const { handle, messages, text } of [loaded, resumed]) {
      expect({ handle, text }).toEqual({ handle: resume, text: "two\n" });
      expect(messages.map(({ kind }) => kind)).toEqual(["session", "text"]);
    }
    expect(notices(cannot.messages)).toEqual(["It cannot go on with an earlier session, so a new one begins."]);
    expect(cannot.handle).not.toBe(resume);
    expect(notices(unknown.messages)[0]).toStartWith("It could not go on with the session never-heard-of");
    expect(unknown.ending).toBe("succeeded");
  });

  test("is given the allow-list, its own and its task's variables, and nothing else of ours; its commands get less", async () => {
    process.env.OUROBOROS_TEST_SECRET = "not for agents";
    process.env.GEMINI_API_KEY = "not for this one";
    try {
      const runtime = createAcpRuntime({ name: "it", command: [process.execPath, AGENT], env: { ITS_KEY: "secret" } });
      const prompt = JSON.stringify([{ do: "environment" }, { do: "run", params: { command: "env" } }]);
      const env = { ...here.env, HOME: home, MY_OWN: "1" };
      const run = await runtime.start({ prompt, cwd: work, access: "write", env, limits: PATIENT }, 60_000);
      const [names = "", command = ""] = (await ran(run)).lines;
      expect(names).toMatch(/\bITS_KEY\b.*\bMY_OWN\b/);
      expect(command).toContain("MY_OWN=1");
      expect(names + command).not.toMatch(/TEST_SECRET|GEMINI/);
      expect(command).not.toContain("ITS_KEY");
    } finally {
      delete process.env.OUROBOROS_TEST_SECRET;
      delete process.env.GEMINI_API_KEY;
    }
  });
});

describe.if(onLinux)("the end of an agent", () => {
  const ENDINGS: [string, Step[], string[], Partial<Outcome>][] = [
    ["stays when it is done", [], ["stays"], { ending: "succeeded", signal: "SIGTERM", error: null }],
    [
      "stops at max_tokens",
      [{ do: "end", answer: { stopReason: "max_tokens" } }],
      [],
      { ending: "failed", error: "scripted stopped at its limit of tokens." },
    ],
    [
      "refuses",
      [{ do: "end", answer: { stopReason: "refusal" } }],
      [],
      { ending: "failed", error: "scripted refused to go on." },
    ],
    ["answers nonsense", [{ do: "end", answer: { reason: 1 } }], [], { ending: "failed" }],
    [
      "answers with an error",
      [{ do: "error", code: -32603, message: "Internal error", data: { details: "the disk is full" } }],
      [],
      { ending: "failed", error: "scripted answered with an error: Internal error: the disk is full (-32603)." },
    ],
    ["is rate limited", [{ do: "error", code: 429, message: "Slow down" }], [], { ending: "limited" }],
    [
      "loses its login",
      [{ do: "error", code: -32000, message: "Authentication required" }],
      [],
      { ending: "unauthorized" },
    ],
    [
      "is not logged in",
      [],
      ["locked"],
      {
        ending: "unauthorized",
        handle: null,
        error:
          "scripted is not logged in: Authentication required (-32000). Log in with the agent itself, then try again; it offers: Log in on the web (opens a browser).",
      },
    ],
    [
      "speaks another version",
      [],
      ["version-9"],
      { ending: "failed", error: "scripted speaks version 9 of the protocol, not 1." },
    ],
    [
      "crashes midway",
      [
        { do: "say", text: "half" },
        { do: "exit", code: 9 },
      ],
      ["complains"],
      {
        ending: "crashed",
        exit_code: 9,
        error: "scripted ended without saying how (exit code 9); its last complaint: last complaint.",
      },
    ],
    ["dies at once", [], ["dies-at-once"], { ending: "crashed", exit_code: 7 }],
    [
      "exits 1 after it said that it was done",
      [{ do: "exit-later", code: 1 }],
      [],
      { ending: "failed", exit_code: 1, error: "scripted said that it was done and then ended with exit code 1." },
    ],
    [
      "is another program",
      [],
      ["not-acp"],
      { ending: "failed", error: "scripted does not speak the Agent Client Protocol." },
    ],
    [
      "sends a message that is too long",
      [{ do: "long-line", bytes: 40 * 2 ** 20 }, { do: "hang" }],
      [],
      { ending: "failed" },
    ],
  ];
  test("is one of a few, with a sentence that says why", async () => {
    // Several at once: each of them mostly waits.
    const queue = [...ENDINGS];
    await Promise.all(Array.from({ length: 4 }, runNext));
    async function runNext(): Promise<void> {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [what, steps, behaviours, expected] = next;
        const outcome = await work1(steps, behaviours);
        expect({ what, ...outcome }).toMatchObject({ what, ...expected });
      }
    }
  });

  test("that says nothing, falls silent or is not done in time is timed_out, though it ignores everything", async () => {
    const limits = { firstOutputMs: 1_000, idleMs: 60_000, totalMs: 60_000 };
    const silent = { firstOutputMs: 10_000, idleMs: 1_000, totalMs: 60_000 };
    const [mute, idle] = await Promise.all([
      work1([], ["mute", "stubborn"], { limits }),
      work1([{ do: "say", text: "so far" }, { do: "hang" }], ["deaf", "stubborn"], { limits: silent }),
    ]);
    expect(mute).toMatchObject({ ending: "timed_out", error: "scripted was ended because it said nothing for 1 s." });
    expect(idle).toMatchObject({
      ending: "timed_out",
      text: "so far\n",
      error: expect.stringContaining("fell silent for 1 s"),
    });
    expect(idle.handle).toStartWith("session-");
  });

  test("by our stop: it is asked to cancel, and says so itself", async () => {
    const run = await start([{ do: "say", text: "working" }, { do: "hang" }]);
    const messages = run.begin()[Symbol.asyncIterator]();
    await heard(messages, "working");
    await run.stop(10_000);
    expect(await run.outcome).toMatchObject({
      ending: "stopped",
      text: "working\n",
      handle: expect.stringMatching(/^session-/),
    });
    expect(marked("OUROBOROS_AGENT_MARKER", run.group?.marker ?? "")).toEqual([]);
  });

  test("by our stop, though it ignores cancel and SIGTERM and has a family", async () => {
    const [script = ""] = agentScript("family.sh");
    const run = await start(
      [{ do: "family", script, folder: here.folder }, { do: "say", text: "working" }, { do: "hang" }],
      ["deaf", "stubborn"],
    );
    const messages = run.begin()[Symbol.asyncIterator]();
    await heard(messages, "working");
    await until(
      () => ["leader", "child", "setsid", "daemon"].every((member) => here.beats(member) > 0),
      "the family runs",
    );
    await run.stop(500);
    expect(await run.outcome).toMatchObject({ ending: "stopped", signal: "SIGKILL" });
    expect(marked("OUROBOROS_AGENT_MARKER", run.group?.marker ?? "")).toEqual([]);
  });

  test("by our stop before it was asked anything, or by its own crash then", async () => {
    const run = await start([]);
    await run.stop(2_000);
    expect(await run.outcome).toMatchObject({ ending: "stopped", handle: null });
    expect(isRunning(run.group?.pid ?? 0)).toBe(false);
    const dead = await start([], ["dies-at-once"]);
    expect(await dead.outcome).toMatchObject({ ending: "crashed", exit_code: 7 });
    const messages: AgentMessage[] = [];
    for await (const message of dead.begin()) messages.push(message);
    expect(messages).toEqual([]);
  });

  test("leaves no process, descriptor or temporary file, run after run", async () => {
    const temporary = join(here.folder, "tmp");
    mkdirSync(temporary);
    const env = { ...here.env, HOME: home, TMPDIR: temporary };
    let left = SOAK ? 500 : 6;
    await Promise.all([runNext(), runNext(), runNext()]);
    expect(readdirSync(temporary)).toEqual([]);
    expect(readdirSync(work)).toEqual(["new.txt"]);
    expect(here.leftOver()).toEqual([]);
    await allClosed();

    async function runNext(): Promise<void> {
      while (left-- > 0) {
        const steps = [file("write", join(work, "new.txt"), "x"), { do: "run", params: { command: "echo ran" } }];
        expect(await work1(steps, [], { env })).toMatchObject({ ending: "succeeded" });
      }
    }
  });

  test("that leaves processes behind takes them along", async () => {
    const [script = ""] = agentScript("family.sh");
    const { ending } = await work1([
      { do: "family", script, folder: here.folder },
      { do: "exit", code: 0 },
    ]);
    expect(ending).toBe("crashed");
  });
});

describe.if(onLinux)("what an agent asks of us", () => {
  test("files are read and written inside the work folder, whole or by lines", async () => {
    writeFileSync(join(work, "three.txt"), "one\ntwo\nthree\n");
    writeFileSync(join(work, "tool.sh"), "#!/bin/sh\n");
    chmodSync(join(work, "tool.sh"), 0o755);
    symlinkSync("three.txt", join(work, "link.txt"));
    const { lines } = await work1([
      file("read", join(work, "three.txt")),
      { do: "request", method: "fs/read_text_file", params: { path: join(work, "three.txt"), line: 2, limit: 1 } },
      file("read", join(work, "link.txt")),
      file("read", join(work, "missing.txt")),
      file("write", join(work, "deep/er/new.txt"), "fresh"),
      file("write", join(work, "tool.sh"), "#!/bin/sh\nexit 0\n"),
      file("write", join(work, "link.txt"), "through the link"),
    ]);
    expect(lines).toEqual([
      JSON.stringify({ content: "one\ntwo\nthree\n" }),
      JSON.stringify({ content: "two" }),
      JSON.stringify({ content: "one\ntwo\nthree\n" }),
      `error -32002: Resource not found: ${join(work, "missing.txt")}`,
      "{}",
      "{}",
      "{}",
    ]);
    expect(readFileSync(join(work, "deep/er/new.txt"), "utf8")).toBe("fresh");
    expect(statSync(join(work, "tool.sh")).mode & 0o777).toBe(0o755);
    expect(readFileSync(join(work, "three.txt"), "utf8")).toBe("through the link");
    expect(readdirSync(work).sort()).toEqual(["deep", "link.txt", "three.txt", "tool.sh"]);
  });

  test("files outside the work folder are refused, whichever way leads there", async () => {
    const secret = join(here.folder, "secret.txt");
    writeFileSync(secret, "secret");
    symlinkSync(secret, join(work, "link.txt"));
    symlinkSync(here.folder, join(work, "out"));
    symlinkSync(join(here.folder, "to-be"), join(work, "dangling"));
    symlinkSync("circle", join(work, "circle"));
    mkdirSync(`${work}-beside`);
    Bun.spawnSync(["mkfifo", join(work, "pipe")]);
    const outside = [
      "/etc/passwd",
      "../secret.txt",
      join(work, "..", "secret.txt"),
      join(work, "link.txt"),
      join(work, "out/secret.txt"),
      join(work, "out/new.txt"),
      join(work, "dangling"),
      join(work, "circle"),
      `${work}-beside/x`,
      join(work, "nul\0l"),
    ];
    const { lines } = await work1(outside.flatMap((path) => [file("read", path), file("write", path, "mine")]));
    expect(lines).toHaveLength(2 * outside.length);
    for (const line of lines) expect(line).toContain("is refused: it is outside the work folder");
    expect(readFileSync(secret, "utf8")).toBe("secret");
    expect(existsSync(join(here.folder, "new.txt"))).toBe(false);
    expect(existsSync(join(here.folder, "to-be"))).toBe(false);
    const odd = await work1([file("read", join(work, "pipe")), file("read", work), file("write", work, "x")]);
    expect(odd.lines.map((line) => /it is not a file|cannot be read/.test(line))).toEqual([true, true, true]);
  });

  test("an agent that only reads neither writes a file nor runs a command, and is put into its reading mode", async () => {
    const { lines } = await work1(
      [
        file("write", join(work, "new.txt"), "x"),
        { do: "run", params: { command: "touch ran" } },
        { do: "ask", tool: { kind: "edit", locations: [{ path: join(work, "a") }] } },
        { do: "ask", tool: { kind: "execute" } },
        { do: "ask", tool: {} },
        { do: "ask", tool: { kind: "read", locations: [{ path: join(work, "a") }] } },
        { do: "ask", tool: { kind: "search" } },
        { do: "ask", tool: { kind: "fetch" } },
        { do: "ask", tool: { kind: "read", locations: [{ path: "/etc/passwd" }] } },
      ],
      [],
      { access: "read_only" },
    );
    expect(lines[0]).toContain("this task only reads");
    expect(lines[1]).toContain("this task runs no commands");
    const [no, yes] = ["my-reject_once", "my-allow_once"];
    expect(lines.slice(2)).toEqual([no, no, no, yes, yes, yes, no] as string[]);
    expect(readdirSync(work)).toEqual([]);
    expect(readFileSync(join(home, "mode"), "utf8")).toBe("plan");
  });

  test("permission to change things is given once, and only where every path it names is inside", async () => {
    symlinkSync("/etc", join(work, "etc"));
    const ask = (tool: object, options?: string[]): Step => ({ do: "ask", tool, ...(options ? { options } : {}) });
    const { lines, messages } = await work1([
      // Of one call this is known from earlier on, and not from the question.
      {
        do: "update",
        update: {
          sessionUpdate: "tool_call",
          toolCallId: "k",
          title: "k",
          kind: "edit",
          locations: [{ path: "/etc/x" }],
        },
      },
      ask({ kind: "edit", locations: [{ path: join(work, "a") }, { path: "b" }] }),
      ask({ kind: "execute", rawInput: { command: "make", cwd: work } }),
      ask({ kind: "delete", locations: [{ path: join(work, "a") }, { path: "/etc/passwd" }] }),
      ask({ kind: "edit", content: [{ type: "diff", path: join(work, "etc/passwd"), newText: "x" }] }),
      ask({ kind: "move", rawInput: { from: "a", filePath: "../b" } }),
      ask({ kind: "execute", rawInput: { command: "make", cwd: "/" } }),
      ask({ kind: "switch_mode" }),
      ask({ kind: "edit" }, ["allow_always"]),
      ask({ kind: "edit" }, ["allow_always", "reject_always"]),
      ask({ toolCallId: "k" }),
    ]);
    const [no, yes] = ["my-reject_once", "my-allow_once"] as const;
    expect(lines).toEqual([yes, yes, no, no, no, no, no, "cancelled", "my-reject_always", no]);
    expect(messages.filter(({ kind }) => kind === "tool_started")).toHaveLength(10);
  });

  test("commands run in the work folder, with bounded output, and are killed when asked", async () => {
    const { lines } = await work1([
      {
        do: "run",
        params: { command: "pwd; echo err >&2; echo $GREETING; exit 3", env: [{ name: "GREETING", value: "hello" }] },
      },
      { do: "run", params: { command: "printf", args: ["%s|", "a b", "$HOME"] } },
      { do: "run", params: { command: "seq", args: ["1", "100000"], outputByteLimit: 20 } },
      { do: "run", params: { command: "sleep 1000 & tail -f /dev/null" }, kill: true },
      { do: "run", params: { command: "no-such-program-at-all", args: ["x"] } },
      { do: "run", params: { command: "true", cwd: "/" } },
    ]);
    const [plain, args, tail, killed, missing] = lines.slice(0, 5).map((line) => JSON.parse(line));
    expect(plain).toMatchObject({ exitCode: 3, signal: null, output: `${work}\nerr\nhello\n`, truncated: false });
    expect(plain.gone).toStartWith("error -32002");
    expect(args).toMatchObject({ exitCode: 0, output: "a b|$HOME|" });
    expect(tail).toMatchObject({ exitCode: 0, truncated: true, output: "99\n99998\n99999\n100000\n".slice(-20) });
    expect(killed.signal).toBe("SIGTERM");
    expect(missing.exitCode).toBe(127);
    expect(lines[5]).toContain("/ is outside the work folder");
  });

  test("a command that is still running when the run ends goes with it", async () => {
    const beating = `${agentScript("family.sh")[0]} beat ${join(here.folder, "beating")} stubborn`;
    const { ending } = await work1([
      { do: "leave-terminal", command: beating },
      { do: "say", text: "done" },
    ]);
    expect(ending).toBe("succeeded");
    expect(here.leftOver()).toEqual([]);
  });
});

describe.if(onLinux)("a probe", () => {
  const probe = (command: string[]) => createAcpRuntime({ name: "it", command }).probe(new AbortController().signal);

  test("greets the agent and asks it nothing else", async () => {
    const found = await probe([process.execPath, AGENT, "locked"]);
    expect(found).toMatchObject({ installed: true, version: "1.2.3", logged_in: null, models: [] });
    expect(found.note).toContain("ways to log in: Log in on the web");
  });

  test("tells of what is missing, or is no such agent", async () => {
    expect(await probe(["no-such-agent-at-all"])).toMatchObject({ installed: false, version: null });
    expect(await probe(["true"])).toMatchObject({
      installed: true,
      note: expect.stringContaining("does not work as an agent"),
    });
  });
});
