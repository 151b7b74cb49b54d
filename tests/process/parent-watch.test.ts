import { afterEach, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const onLinux = process.platform === "linux";
const hasPipes = process.platform !== "win32";
const MODULE = JSON.stringify(join(import.meta.dir, "../../src/process/parent-watch.ts"));
/** What every watched program starts with; it lives by its stdin alone, as a stdio server does. */
const HEAD = `
  import { watchParent } from ${MODULE};
  const say = (line) => process.stdout.write(line + "\\n");
  process.stdin.resume();
  process.stdin.on("end", () => process.exit());
`;

type Lines = AsyncIterator<string>;

const children: ChildProcess[] = [];
const held: number[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  // Ends the grandchildren too: nobody else holds the other end of their stdin.
  for (const fd of held.splice(0)) closeSync(fd);
});

test.skipIf(!hasPipes)("watchParent() hears of a SIGKILLed parent while its stdin stays open", async () => {
  const { host, lines } = startHost(`${HEAD}
    watchParent((why) => say("gone: " + why), { everyMs: 5 });
    say("watching");
  `);
  expect(await nextLine(lines)).toBe("watching");
  host.kill("SIGKILL");
  expect(await nextLine(lines)).toBe(`gone: parent ${host.pid} ended`);
});

test.skipIf(!onLinux)("watchParent() notices at its first look that the parent had ended before", async () => {
  const { host, lines } = startHost(`${HEAD}
    const parent = process.ppid;
    say("waiting");
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      // No second look within the life of this test.
      watchParent((why) => say("gone: " + why), { everyMs: 3_600_000 });
      say("returned first");
    }, 5);
  `);
  expect(await nextLine(lines)).toBe("waiting");
  host.kill("SIGKILL");
  expect(await nextLine(lines)).toBe("returned first");
  expect(await nextLine(lines)).toMatch(/^gone: adopted by process \d+ before the first look$/);
});

test("watchParent() stays silent under a living parent and hears of the end of OUROBOROS_CLIENT_PID", async () => {
  for (const detached of [false, true]) {
    const client = start("process.stdin.resume(); process.stdout.write('up\\n')", {});
    expect(await nextLine(client.lines)).toBe("up");
    const server = start(
      `${HEAD}
      watchParent((why) => { say("gone: " + why.split(":")[0]); }, { everyMs: 5 });
      say("watching");`,
      { detached, env: { ...process.env, OUROBOROS_CLIENT_PID: String(client.child.pid) } },
    );
    expect(await nextLine(server.lines)).toBe("watching");
    client.child.kill("SIGKILL");
    expect(await nextLine(server.lines)).toBe(`gone: client ${client.child.pid} ended`);
  }
});

test("watchParent() hears at once of a client that is not there", async () => {
  const client = start("", {});
  await once(client.child, "exit");
  const { lines } = start(`${HEAD} watchParent((why) => say("gone: " + why), { everyMs: 3_600_000 });`, {
    env: { ...process.env, OUROBOROS_CLIENT_PID: String(client.child.pid) },
  });
  expect(await nextLine(lines)).toBe(`gone: client ${client.child.pid} ended: pid not there`);
});

test("watchParent() ignores a client that is no pid, calls once, and not at all after stop()", async () => {
  const client = start("", {});
  await once(client.child, "exit");
  const { lines } = start(
    `${HEAD}
    const seen = [];
    for (const odd of ["", "0", "-1", "abc", "1.5", "99999999999"]) {
      process.env.OUROBOROS_CLIENT_PID = odd;
      watchParent(() => seen.push(odd), { everyMs: 1 });
    }
    process.env.OUROBOROS_CLIENT_PID = "${client.child.pid}";
    watchParent(() => seen.push("stopped"), { everyMs: 1 }).stop();
    watchParent(() => seen.push("once"), { everyMs: 1 });
    let looks = 0;
    const timer = setInterval(() => { if (++looks === 30) { clearInterval(timer); say(seen.join()); } }, 1);`,
    {},
  );
  expect(await nextLine(lines)).toBe("once");
});

test("watchParent() keeps no process from ending by itself", async () => {
  const { child } = start(`import { watchParent } from ${MODULE}; watchParent(() => {});`, {});
  const [code] = await once(child, "exit", { signal: AbortSignal.timeout(10_000) });
  expect(code).toBe(0);
});

/** A host that starts the script as its child, on a stdin that stays open whatever becomes of the host. */
function startHost(script: string): { host: ChildProcess; lines: Lines } {
  const host = `
    import { spawn } from "node:child_process";
    spawn(process.execPath, ["-e", ${JSON.stringify(script)}], { stdio: "inherit" });
  `;
  const stdin = openHeldPipe();
  const { child, lines } = start(host, { detached: true, stdin });
  closeSync(stdin);
  return { host: child, lines };
}

/** The reading end of a pipe whose writing end this process holds: a plain "pipe" is closed when its child exits. */
function openHeldPipe(): number {
  const folder = mkdtempSync(join(tmpdir(), "parent-watch-"));
  const path = join(folder, "stdin");
  expect(spawnSync("mkfifo", [path]).status).toBe(0);
  const both = openSync(path, constants.O_RDWR); // Neither end then waits for the other.
  const reading = openSync(path, constants.O_RDONLY);
  held.push(openSync(path, constants.O_WRONLY));
  closeSync(both);
  rmSync(folder, { recursive: true });
  return reading;
}

function start(
  script: string,
  options: { detached?: boolean; env?: NodeJS.ProcessEnv; stdin?: number },
): { child: ChildProcess; lines: Lines } {
  const { OUROBOROS_CLIENT_PID: _, ...env } = process.env;
  const { stdin = "pipe", ...rest } = options;
  const child = spawn(process.execPath, ["-e", script], { env, ...rest, stdio: [stdin, "pipe", "inherit"] });
  children.push(child);
  if (child.stdout === null) throw new Error("the child has no stdout");
  // An iterator keeps the lines that come together until they are asked for.
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function nextLine(lines: Lines): Promise<string> {
  const { value } = await lines.next();
  return value ?? "the output ended";
}
