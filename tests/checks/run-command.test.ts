import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { watchActiveTime } from "../../src/checks/active-time.ts";
import { checkEnvironment } from "../../src/checks/check-environment.ts";
import { runCommand } from "../../src/checks/run-command.ts";
import type { AgentGroup } from "../../src/process/agent/process-tree.ts";
import { readStartTicks } from "../../src/process/start-ticks.ts";
import { agentScript, agentTest, until } from "../support/agent-processes.ts";
import { limits } from "./support/limits.ts";

setDefaultTimeout(120_000);
let here: ReturnType<typeof agentTest>;

beforeEach(() => {
  here = agentTest();
});
// Fails when anything that a test has started is left.
afterEach(() => here.end());

function run(command: string, more: Parameters<typeof limits>[0] = {}) {
  return runCommand(command, here.folder, limits({ env: { ...checkEnvironment(process.env), ...here.env }, ...more }));
}

function textOf({ output }: { output: Uint8Array }): string {
  return new TextDecoder().decode(output);
}

function familyRuns(): boolean {
  return ["leader", "child", "setsid", "daemon"].every((member) => here.beats(member) > 0);
}

describe.if(process.platform === "linux")("a command", () => {
  test("is a shell's line, its two outputs in the order in which they came, its input empty", async () => {
    const result = await run("echo 'one \"1\"'; echo two >&2; echo three; cat; exit 3");
    expect(textOf(result)).toBe('one "1"\ntwo\nthree\n');
    expect(result).toMatchObject({ exit_code: 3, signal: null, timed_out: false, could_not_run: null });
    expect(textOf(await run("echo 'open"))).toMatch(/unterminated|unexpected/i);
  });

  test("sees nothing of ours that could be a secret, nor a search path that the project decides about", async () => {
    const ours = { ...process.env, ANTHROPIC_API_KEY: "k1", OUROBOROS_DATABASE_TOKEN: "k2", GITHUB_TOKEN: "k3" };
    const env = checkEnvironment({ ...ours, PATH: `.:node_modules/.bin::${process.env.PATH}` });
    const result = await run("env", { env: { ...env, ...here.env, PATH: env.PATH ?? "" } });
    expect(textOf(result)).not.toMatch(/k[123]$|API_KEY|TOKEN/m);
    expect(textOf(result)).toMatch(/^CI=1$/m);
    expect(textOf(result)).toMatch(/^NO_COLOR=/m);
    expect(textOf(result)).toMatch(/^PATH=\//m);
    const path = /^PATH=(.*)$/m.exec(textOf(result))?.[1]?.split(":") ?? [];
    expect(path.filter((entry) => !entry.startsWith("/"))).toEqual([]);
  });

  test("finds a person's compilers where their own variables say they are", async () => {
    const ours = { RUSTUP_HOME: "/opt/rust", JAVA_HOME: "/opt/java", GOPATH: "/opt/go", CARGO_REGISTRY_TOKEN: "k1" };
    const env = checkEnvironment({ ...process.env, ...ours });
    const result = await run("echo $RUSTUP_HOME $JAVA_HOME $GOPATH $CARGO_REGISTRY_TOKEN", { env });
    expect(textOf(result)).toBe("/opt/rust /opt/java /opt/go\n");
  });

  test("leaves nothing running, wherever it went", async () => {
    const result = await run(`${agentScript("family.sh").join("")} ${here.folder} leaves`);
    expect(result.exit_code).toBe(3);
    expect(here.leftOver()).toEqual([]);
  });

  test("that takes too long is ended with its grandchildren, deaf and frozen ones too", async () => {
    const result = await run(`${agentScript("family.sh").join("")} ${here.folder} stubborn & kill -STOP $$`, {
      timeoutMs: 700,
    });
    expect(result).toMatchObject({ timed_out: true, exit_code: null, could_not_run: null });
    expect(here.leftOver()).toEqual([]);
  });

  test("that is called off is ended at once", async () => {
    const called = new AbortController();
    const running = run(`${agentScript("family.sh").join("")} ${here.folder}`, { signal: called.signal });
    await until(familyRuns, "the whole family runs");
    called.abort();
    expect(await running).toMatchObject({ could_not_run: "It was stopped", timed_out: false });
    expect(here.leftOver()).toEqual([]);
    expect(await run("touch late", { signal: called.signal })).toMatchObject({ could_not_run: "It was stopped" });
    expect(existsSync(join(here.folder, "late"))).toBe(false);
  });

  test("may say more than anybody can keep: the beginning and the end are kept, and no more is held", async () => {
    const result = await run("echo begins; head -c 536870912 /dev/zero; echo ends");
    expect(result).toMatchObject({ exit_code: 0, output_truncated: true });
    expect(result.output.length).toBeLessThan(257 * 2 ** 10);
    expect(textOf(result)).toStartWith("begins\n");
    expect(textOf(result)).toEndWith("ends\n");
    expect(textOf(result)).toMatch(/\[\d{9,} bytes left out\]/);
  });

  test("may say what is no text: it is kept byte for byte", async () => {
    const { output } = await run("printf '\\000\\377\\376ok\\200'");
    expect([...output]).toEqual([0, 0xff, 0xfe, 0x6f, 0x6b, 0x80]);
  });

  test("is on record before it does anything, and does nothing where that came too late", async () => {
    let known: { pid: number; start_ticks: string | null } | undefined;
    const record = async (group: { pid: number; start_ticks: string | null }) => {
      known = group;
      expect(readStartTicks(group.pid)).toBe(group.start_ticks);
      expect(existsSync(join(here.folder, "done"))).toBe(false);
      return true;
    };
    expect(textOf(await run("touch done; echo $$", { record })).trim()).toBe(String(known?.pid));
    const late = await run("touch late", { record: async () => false });
    expect(late.could_not_run).toBe("It was stopped");
    expect(existsSync(join(here.folder, "late"))).toBe(false);
  });

  test("without its folder has no result, and says so", async () => {
    const result = await runCommand("true", join(here.folder, "missing"), limits());
    expect(result).toMatchObject({ exit_code: null, output: new Uint8Array() });
    expect(result.could_not_run).toContain("not a folder");
  });

  test("stands still while nobody is trusted, and goes on when somebody is", async () => {
    let extend: ((ms: number) => void) | undefined;
    let group: AgentGroup | undefined;
    const trust = {
      trustMs: () => 0,
      onTrust: (listener: (ms: number) => void) => {
        extend = listener;
        return () => {};
      },
    };
    const record = async (named: AgentGroup) => {
      group = named;
      return true;
    };
    const running = run("touch done", { trust, record });
    await until(() => group !== undefined && here.isStill(group), "it stands still");
    expect(existsSync(join(here.folder, "done"))).toBe(false);
    extend?.(600_000);
    expect((await running).exit_code).toBe(0);
    expect(existsSync(join(here.folder, "done"))).toBe(true);
  });
});

test("time in which a check stands still is not held against it", async () => {
  let over = false;
  const clock = watchActiveTime(50, 0, () => {
    over = true;
  });
  const began = performance.now();
  clock.begin();
  await until(() => performance.now() - began > 150, "more than its time is over");
  expect({ over, isOver: clock.isOver(), passed: clock.passed() }).toEqual({ over: false, isOver: false, passed: 0 });
  clock.trusted(600_000);
  await until(() => over, "its time is used up");
  expect(clock.passed()).toBeGreaterThanOrEqual(50);
});
