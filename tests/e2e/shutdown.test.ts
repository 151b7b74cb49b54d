import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { cp, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeStore, type SessionTruth } from "../../scripts/make-store.ts";
import type { Exit } from "./support/json-rpc-client.ts";
import { BINARY, handshake, startOuroboros, untilPhase } from "./support/ouroboros-server.ts";
import { openTemporaryFolder, type TemporaryFolder } from "./support/temporary-folder.ts";
import { halfVerdicts, readVerdicts } from "./support/verdicts.ts";

const ORPHANS = 200;
/** Milliseconds since the server was spawned; then once in the middle of the clean-up, which the server itself tells. */
const AGES = [0, 15, 30, 50, 80, 120, 170, 230, 310, 400, "sweeping"] as const;
const AT_ONCE = 4;
const ROUNDS = process.env.SOAK === "1" ? 5 : 1;
const LIMIT = { timeout: 180_000 * ROUNDS };
const GONE_MS = 2_000;
/** On a machine that is busy beyond measure, at least as long as this many starts that do nothing. */
const BARE_STARTS = 15;
const HELD_GONE_MS = 10_000;
const SETTLED_MS = 60_000;
const INITIALIZE = `${JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
})}\n`;

type Age = (typeof AGES)[number];

let folder: TemporaryFolder;
let orphans: readonly SessionTruth[];
let homes = 0;
let bareStart = 0;

beforeAll(async () => {
  folder = await openTemporaryFolder();
  const made = makeStore({ out: join(folder.path, "orphans.db"), sessions: 0, orphans: { stale: ORPHANS } });
  orphans = made.truth;
  // What a first start unpacks is shared by all: these tests are not about writing ten megabytes a server.
  const home = await openHome();
  await using first = startOuroboros({ home });
  await handshake(first);
  await untilPhase(first, ["settled"], SETTLED_MS);
}, 120_000);

afterAll(() => folder[Symbol.asyncDispose](), 120_000);

const CAUSES: readonly (readonly [string, (child: ChildProcess) => unknown])[] = [
  ["EOF", (child) => child.stdin?.end()],
  ["SIGTERM", (child) => child.kill("SIGTERM")],
  ["SIGINT", (child) => child.kill("SIGINT")],
  ["SIGHUP", (child) => child.kill("SIGHUP")],
  ["EPIPE", stopReading],
];

for (const [cause, end] of CAUSES) {
  test(
    `${cause} at any age ends the server within 2 s and leaves whole verdicts, the rest to the next start`,
    LIMIT,
    async () => {
      bareStart = await timeBareStart();
      await everyAge(async function live(age): Promise<void> {
        const home = await openHome();
        const child = spawn(BINARY, ["mcp", "serve"], { stdio: "pipe", env: { HOME: home } });
        const exited = exitOf(child);
        child.stdin.on("error", () => {}); // it may be gone before it has read
        let isServing = false;
        child.stdout.on("data", () => {
          isServing = true;
        });
        child.stdin.write(INITIALIZE);
        await reach(age, child.stderr);
        const wasServing = isServing;
        const limit = Math.max(GONE_MS, BARE_STARTS * bareStart);
        end(child);
        const from = performance.now();
        const exit = await Promise.race([exited, delay(limit, undefined, { ref: false })]);
        const took = performance.now() - from;
        if (exit === undefined) child.kill("SIGKILL");
        expect({ age, gone: exit !== undefined, took }).toMatchObject({ gone: true });
        expectCleanExit({ cause, age, wasServing }, exit);
        const wasCutShort = await expectWholeVerdicts(home, age);
        // On a busy machine the sweep may be through before this process gets to end it: that shows nothing, once more.
        if (age === "sweeping" && !wasCutShort) await live(age);
      });
    },
  );
}

test.skipIf(process.platform === "win32")(
  "a host that is SIGKILLed while somebody else holds the pipe ends the server within 10 s, verdicts whole",
  LIMIT,
  async () => {
    await everyAge(
      async (age) => {
        const home = await openHome();
        const stdin = openHeldPipe(join(home, "stdin"));
        const program = join(import.meta.dirname, "../fixtures/hosts/host.ts");
        const host = spawn(process.execPath, ["run", program, BINARY, "mcp", "serve"], {
          stdio: [stdin.reading, "pipe", "pipe"],
          // The host runs under a runtime that reads no folder's settings of this project.
          env: { HOME: home },
          cwd: home,
          // A session of its own, as a terminal's or a desktop's programs have: where init shares the session (some
          // sandboxes), a server adopted before its first look cannot tell init from the host that started it.
          detached: true,
        });
        closeSync(stdin.reading);
        const gone = exitOf(host);
        host.stdout?.resume();
        const pid = await serverPid(host);
        try {
          writeSync(stdin.writing, INITIALIZE);
          await reach(age, host.stderr);
          host.kill("SIGKILL");
          await gone;
          const from = performance.now();
          while (isRunning(pid)) {
            if (performance.now() - from > HELD_GONE_MS) throw new Error(`Still there at age ${age}: process ${pid}`);
            await delay(20);
          }
          // Its parent's death is noticed within 2 s: by then the sweep may well be through.
          await expectWholeVerdicts(home, age);
        } finally {
          if (isRunning(pid)) process.kill(pid, "SIGKILL");
          closeSync(stdin.writing);
        }
      },
      Math.ceil(AGES.length / 2),
    );
  },
);

