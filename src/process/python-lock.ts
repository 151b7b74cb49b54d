import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { bootedAt } from "./boot-time.ts";
import { isPid, type ProcessTable, probePid, systemProcesses } from "./liveness.ts";

/** What a session lock of the Python program says of its holder; `pid` is null where the file names none. */
export type PythonLock = { state: "absent" | "live" | "dead"; why: string; pid: number | null };

const LONGEST_LOCK_BYTES = 128;
const BOOT_MARGIN_MS = 10 * 60_000;

/**
 * Reads the Python program's lock of a session in its locks folder (`<home>/locks`). It only looks: removing a lock
 * that seems dead can remove the one its next owner has just written.
 */
export function readPythonLock(folder: string, sessionId: string, table: ProcessTable = systemProcesses): PythonLock {
  const locks = toLockNames(sessionId).map((name) => readLock(join(folder, name), table));
  for (const state of ["live", "dead"] as const) {
    const lock = locks.find((lock) => lock.state === state);
    if (lock) return lock;
  }
  return { state: "absent", why: "no lock file", pid: null };
}

/**
 * The Python program hashes ids that are unsafe as a file name. We call unsafe what is not made of letters, digits,
 * `_`, `.` and `-` alone, or is `.` or `..`. Its line may run elsewhere, and a lock that we overlook ends a live
 * session: so the hashed name is looked at for every id, and the plain one only where it is safe to open.
 */
export function toLockNames(sessionId: string): string[] {
  const hashed = `__invalid_session_id__${createHash("sha256").update(sessionId, "utf8").digest("hex")}`;
  const isSafe = /^[A-Za-z0-9_.-]+$/.test(sessionId) && sessionId !== "." && sessionId !== "..";
  return isSafe ? [sessionId, hashed] : [hashed];
}

function readLock(path: string, table: ProcessTable): PythonLock {
  let content: LockContent | null;
  try {
    content = readLockContent(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    // A name too long for the file system was never written by anybody.
    if (code === "ENOENT" || code === "ENAMETOOLONG") return { state: "absent", why: "no lock file", pid: null };
    return { state: "live", why: `odd lock file counts as alive: cannot be read (${code})`, pid: null };
  }
  const parsed = content === null ? null : parseLock(content.text);
  if (content === null || parsed === null)
    return { state: "live", why: "odd lock file counts as alive: not a pid with or without a start time", pid: null };

  const { pid, startedMs } = parsed;
  // The start time is not passed on: it is an epoch time, which a set clock or the drift of a virtual machine moves by
  // seconds or days, and then a live process looks like another one.
  const found = probePid(pid, null, table);
  if (found.state === "dead") return { state: "dead", why: found.why, pid };
  if (wasBeforeBoot(content.writtenMs, startedMs)) return { state: "dead", why: "written before this boot", pid };
  return { state: "live", why: "pid there", pid };
}

type LockContent = { text: string; writtenMs: number };

function readLockContent(path: string): LockContent | null {
  // Without O_NONBLOCK (absent on Windows) a named pipe in this place would hold us for ever.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > LONGEST_LOCK_BYTES) return null;
    const bytes = Buffer.alloc(LONGEST_LOCK_BYTES);
    const length = readSync(fd, bytes, 0, LONGEST_LOCK_BYTES, 0);
    return { text: bytes.toString("latin1", 0, length), writtenMs: stat.mtimeMs };
  } finally {
    closeSync(fd);
  }
}

function parseLock(text: string): { pid: number; startedMs: number | null } | null {
  const match = /^(\d{1,10})(?::(\d+(?:\.\d+)?(?:e[+-]?\d+)?))?\s*$/i.exec(text);
  if (!match) return null;
  const pid = Number(match[1]);
  if (!isPid(pid)) return null;
  return { pid, startedMs: match[2] === undefined ? null : Number(match[2]) * 1_000 };
}

/** The one use of epoch times: both lie so far before the boot that this pid must have been given out anew. */
function wasBeforeBoot(writtenMs: number, startedMs: number | null): boolean {
  const booted = bootedAt();
  if (booted === null || startedMs === null) return false;
  return Math.max(writtenMs, startedMs) < booted - BOOT_MARGIN_MS;
}
