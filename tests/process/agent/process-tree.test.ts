import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { ChildProcess } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type AgentGroup, endAgentGroup, endProcess } from "../../../src/process/agent/process-tree.ts";
import { ownIdentity } from "../../../src/process/identity.ts";
import { readProcessStat } from "../../../src/process/process-stat.ts";
import { readStartTicks } from "../../../src/process/start-ticks.ts";
import { agentScript, agentTest, isRunning, marked, until } from "../../support/agent-processes.ts";

setDefaultTimeout(120_000);
const onLinux = process.platform === "linux";
const MEMBERS = ["leader", "child", "setsid", "daemon"];
const PLACES = [
  "agent-tree:terminate:after",
  "agent-tree:terminate:before",
  "agent-tree:kill:before",
  "agent-tree:kill:after",
];
let here: ReturnType<typeof agentTest>;

beforeEach(() => {
  here = agentTest();
});
afterEach(() => here.end());

/** The record of an agent that is the given process. */
function groupOf(child: ChildProcess, marker = crypto.randomUUID()): AgentGroup {
  const { machine, boot, pid_namespace } = ownIdentity();
  const pid = child.pid ?? 0;
  // A guard nobody can be, as no process has that start.
  const guard = { guard_pid: pid, guard_start_ticks: "0" };
  return { machine, boot, pid_namespace, pid, start_ticks: readStartTicks(pid), marker, ...guard };
}

function identityOf(child: ChildProcess) {
  const { guard_pid, guard_start_ticks, marker, ...identity } = groupOf(child);
  return identity;
}

async function startFamily(kind = "obedient") {
  const worker = here.startWorker({ command: agentScript("family.sh", here.folder, kind) });
  const group = await worker.group();
  await until(() => MEMBERS.every((member) => here.beats(member) > 0), "the whole family runs");
  return { worker, group };
}

describe.if(onLinux)("endAgentGroup()", () => {
  test("ends what a worker and its guard left behind, both killed at once", async () => {
    const { worker, group } = await startFamily("stubborn");
    process.kill(group.guard_pid, "SIGKILL");
    worker.child.kill("SIGKILL");
    await until(() => !isRunning(group.guard_pid) && !isRunning(worker.child.pid ?? 0), "worker and guard are gone");
    expect(isRunning(group.pid)).toBe(true);
    expect(await endAgentGroup(group, { graceMs: 100 })).toBe("gone");
    expect(marked("OUROBOROS_AGENT_MARKER", group.marker)).toEqual([]);
    expect(await endAgentGroup(group)).toBe("gone");
  });

  for (const place of process.env.SOAK ? PLACES : PLACES.slice(0, 1))
    test(`ends what is left after guard and worker have both died at ${place}`, async () => {
      const worker = here.startWorker({
        command: agentScript("family.sh", here.folder, "stubborn"),
        failpoint: place,
      });
      const group = await worker.group();
      await until(() => MEMBERS.every((member) => here.beats(member) > 0), "the whole family runs");
      process.kill(group.guard_pid, "SIGTERM");
      await until(() => !isRunning(group.guard_pid) && !isRunning(worker.child.pid ?? 0), "worker and guard are gone");
      expect(await endAgentGroup(group, { graceMs: 100 })).toBe("gone");
      expect(here.leftOver()).toEqual([]);
    });

  test("ends a suspended family whose worker and guard stand still, and lets the guard notice", async () => {
    const { worker, group } = await startFamily();
    for (const pid of [worker.child.pid ?? 0, group.guard_pid, ...marked("OUROBOROS_AGENT_MARKER", group.marker)])
      process.kill(pid, "SIGSTOP");
    expect(await endAgentGroup(group)).toBe("gone");
    expect(marked("OUROBOROS_AGENT_MARKER", group.marker)).toEqual([]);
    await until(() => !isRunning(group.guard_pid), "the guard has ended");
  });

  test("finds those who outlived their leader by their marker, and their group by them", async () => {
    const { worker, group } = await startFamily();
    process.kill(group.guard_pid, "SIGKILL");
    worker.child.kill("SIGKILL");
    await until(() => !isRunning(group.guard_pid), "the guard is gone");
    process.kill(group.pid, "SIGKILL");
    await until(() => !isRunning(group.pid), "the leader is gone");
    expect(marked("OUROBOROS_AGENT_MARKER", group.marker).length).toBeGreaterThanOrEqual(3);
    expect(await endAgentGroup(group, { graceMs: 100 })).toBe("gone");
    expect(marked("OUROBOROS_AGENT_MARKER", group.marker)).toEqual([]);
  });

  test("ends who has thrown the marker away, while a parent of the family still knows it", async () => {
    const marker = crypto.randomUUID();
    const child = here.startChild(["sh", "-c", "env -u OUROBOROS_AGENT_MARKER setsid sleep 1000 & wait"], {
      OUROBOROS_AGENT_MARKER: marker,
    });
    const sleeper = () => here.leftOver().filter((pid) => readProcessStat(pid)?.session === pid && pid !== child.pid);
    await until(() => sleeper().length === 1, "the nameless one runs in a session of its own");
    expect(await endAgentGroup(groupOf(child, marker))).toBe("gone");
    expect(here.leftOver()).toEqual([]);
  });

  test("spares the one who asks for it, should that be a member", async () => {
    const marker = crypto.randomUUID();
    const record = join(here.folder, "group.json");
    const [program = ""] = agentScript("end-group.ts");
    const child = here.startChild(["sh", "-c", 'sleep 1000 & "$@" & wait', "sh", process.execPath, program, record], {
      OUROBOROS_AGENT_MARKER: marker,
    });
    writeFileSync(`${record}.new`, JSON.stringify(groupOf(child, marker)));
    renameSync(`${record}.new`, record);
    expect(await text(child.stdout as NodeJS.ReadableStream)).toBe("gone\n");
    await until(() => here.leftOver().length === 0, "the asker has ended, too");
  });

  test("touches nobody who has only got the number", async () => {
    const child = here.startChild(["sleep", "1000"]);
    expect(await endAgentGroup({ ...groupOf(child), start_ticks: "1" }, { graceMs: 0 })).toBe("gone");
    expect(isRunning(child.pid ?? 0)).toBe(true);
  });

  test("touches no group whose leader is gone and of which nobody carries the marker", async () => {
    const child = here.startChild(["sh", "-c", "sleep 1000 & read go </dev/zero; exit"]);
    const group = groupOf(child);
    const members = () => here.leftOver().filter((pid) => readProcessStat(pid)?.group === child.pid);
    await until(() => members().length === 2, "the leader has a member");
    process.kill(group.pid, "SIGKILL");
    await until(() => !isRunning(group.pid) && readProcessStat(group.pid) === null, "the leader is gone");
    expect(await endAgentGroup(group, { graceMs: 0 })).toBe("still_there");
    expect(members().length).toBe(1);
    for (const pid of members()) process.kill(pid, "SIGKILL");
  });

  test("says where it cannot judge, and believes another boot", async () => {
    const child = here.startChild(["sleep", "1000"]);
    const group = groupOf(child);
    for (const elsewhere of [{ machine: "m2" }, { machine: null }, { boot: null }, { pid_namespace: "pid:[2]" }])
      expect(await endAgentGroup({ ...group, ...elsewhere })).toBe("elsewhere");
    expect(await endAgentGroup({ ...group, boot: "b0" })).toBe("gone");
    expect(isRunning(group.pid)).toBe(true);
  });
});

