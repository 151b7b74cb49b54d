import { afterEach, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownIdentity, type ProcessIdentity } from "../../src/process/identity.ts";
import { type ProcessTable, probe, systemProcesses } from "../../src/process/liveness.ts";

const onLinux = process.platform === "linux";
const children: ChildProcess[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A whole identity, so that the rules are tested alike where the system gives less. */
const self: ProcessIdentity = { machine: "m1", boot: "b1", pid_namespace: "pid:[1]", pid: 100, start_ticks: "500" };
const recorded: ProcessIdentity = { ...self, pid: 200, start_ticks: "700" };

function tableOf(found: { startTicks?: string | null; state?: string | null } | null): ProcessTable {
  return {
    exists: () => found !== null,
    startTicks: () => found?.startTicks ?? null,
    state: () => found?.state ?? null,
  };
}

function verdict(changes: Partial<ProcessIdentity>, table: ProcessTable, own: ProcessIdentity = self): string {
  const { state, why } = probe({ ...recorded, ...changes }, own, table);
  return `${state}: ${why}`;
}

const running = tableOf({ startTicks: "700", state: "S" });
const gone = tableOf(null);

test("probe() never judges a process of another or an unknown machine, gone as its pid may be here", () => {
  expect(verdict({ machine: "m2" }, gone)).toBe("unknown: another machine");
  expect(verdict({ machine: "m2", boot: "b2" }, gone)).toBe("unknown: another machine");
  expect(verdict({ machine: null, boot: "b2" }, gone)).toBe("unknown: unknown machine");
  expect(verdict({}, gone, { ...self, machine: null })).toBe("unknown: unknown machine");
  expect(verdict({ machine: null }, gone, { ...self, machine: null })).toBe("unknown: unknown machine");
});

test("probe() calls a process of another boot dead, even when its pid and ticks are taken again", () => {
  expect(verdict({ boot: "b0" }, running)).toBe("dead: another boot");
  expect(verdict({ boot: "b0", pid_namespace: "pid:[2]" }, running)).toBe("dead: another boot");
});

test("probe() takes an unknown boot for no proof", () => {
  expect(verdict({ boot: null }, gone)).toBe("unknown: unknown boot");
  expect(verdict({}, gone, { ...self, boot: null })).toBe("unknown: unknown boot");
});

test("probe() does not look up a pid of another or an unknown namespace", () => {
  expect(verdict({ pid_namespace: "pid:[2]" }, gone)).toBe("unknown: another pid namespace");
  expect(verdict({ pid_namespace: null }, gone)).toBe("unknown: unknown pid namespace");
  expect(verdict({}, gone, { ...self, pid_namespace: null })).toBe("unknown: unknown pid namespace");
});

test("probe() sees pid reuse by the start, and takes an unknown start for alive", () => {
  expect(verdict({}, running)).toBe("alive: pid and start agree");
  expect(verdict({}, gone)).toBe("dead: pid not there");
  expect(verdict({}, tableOf({ startTicks: "701", state: "S" }))).toBe("dead: pid reused");
  expect(verdict({}, tableOf({ state: "S" }))).toBe("alive: pid there, start unknown");
  expect(verdict({ start_ticks: null }, running)).toBe("alive: pid there, start unknown");
});

test("probe() calls zombies dead, and nothing else that merely stands still", () => {
  for (const state of ["Z", "X", "Z+"])
    expect(verdict({}, tableOf({ startTicks: "700", state }))).toBe("dead: ended but not yet reaped");
  for (const state of ["T", "D", "t", "I"])
    expect(verdict({}, tableOf({ startTicks: "700", state }))).toBe("alive: pid and start agree");
});

test("probe() never asks the system about a number that names a group or nothing", () => {
  const untouchable: ProcessTable = {
    exists: () => {
      throw new Error("asked");
    },
    startTicks: () => null,
    state: () => null,
  };
  for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 31, 2 ** 53])
    expect(verdict({ pid }, untouchable)).toBe("unknown: not a pid");
});

