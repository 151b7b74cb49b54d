import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, openSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { type GuardedAgent, startGuarded } from "../../../src/process/agent/guarded-agent.ts";
import { readProcessStat } from "../../../src/process/process-stat.ts";
import { readStartTicks } from "../../../src/process/start-ticks.ts";
import { agentScript, agentTest, isRunning, marked, until } from "../../support/agent-processes.ts";

setDefaultTimeout(120_000);
const onLinux = process.platform === "linux";
const MEMBERS = ["leader", "child", "setsid", "daemon"];
let here: ReturnType<typeof agentTest>;

beforeEach(() => {
  here = agentTest();
});
afterEach(() => here.end());

function start(command: string[], trustMs = 60_000): Promise<GuardedAgent> {
  return startGuarded({ command, cwd: here.folder, env: here.env, trustMs });
}

async function textOf(agent: GuardedAgent): Promise<string> {
  let text = "";
  for await (const chunk of agent.output) text += Buffer.from(chunk).toString("latin1");
  return text;
}

function allBeat(): boolean {
  return MEMBERS.every((member) => here.beats(member) > 0);
}

describe.if(onLinux)("a guarded agent", () => {
  test("has a group that is named before it is asked anything, and is asked once", async () => {
    const agent = await start(agentScript("echo.sh"));
    expect(readStartTicks(agent.group.pid)).toBe(agent.group.start_ticks);
    expect(readProcessStat(agent.group.pid)).toMatchObject({ group: agent.group.pid, session: agent.group.pid });
    expect(readStartTicks(agent.group.guard_pid)).toBe(agent.group.guard_start_ticks);
    agent.send("What is asked.\n");
    expect(await textOf(agent)).toStartWith("What is asked.\n");
    expect(await agent.ended).toEqual({ code: 0, signal: null, leftBehind: 0 });
    expect(agent.errorTail()).toBe("complaint\n");
  });

  test("gets the environment it was given, its marker and its depth, and nothing else of ours", async () => {
    process.env.OUROBOROS_TEST_SECRET = "not for agents";
    const agent = await startGuarded({
      command: ["/usr/bin/env"],
      cwd: here.folder,
      env: { ...here.env, _OUROBOROS_DEPTH: "2" },
      trustMs: 60_000,
    }).finally(() => delete process.env.OUROBOROS_TEST_SECRET);
    const names = (await textOf(agent)).trimEnd().split("\n").sort();
    expect(names).toEqual(
      [
        ...Object.entries(here.env).map(([name, value]) => `${name}=${value}`),
        `OUROBOROS_AGENT_MARKER=${agent.group.marker}`,
        "_OUROBOROS_DEPTH=3",
        "_OUROBOROS_NESTED=1",
      ].sort(),
    );
    await agent.ended;
  });

  test("holds no descriptor but its three, and its guard none of an open file of ours", async () => {
    const path = join(realpathSync(here.folder), "open-here");
    const file = openSync(path, "w");
    const other = await start(["cat"]);
    const agent = await start(["sh", "-c", "read go; exec ls /proc/self/fd"]);
    const guardFiles = readdirSync(`/proc/${agent.group.guard_pid}/fd`).map((name) => {
      try {
        return readlinkSync(`/proc/${agent.group.guard_pid}/fd/${name}`);
      } catch {
        return "closed meanwhile";
      }
    });
    expect(guardFiles.length).toBeGreaterThan(2);
    expect(guardFiles).not.toContain(path);
    agent.send("go\n");
    // The last is ls's own, of the folder it reads.
    expect(await textOf(agent)).toBe("0\n1\n2\n3\n");
    closeSync(file);
    await Promise.all([agent.ended, other.stop(0)]);
  });

  test("takes a prompt of 5 MB, and may end without reading one", async () => {
    const prompt = "0123456789abcdef".repeat(327_680);
    const agent = await start(["wc", "-c"]);
    agent.send(prompt);
    expect((await textOf(agent)).trim()).toBe(String(prompt.length));
    expect((await agent.ended).code).toBe(0);

    const deaf = await start(["sh", "-c", "exec <&-; exit 5"]);
    deaf.send(prompt);
    expect(await deaf.ended).toMatchObject({ code: 5 });
  });

  test("may flood both of its outputs: what is not taken waits outside this process", async () => {
    const before = process.memoryUsage.rss();
    const agent = await start(agentScript("flood.sh"));
    agent.send("");
    let length = 0;
    for await (const chunk of agent.output) {
      if (length === 0) {
        await until(() => agent.errorTail().endsWith("eeeend\n"), "its stderr is read to the end");
        expect(isRunning(agent.group.pid)).toBe(true);
        Bun.gc(true); // what is only waiting to be collected is not held
        expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 2 ** 20);
      }
      length += chunk.length;
    }
    expect(await agent.ended).toMatchObject({ code: 0 });
    expect(length).toBe(200 * 2 ** 20);
    expect(agent.errorTail().length).toBe(64 * 2 ** 10);
  });

  test("may be left in the middle of what it says", async () => {
    const agent = await start(agentScript("flood.sh"));
    agent.send("");
    for await (const _ of agent.output) break;
    expect(await agent.ended).toMatchObject({ code: 0 });
  });

  test("that leaves processes behind takes them along, wherever they went", async () => {
    const agent = await start(agentScript("family.sh", here.folder, "leaves"));
    agent.send("");
    const end = await agent.ended;
    expect(end).toMatchObject({ code: 3, signal: null });
    expect(end.leftBehind).toBeGreaterThanOrEqual(3);
    expect(marked("OUROBOROS_AGENT_MARKER", agent.group.marker)).toEqual([]);
  });

  test("that ignores the request to stop is killed with everything it started", async () => {
    const agent = await start(agentScript("family.sh", here.folder, "stubborn"));
    agent.send("");
    await until(allBeat, "the whole family runs");
    const end = await agent.stop(300);
    expect(end).toEqual({ code: null, signal: "SIGKILL", leftBehind: 0 });
    expect(marked("OUROBOROS_AGENT_MARKER", agent.group.marker)).toEqual([]);
    expect(isRunning(agent.group.guard_pid)).toBe(false);
  });

  test("is ended by this process when somebody kills its guard", async () => {
    const agent = await start(agentScript("family.sh", here.folder));
    agent.send("");
    await until(allBeat, "the whole family runs");
    process.kill(agent.group.guard_pid, "SIGKILL");
    expect(await agent.ended).toEqual({ code: null, signal: null, leftBehind: 0 });
    expect(marked("OUROBOROS_AGENT_MARKER", agent.group.marker)).toEqual([]);
  });

  test("can be stopped though its guard stands still", async () => {
    const agent = await start(agentScript("family.sh", here.folder));
    agent.send("");
    await until(allBeat, "the whole family runs");
    process.kill(agent.group.guard_pid, "SIGSTOP");
    expect(await agent.stop(0)).toEqual({ code: null, signal: null, leftBehind: 0 });
    expect(marked("OUROBOROS_AGENT_MARKER", agent.group.marker)).toEqual([]);
  });

  test("is ended by its guard when that is asked to end", async () => {
    const agent = await start(agentScript("family.sh", here.folder));
    agent.send("");
    await until(allBeat, "the whole family runs");
    process.kill(agent.group.guard_pid, "SIGTERM");
    expect(await agent.ended).toMatchObject({ signal: "SIGTERM" });
    expect(marked("OUROBOROS_AGENT_MARKER", agent.group.marker)).toEqual([]);
  });

  test("that cannot be started is said so, with what to do", async () => {
    const cannot = (command: string[], cwd = here.folder) =>
      startGuarded({ command, cwd, env: here.env, trustMs: 60_000 }).then(
        () => expect().fail("it was started"),
        (error) => error,
      );
    expect(await cannot(["no-such-agent"])).toMatchObject({
      code: "agent_not_started",
      next: "Install no-such-agent, or give its full path in the configuration.",
    });
    expect(await cannot(["sh"], join(here.folder, "missing"))).toMatchObject({
      code: "agent_not_started",
      next: expect.stringContaining("missing is a folder"),
    });
  });
});