describe.if(onLinux)("endProcess()", () => {
  test("ends one that stands still, with the group it leads", async () => {
    const child = here.startChild(["sh", "-c", "sleep 1000 & sleep 1000"]);
    await until(() => here.leftOver().length === 3, "it has two children");
    for (const pid of here.leftOver()) process.kill(pid, "SIGSTOP");
    expect(await endProcess(identityOf(child))).toBe("gone");
    await until(() => here.leftOver().length === 0, "its group is gone");
  });

  test("kills one that does not do as asked", async () => {
    const child = here.startChild(["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]);
    await until(() => here.leftOver().length === 2, "it has begun");
    expect(await endProcess(identityOf(child), { graceMs: 200 })).toBe("gone");
  });

  test("ends one that leads no group alone", async () => {
    const leader = here.startChild(["sh", "-c", "sleep 1000 & read go </dev/zero"]);
    const sleeper = () => here.leftOver().filter((pid) => pid !== leader.pid);
    await until(() => sleeper().length === 1, "the leader has a child");
    const pid = sleeper()[0] ?? 0;
    const identity = { ...identityOf(leader), pid, start_ticks: readStartTicks(pid) };
    expect(await endProcess(identity)).toBe("gone");
    expect(isRunning(pid)).toBe(false);
    expect(isRunning(leader.pid ?? 0)).toBe(true);
  });

  test("touches nobody it cannot prove to be that one", async () => {
    const child = here.startChild(["sleep", "1000"]);
    const identity = identityOf(child);
    expect(await endProcess({ ...identity, start_ticks: "1" })).toBe("gone");
    expect(await endProcess({ ...identity, start_ticks: null })).toBe("still_there");
    expect(await endProcess({ ...identity, machine: "m2" })).toBe("elsewhere");
    expect(await endProcess({ ...identity, boot: "b0" })).toBe("gone");
    expect(isRunning(identity.pid)).toBe(true);
    expect(await endProcess(identity)).toBe("gone");
    expect(await endProcess(identity)).toBe("gone");
  });
});
