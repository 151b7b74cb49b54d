import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { standBack } from "../../src/process/stand-back.ts";
import { agentScript, agentTest, until } from "../support/agent-processes.ts";

setDefaultTimeout(120_000);
const onLinux = process.platform === "linux";
const weighsSessions = existsSync("/proc/self/autogroup");
let here: ReturnType<typeof agentTest>;

beforeEach(() => {
  here = agentTest();
});
afterEach(() => here.end());

/** Where the system has a process's session among others; undefined where it does not weigh them. */
function sessionPriority(pid: number): number | undefined {
  const stands = / nice (-?\d+)/.exec(readFileSync(`/proc/${pid}/autogroup`, "utf8"))?.[1];
  return stands === undefined ? undefined : Number(stands);
}

function begin(...command: string[]): number {
  const { pid } = here.startChild([...command, "sleep", "60"]);
  if (pid === undefined) throw new Error("Cannot start sleep");
  return pid;
}

/** The agent of a worker that was started behind others itself. */
async function agentBehind(by: number): Promise<number> {
  const orders = join(here.folder, "orders.json");
  const what = { command: ["sleep", "60"], cwd: here.folder, env: here.env };
  writeFileSync(orders, JSON.stringify({ ...what, trustMs: 60_000, everyMs: 60_000 }));
  const worker = here.startChild(["nice", "-n", String(by), process.execPath, ...agentScript("worker.ts"), orders]);
  for await (const line of createInterface(worker.stdout as NodeJS.ReadableStream)) return JSON.parse(line).group.pid;
  throw new Error("The worker ended without a word");
}

describe.if(onLinux)("standing back", () => {
  test("puts who stands in front behind, and leaves who stands further back where that is", async () => {
    const [front, back] = [begin(), begin("nice", "-n", "12")];
    await until(() => getPriority(back) > getPriority(), "one stands further back");
    for (const pid of [front, back]) standBack(pid, "worker");
    expect(getPriority(front)).toBe(Math.max(getPriority(), 5));
    expect(getPriority(back)).toBe(Math.min(19, getPriority() + 12));
  });

  test("of what has ended meanwhile is no failure", async () => {
    const child = here.startChild(["true"]);
    await until(() => child.exitCode !== null, "it has ended");
    standBack(child.pid ?? 0, "worker");
  });

  test("of an agent is further back than its worker's, and never before what it inherits", async () => {
    expect(getPriority(await agentBehind(7))).toBe(Math.max(Math.min(19, getPriority() + 7), 10));
    expect(getPriority(await agentBehind(14))).toBe(Math.min(19, getPriority() + 14));
  });

  test.if(weighsSessions)("counts for an agent's session too, where sessions are weighed", async () => {
    const wanted = Math.min(19, getPriority() + 14);
    // Who is not root is heard ten times a second, so the first may not be.
    await until(async () => sessionPriority(await agentBehind(14)) === wanted, "an agent's session stands back");
    expect(sessionPriority(process.pid)).not.toBe(wanted);
  });
});