test("probe() gives what its verdict rests on as facts", () => {
  expect(probe(recorded, self, tableOf({ startTicks: "701", state: "S" })).facts).toEqual({
    pid: 200,
    recorded_machine: "m1",
    own_machine: "m1",
    recorded_boot: "b1",
    own_boot: "b1",
    recorded_pid_namespace: "pid:[1]",
    own_pid_namespace: "pid:[1]",
    recorded_start_ticks: "700",
    found_start_ticks: "701",
    found_state: "S",
  });
});

test("probe() finds this very process alive by its own identity", () => {
  expect(probe(ownIdentity()).state).not.toBe("dead");
  expect(probe({ ...self, ...real(process.pid) }, self).state).toBe("alive");
});

test("probe() finds a real child alive while it runs and dead once it has exited", async () => {
  const child = run(process.execPath, ["-e", "process.stdin.resume(); process.stdout.write('up')"]);
  await firstOutput(child);
  const identity = { ...self, ...real(child.pid) };
  expect(probe(identity, self).state).toBe("alive");
  child.stdin?.end();
  await once(child, "exit");
  expect(probe(identity, self)).toMatchObject({ state: "dead", why: "pid not there" });
});

test.skipIf(!onLinux)("probe() tells another start under a real pid from the process recorded there", () => {
  const identity = { ...self, ...real(process.pid), start_ticks: "1" };
  expect(probe(identity, self)).toMatchObject({ state: "dead", why: "pid reused" });
});

test.skipIf(!onLinux)("probe() calls a SIGKILLed child dead while its parent has not reaped it", async () => {
  // The shell turns into a program that never waits for the child it is left with.
  const parent = run("/bin/sh", ["-c", "sleep 60 & echo $!; exec sleep 60"]);
  const pid = Number(await firstOutput(parent));
  await until(() => readFileSync(`/proc/${parent.pid}/comm`, "utf8") === "sleep\n");
  const identity = { ...self, ...real(pid) };
  expect(probe(identity, self).state).toBe("alive");
  process.kill(pid, "SIGKILL");
  await until(() => systemProcesses.state(pid) === "Z");
  expect(systemProcesses.exists(pid)).toBe(true);
  expect(probe(identity, self)).toMatchObject({ state: "dead", why: "ended but not yet reaped" });
});

test.skipIf(!onLinux)("probe() keeps a stopped child alive", async () => {
  const child = run("/bin/sleep", ["60"]);
  process.kill(child.pid ?? 0, "SIGSTOP");
  const pid = child.pid ?? 0;
  await until(() => systemProcesses.state(pid) === "T");
  expect(probe({ ...self, ...real(pid) }, self).state).toBe("alive");
});

test.skipIf(!onLinux)("startTicks() is right for a program whose name holds spaces and brackets", async () => {
  const folder = mkdtempSync(join(tmpdir(), "liveness-"));
  folders.push(folder);
  const program = join(folder, "node (w) x");
  copyFileSync("/bin/sleep", program);
  const child = run(program, ["60"]);
  const pid = child.pid ?? 0;
  await until(() => readFileSync(`/proc/${pid}/comm`, "utf8") === "node (w) x\n");
  // A whitespace split is off by two here: what it takes for the start is the timer field, always 0 or 1.
  expect(Number(systemProcesses.startTicks(pid))).toBeGreaterThanOrEqual(
    Number(systemProcesses.startTicks(process.pid)),
  );
  expect(systemProcesses.state(pid)).toMatch(/^[SRD]$/);
  expect(probe({ ...self, ...real(pid) }, self)).toMatchObject({ state: "alive", why: "pid and start agree" });
});

test.skipIf(process.platform === "win32")("exists() counts a process that may not be signalled as there", () => {
  expect(systemProcesses.exists(1)).toBe(true);
});

function run(command: string, args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  return child;
}

function real(pid: number | undefined): Pick<ProcessIdentity, "pid" | "start_ticks"> {
  if (pid === undefined) throw new Error("the child did not start");
  return { pid, start_ticks: systemProcesses.startTicks(pid) };
}

async function firstOutput(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("the child has no stdout");
  const [chunk] = await once(child.stdout, "data", { signal: AbortSignal.timeout(10_000) });
  return String(chunk);
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`deadline passed: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
