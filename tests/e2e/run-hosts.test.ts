// A run as its people see it from outside: their windows, servers and machines come and go, and the run is one and the same.
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { kill, send } from "../support/agent-processes.ts";
import { RunHome } from "../support/run-home.ts";
import { criterion, gitIn, standingOf } from "../support/run-library.ts";
import { hasClient } from "./support/clients.ts";
import { openInterviewClient } from "./support/interview-client.ts";
import { type RpcServer, startServer } from "./support/json-rpc-client.ts";
import { BINARY, type CallAnswer, callTool, errorOf, handshake } from "./support/ouroboros-server.ts";
import { realPart } from "./support/real-part.ts";
import { openSandbox } from "./support/sandbox.ts";
import type { ServerEntry } from "./support/server-entry.ts";

const EXECUTE = "ouroboros_execute_seed";
const RESUME = "ouroboros_resume_session";
const PATIENT_MS = 30_000;
const LIMIT = { timeout: 240_000 };
const CRITERIA = [criterion(1), criterion(2), criterion(3)];
const SHORT = CRITERIA.slice(0, 2);
const DISTURBED = 2;

describe("a run begun in one window", () => {
  const sdks = realPart("the SDKs' clients", hasClient("sdk-v1") && hasClient("sdk-v2"));

  sdks(
    "outlives its server; when its worker is killed too, two other windows resume it at once: one drives, the other watches, and what had passed is not done again",
    async () => {
      using home = new RunHome({ criteria: CRITERIA, orders: { 2: ["stalls", "works"] }, parallel: 1 });
      const before = standingOf(home.project);
      home.hold();
      const { session_id, job_id } = await begunThenServerKilled(home);
      home.letGo();
      await home.until("the first is merged", () => mergedIn(home).length === 1);
      await home.until("the second is under way", () => home.starts().length === 2);
      kill(...home.processes("worker").map(({ pid }) => pid));
      await home.quiet();

      home.hold();
      await using sandbox = await openSandbox();
      await using second = await openInterviewClient("v2", sandbox, serverFor(home, "window-2"));
      expect(second.protocolVersion).toBe("2026-07-28");
      await using third = await openWindow(home);
      const { structuredContent: listed } = await callTool(third, RESUME, {}, PATIENT_MS);
      expect(listed?.sessions).toContainEqual(expect.objectContaining({ session_id, would: "claim", steps_done: 1 }));
      const [{ answer }, other] = await Promise.all([
        second.call(RESUME, { session_id }),
        callTool(third, RESUME, { session_id }, PATIENT_MS),
      ]);
      const [watches, drives] = [answer, other].map((one) => one.structuredContent).sort(byOutcome);
      expect(watches).toMatchObject({ outcome: "attached", session_id, job_id: drives?.job_id });
      expect(drives).toMatchObject({ outcome: "resumed", session_id, steps_done: 1, steps_total: 3 });
      expect(drives?.job_id).not.toBe(job_id);
      home.letGo();
      const wait = { job_id: drives?.job_id, wait_for: "terminal", timeout_seconds: 30 };
      const { structuredContent: ended } = await callTool(third, "ouroboros_job_wait", wait, 2 * PATIENT_MS);
      expect(ended).toMatchObject({ status: "completed", session_id });

      expect(home.starts()).toEqual([1, 2, 2, 3]);
      expect(mergedIn(home)).toEqual([1, 2, 3]);
      const claims = home.events().filter(({ payload }) => payload.epoch !== undefined && payload.job_id !== undefined);
      expect(claims.map(({ payload }) => [payload.job_id, payload.epoch])).toEqual([
        [job_id, 1],
        [drives?.job_id, expect.any(Number)],
      ]);
      expectWork(home);
      expect(standingOf(home.project)).toEqual(before);
      await untilNobodyWorks(home);
    },
  );

  test(`comes to the same tree when its server is killed at any of ${DISTURBED} random moments`, LIMIT, async () => {
    using calm = new RunHome({ criteria: SHORT });
    await using window = await openWindow(calm);
    await begin(window, calm);
    await completes(calm, SHORT.length);
    const rows = calm.events().length;
    // What comes after that is over in a moment.
    const moments = Array.from({ length: DISTURBED }, () => 1 + Math.floor(Math.random() * rows * 0.8));
    process.stdout.write(`killed at rows ${moments.join(", ")} of ${rows}\n`);

    const seen: Awaited<ReturnType<typeof treeAfterKill>>[] = [];
    for (const moment of moments) seen.push(await treeAfterKill(moment));
    expect(seen.map(({ tree }) => tree)).toEqual(moments.map(() => calm.madeTree()));
    expect(seen.some(({ wasUnderWay }) => wasUnderWay)).toBe(true);
  });
});