describe.if(onLinux)("the agent of a worker", () => {
  test("that is killed together with its group is gone, with everything it started", async () => {
    const worker = here.startWorker({ command: agentScript("family.sh", here.folder, "stubborn") });
    const group = await worker.group();
    await until(allBeat, "the whole family runs");
    process.kill(-(worker.child.pid ?? 0), "SIGKILL");
    await until(() => here.leftOver().length === 0, "worker, guard and family are gone");
    expect(isRunning(group.pid)).toBe(false);
  });

  test("that stands still is suspended when its trust is over, and goes on when it is heard of again", async () => {
    const worker = here.startWorker({
      command: agentScript("family.sh", here.folder),
      trustMs: 1_500,
      everyMs: 200,
    });
    const group = await worker.group();
    await until(allBeat, "the whole family runs");
    worker.child.kill("SIGSTOP");
    await until(() => here.isStill(group), "the whole family is suspended");
    // Another one of their kind, that nobody suspends, tells how long to wait.
    here.startChild(agentScript("family.sh", "beat", join(here.folder, "free")));
    await until(() => here.beats("free") > 5 * "beat\n".length, "a free one has begun");
    const then = MEMBERS.map(here.beats);
    await until(() => here.beats("free") > 15 * "beat\n".length, "a free one beats ten times");
    expect(MEMBERS.map(here.beats)).toEqual(then);
    worker.child.kill("SIGCONT");
    await until(() => MEMBERS.every((member, i) => here.beats(member) > (then[i] ?? 0)), "the whole family goes on");
    expect(worker.said.some((line) => line.end)).toBe(false);
  });

  for (const place of [
    "guarded-agent:spawn:before",
    "guarded-agent:spawn:after",
    "guard:spawn:before",
    "guard:spawn:after",
    "guard:report:before",
    "guard:report:after",
  ])
    test(`is nowhere once somebody died at ${place}`, async () => {
      const worker = here.startWorker({ command: agentScript("family.sh", here.folder, "leaves"), failpoint: place });
      await until(() => !isRunning(worker.child.pid ?? 0), "the worker has ended");
      await until(() => here.leftOver().length === 0, "guard and family are gone");
      const [last] = worker.said.slice(-1);
      if (place.startsWith("guard:spawn")) expect(last?.error).toContain("its guard ended (SIGKILL)");
      if (place === "guard:report:before") expect(last?.end).toEqual({ code: null, signal: null, leftBehind: 0 });
      if (place === "guard:report:after") expect(last?.end).toMatchObject({ code: 3 });
    });
});