/** Each age on a store of its own, some at once: what is measured here is not how many servers start together. */
async function everyAge(body: (age: Age) => Promise<void>, atOnce = AT_ONCE): Promise<void> {
  const left = Array.from({ length: ROUNDS }, () => AGES).flat();
  const worker = async () => {
    for (let age = left.shift(); age !== undefined; age = left.shift()) await body(age);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function openHome(): Promise<string> {
  const home = join(folder.path, `home-${homes++}`);
  await mkdir(join(home, ".ouroboros"), { recursive: true });
  await mkdir(join(folder.path, "runtime"), { recursive: true });
  await symlink(join(folder.path, "runtime"), join(home, ".ouroboros/runtime"));
  await cp(join(folder.path, "orphans.db"), join(home, ".ouroboros/ouroboros.db"));
  return home;
}

/** Lets the server live until the age it is to end at; listens to it, so that its stderr never fills up. */
async function reach(age: Age, stderr: NodeJS.ReadableStream | null): Promise<void> {
  if (stderr === null) throw new Error("The server's stderr is not piped");
  if (age !== "sweeping") {
    stderr.resume();
    await delay(age);
    return;
  }
  let text = "";
  await new Promise<void>((resolve, reject) => {
    stderr.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      if (text.includes("cancelled orch_")) resolve();
    });
    stderr.on("end", () => reject(new Error(`The server ended before it swept: ${text}`)));
  });
}

/** Stops reading, which only the server's next answer can tell it: it is asked for some until it has ended. */
function stopReading(child: ChildProcess): void {
  child.stdout?.destroy();
  // The pipe may stay open for a moment after that, and take an answer that nobody reads.
  const asking = setInterval(() => {
    child.stdin?.write(`${JSON.stringify({ jsonrpc: "2.0", method: "ping", id: "still there?" })}\n`);
  }, 20);
  child.once("exit", () => clearInterval(asking));
}

function expectCleanExit(
  { cause, age, wasServing }: { cause: string; age: Age; wasServing: boolean },
  exit: Exit | undefined,
): void {
  // Before the program has begun to run there is nobody to catch a signal: it simply ends the process.
  const mayDie = cause.startsWith("SIG") && !wasServing;
  if (mayDie && exit?.signal !== null) expect({ age, signal: String(exit?.signal) }).toEqual({ age, signal: cause });
  else expect({ age, ...exit }).toEqual({ age, code: 0, signal: null });
}

/** Resolves with whether the next start had anything left to do. */
async function expectWholeVerdicts(home: string, age: Age): Promise<boolean> {
  const store = join(home, ".ouroboros/ouroboros.db");
  const verdicts = readVerdicts(store, orphans);
  expect({ age, half: halfVerdicts(verdicts) }).toEqual({ age, half: [] });
  const carriedOut = verdicts.filter(({ session }) => session === 1).length;
  if (age === "sweeping") expect(carriedOut).toBeGreaterThan(0);

  await using next = startOuroboros({ home });
  await handshake(next);
  expect(await untilPhase(next, ["settled"], SETTLED_MS)).toBe("settled");
  next.closeStdin();
  expect(await next.exited).toEqual({ code: 0, signal: null });
  const finished = readVerdicts(store, orphans);
  expect({ age, half: halfVerdicts(finished) }).toEqual({ age, half: [] });
  expect(finished.filter(({ session }) => session !== 1)).toEqual([]);
  await rm(home, { recursive: true });
  return carriedOut < ORPHANS;
}

/** How long this machine takes at present to start and end the binary for nothing. */
async function timeBareStart(): Promise<number> {
  const from = performance.now();
  const child = spawn(BINARY, ["mcp", "serve"], { stdio: "ignore", env: { _OUROBOROS_NESTED: "1" } });
  expect(await exitOf(child)).toEqual({ code: 0, signal: null });
  return performance.now() - from;
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  const [code, signal] = (await once(child, "exit")) as [Exit["code"], Exit["signal"]];
  return { code, signal };
}

/** A pipe whose writing end is ours: it stays open whatever becomes of the host. */
function openHeldPipe(path: string): { reading: number; writing: number } {
  expect(spawnSync("mkfifo", [path]).status).toBe(0);
  const both = openSync(path, constants.O_RDWR); // neither end then waits for the other
  const reading = openSync(path, constants.O_RDONLY);
  const writing = openSync(path, constants.O_WRONLY);
  closeSync(both);
  return { reading, writing };
}

async function serverPid({ stderr }: ChildProcess): Promise<number> {
  let text = "";
  for (;;) {
    const [chunk] = (await once(stderr ?? process.stdin, "data")) as [Buffer];
    text += chunk.toString("utf8");
    const pid = /^server (\d+)$/m.exec(text)?.[1];
    if (pid !== undefined) return Number(pid);
  }
}

/** A process that ended and that nobody has collected yet does not count. */
function isRunning(pid: number): boolean {
  if (process.platform === "linux") {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
    } catch {
      return false;
    }
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