describe("a run of another machine", () => {
  const canMove =
    existsSync("/etc/machine-id") && spawnSync("unshare", elsewhere("/etc/machine-id", ["true"])).status === 0;

  test.if(canMove)(
    "is refused with where it lives while it works, when its worker is dead and when it is paused, and goes on at home (needs root)",
    LIMIT,
    async () => {
      await using sandbox = await openSandbox();
      const idFile = join(sandbox.home, "machine-id");
      writeFileSync(idFile, `${randomUUID().replaceAll("-", "")}\n`);
      const orders = { 2: ["stalls", "stalls", "works"] };
      using home = new RunHome({ criteria: CRITERIA, orders, parallel: 1 });
      await using here = await openWindow(home);
      const { session_id } = await begin(here, home);
      await using there = await openWindow(home, (command) => ["unshare", ...elsewhere(idFile, command)]);
      const refusedThere = async (why: string) => {
        const rows = sessionRows(home);
        const refusal = errorOf(await callTool(there, RESUME, { session_id, force: true }, PATIENT_MS));
        expect(refusal).toMatchObject({ code: "elsewhere", machine: hostname(), branch: "main", cwd: home.project });
        expect(refusal.message).toBe(`Cannot resume ${session_id}: ${why} (${hostname()}, branch main)`);
        expect(refusal.next).toContain(`ouroboros watch ${session_id}`);
        const { structuredContent: listed } = await callTool(there, RESUME, {}, PATIENT_MS);
        expect(listed?.sessions).toContainEqual(expect.objectContaining({ session_id, would: "elsewhere" }));
        expect(sessionRows(home)).toEqual(rows);
      };
      const underWay = (times: number) =>
        home.until("the second is under way", () => home.starts().filter((number) => number === 2).length === times);

      await home.until("the first is merged", () => mergedIn(home).length === 1);
      await underWay(1);
      await refusedThere("another machine works on it");
      kill(...home.processes("worker").map(({ pid }) => pid));
      await untilNobodyWorks(home);
      // Nobody there can see that it is dead.
      await refusedThere("another machine works on it");
      expect((await callTool(here, RESUME, { session_id }, PATIENT_MS)).structuredContent?.outcome).toBe("resumed");
      await underWay(2);
      // On a slow machine, the window here may have paused it for its dead worker before.
      const pauses = () => home.events("orchestrator.session.paused").length;
      const before = pauses();
      for (const { pid } of home.processes("worker")) send(pid, "SIGTERM");
      await home.until("its worker has paused it", () => pauses() > before);
      await refusedThere("its checkout lives on another machine");

      expect((await callTool(here, RESUME, { session_id }, PATIENT_MS)).structuredContent?.outcome).toBe("resumed");
      await completes(home, CRITERIA.length);
      expect(home.starts()).toEqual([1, 2, 2, 2, 3]);
      expectWork(home);
      const read = await callTool(there, "ouroboros_session_status", { session_id }, PATIENT_MS);
      expect(read.structuredContent).toMatchObject({ session_id, status: "completed" });
      await untilNobodyWorks(home);
    },
  );
});

interface Begun {
  readonly session_id: string;
  readonly job_id: string;
}

