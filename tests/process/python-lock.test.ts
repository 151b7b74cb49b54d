import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootedAt } from "../../src/process/boot-time.ts";
import type { ProcessTable } from "../../src/process/liveness.ts";
import { readPythonLock } from "../../src/process/python-lock.ts";

const LONG_AGO = 1_000_000_000; // 2001, in epoch seconds: before any boot of this machine
const now = (): number => Date.now() / 1_000;
const id = "orch_0123abcd";
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "locks-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const anyPid: ProcessTable = { exists: () => true, startTicks: () => "1", state: () => "S" };
const noPid: ProcessTable = { ...anyPid, exists: () => false };

function lock(text: string, writtenAt: number = now(), name: string = id): void {
  writeFileSync(join(folder, name), text);
  utimesSync(join(folder, name), writtenAt, writtenAt);
}

test("readPythonLock() finds no lock in an empty or a missing folder", () => {
  const absent = { state: "absent", why: "no lock file", pid: null } as const;
  expect(readPythonLock(folder, id)).toEqual(absent);
  expect(readPythonLock(join(folder, "missing"), id)).toEqual(absent);
  expect(readPythonLock(folder, "x".repeat(5_000))).toEqual(absent);
});

test("readPythonLock() calls a lock live while its real holder runs", () => {
  for (const text of [`${process.pid}`, `${process.pid}:${now()}`, `${process.pid}:1.7e9\n`]) {
    lock(text);
    expect(readPythonLock(folder, id)).toEqual({ state: "live", why: "pid there", pid: process.pid });
  }
});

test("readPythonLock() calls a lock dead once its real holder has ended, and leaves the file", () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  lock(`${pid}:${now()}`);
  expect(readPythonLock(folder, id)).toEqual({ state: "dead", why: "pid not there", pid });
  expect(readFileSync(join(folder, id), "utf8")).toStartWith(`${pid}:`);
});

test("readPythonLock() calls a lock dead whose holder is a zombie", () => {
  lock("4242");
  expect(readPythonLock(folder, id, { ...anyPid, state: () => "Z" }).state).toBe("dead");
});

test.each([
  "",
  " ",
  "abc",
  "123:abc",
  "123:",
  ":123",
  "123:nan",
  "123:1.0:2",
  "-1",
  "0",
  "12 34",
  "2147483648",
  "99999999999999999999",
  `${"9".repeat(129)}`,
  "0x10",
  "\u0000\u0000",
  "é",
])("readPythonLock() takes the odd content %j for a live lock, whatever runs", (text) => {
  lock(text);
  expect(readPythonLock(folder, id, noPid)).toMatchObject({ state: "live", pid: null });
});

test("readPythonLock() takes a folder in the lock's place for a live lock", () => {
  mkdirSync(join(folder, id));
  expect(readPythonLock(folder, id, noPid)).toMatchObject({ state: "live", pid: null });
});

test("readPythonLock() takes a locks folder that is a file for a live lock", () => {
  lock("x", now(), "file");
  expect(readPythonLock(join(folder, "file"), id, noPid).state).toBe(process.platform === "win32" ? "absent" : "live");
});

test.skipIf(process.platform === "win32")(
  "readPythonLock() does not wait for a writer when the lock is a named pipe",
  () => {
    expect(spawnSync("mkfifo", [join(folder, id)]).status).toBe(0);
    expect(readPythonLock(folder, id, noPid)).toMatchObject({ state: "live", pid: null });
  },
);

const isRoot = process.getuid?.() === 0;
test.skipIf(process.platform === "win32" || isRoot)(
  `readPythonLock() takes an unreadable file for live${isRoot ? " (nothing is unreadable to root)" : ""}`,
  () => {
    lock("1");
    chmodSync(join(folder, id), 0);
    expect(readPythonLock(folder, id, noPid).state).toBe("live");
  },
);

test("readPythonLock() never calls a running holder dead for its start time alone", () => {
  for (const start of [now() + 3, now() - 3, now() + 86_400, LONG_AGO, 0]) {
    lock(`${process.pid}:${start}`);
    expect(readPythonLock(folder, id).state).toBe("live");
  }
});

test("readPythonLock() calls a lock dead when file and start both lie before this boot, and only then", () => {
  lock(`${process.pid}:${LONG_AGO}.5`, LONG_AGO);
  expect(readPythonLock(folder, id)).toEqual({ state: "dead", why: "written before this boot", pid: process.pid });
  lock(`${process.pid}:${now()}`, LONG_AGO);
  expect(readPythonLock(folder, id).state).toBe("live");
  lock(`${process.pid}`, LONG_AGO);
  expect(readPythonLock(folder, id).state).toBe("live");
  expect(existsSync(join(folder, id))).toBe(true);
});

test("readPythonLock() leaves a margin of ten minutes before the boot", () => {
  const boot = (bootedAt() ?? Number.NaN) / 1_000;
  lock(`${process.pid}:${boot - 590}`, boot - 590);
  expect(readPythonLock(folder, id).state).toBe("live");
  lock(`${process.pid}:${boot - 610}`, boot - 610);
  expect(readPythonLock(folder, id).state).toBe("dead");
});

test("bootedAt() believes the earliest claim, and none when one is missing", () => {
  expect(bootedAt([300, 200])).toBe(200);
  expect(bootedAt([200, 300])).toBe(200);
  expect(bootedAt([200, null])).toBeNull();
  expect(bootedAt([])).toBeNull();
});

test("bootedAt() lies in the past of this machine", () => {
  expect(bootedAt()).toBeLessThanOrEqual(Date.now());
});

test("readPythonLock() looks for an unsafe id under its hash and never leaves the folder", () => {
  const inner = join(folder, "locks");
  mkdirSync(inner);
  lock(`${process.pid}`, now(), "outside");
  for (const unsafe of ["../outside", "..", ".", "", "a/b", "a b", "a\u0000b", "세션"]) {
    expect(readPythonLock(inner, unsafe).state).toBe("absent");
    const name = `__invalid_session_id__${createHash("sha256").update(unsafe).digest("hex")}`;
    writeFileSync(join(inner, name), `${process.pid}`);
    expect(readPythonLock(inner, unsafe).state).toBe("live");
  }
});

test("readPythonLock() prefers the live one of a plain and a hashed lock", () => {
  lock("4242", now(), `__invalid_session_id__${createHash("sha256").update(id).digest("hex")}`);
  lock("4343");
  const only = (alive: number): ProcessTable => ({ ...anyPid, exists: (pid) => pid === alive });
  expect(readPythonLock(folder, id, only(4242))).toMatchObject({ state: "live", pid: 4242 });
  expect(readPythonLock(folder, id, only(4343))).toMatchObject({ state: "live", pid: 4343 });
  expect(readPythonLock(folder, id, noPid).state).toBe("dead");
});