/** Begins a run as today's hosts do, and has its server killed while the window waits for news of it. */
async function begunThenServerKilled(home: RunHome): Promise<Begun> {
  await using sandbox = await openSandbox();
  await using window = await openInterviewClient("v1", sandbox, serverFor(home, "window-1"));
  const { answer } = await window.call(EXECUTE, seedOf(home));
  const begun = begunBy(answer);
  await home.until("somebody has begun", () => home.starts().length === 1);
  const wait = { job_id: begun.job_id, wait_for: "terminal", timeout_seconds: 25 };
  const waits = window.call("ouroboros_job_wait", wait).then(
    () => "an answer",
    () => "the connection is gone",
  );
  kill(...home.processes("mcp serve").map(({ pid }) => pid));
  expect(await waits).toBe("the connection is gone");
  return begun;
}

async function treeAfterKill(rows: number): Promise<{ readonly tree: string; readonly wasUnderWay: boolean }> {
  using home = new RunHome({ criteria: SHORT });
  await using window = await openWindow(home);
  await begin(window, home);
  await home.until("the moment has come", () => home.events().length >= rows);
  window.kill("SIGKILL");
  await window.exited;
  const wasUnderWay = home.end() === undefined;
  await completes(home, SHORT.length);
  expect(home.starts().sort()).toEqual([1, 2]);
  await untilNobodyWorks(home);
  return { tree: home.madeTree(), wasUnderWay };
}

/** A server as some host starts it, in a folder that has nothing to do with the run. */
async function openWindow(
  home: RunHome,
  by: (command: readonly string[]) => readonly string[] = (command) => command,
): Promise<RpcServer> {
  const [command = "", ...args] = by([BINARY, "mcp", "serve"]);
  const server = startServer({ command, args, env: home.environment(), cwd: "/" });
  await handshake(server);
  return server;
}

async function begin(window: RpcServer, home: RunHome): Promise<Begun> {
  return begunBy(await callTool(window, EXECUTE, seedOf(home), PATIENT_MS));
}

function begunBy(answer: CallAnswer): Begun {
  if (answer.isError || !answer.structuredContent) throw new Error(`Cannot begin a run: ${JSON.stringify(answer)}`);
  return answer.structuredContent as unknown as Begun; // what the tool's own schema promises
}

function seedOf({ home, project }: RunHome): object {
  return { seed_content: readFileSync(join(home, "seed.json"), "utf8"), cwd: project };
}

function serverFor(home: RunHome, window: string): ServerEntry {
  const env = { ...home.environment(), CLAUDE_CODE_SESSION_ID: window };
  return { name: "ouroboros", command: BINARY, args: ["mcp", "serve"], env };
}

/** Arguments of `unshare` for a command that sees another machine: its id and its name. */
function elsewhere(idFile: string, command: readonly string[]): string[] {
  const script = 'mount --bind "$1" /etc/machine-id && hostname the-other && shift && exec "$@"';
  return ["--mount", "--uts", "sh", "-c", script, "sh", idFile, ...command];
}

/** The numbers of the criteria that are merged, in order. */
function mergedIn(home: RunHome): number[] {
  return home.events("execution.criterion.merged").map(({ stream }) => Number(stream.split("_ac_")[1]) + 1);
}

function sessionRows(home: RunHome): unknown[] {
  return home.events().filter(({ type }) => type.startsWith("orchestrator.session."));
}

/** Patient for as long as it gets on: on a busy machine each criterion takes its time. */
async function completes(home: RunHome, criteria: number): Promise<void> {
  for (let count = 1; count <= criteria; count++) {
    await home.until(`${count} of its criteria are merged`, () => mergedIn(home).length >= count);
  }
  await home.until("it has completed", () => home.end()?.type === "orchestrator.session.completed");
}

function byOutcome(a: CallValue, b: CallValue): number {
  return String(a?.outcome) < String(b?.outcome) ? -1 : 1;
}
type CallValue = Readonly<Record<string, unknown>> | undefined;

function expectWork(home: RunHome): void {
  const { repository, base, branch } = home.branch();
  const made = gitIn(repository, "diff", "--name-status", base, branch);
  expect(made).toBe("A\tsrc/count.mjs\nA\tsrc/slug.mjs\nA\tsrc/words.mjs\n");
}

/** Servers are there as long as their windows. */
async function untilNobodyWorks(home: RunHome): Promise<void> {
  await home.until("nobody works any more", () => home.processes().every(({ role }) => role === "mcp serve"));
}
