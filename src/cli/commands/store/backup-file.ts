import { constants } from "node:fs";
import { access, link, lstat, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type Refusal, refuse } from "../../../base/refusal.ts";
import { probePid, systemProcesses } from "../../../process/liveness.ts";
import { bytes } from "../../render.ts";

/** Where a backup goes unless somebody names a file: beside the store, by the time in UTC. */
export function standardBackupFile(store: string, now: Date): string {
  const digits = now.toISOString().replaceAll(/\D/g, "");
  return `${store}.backup-${digits.slice(0, 8)}-${digits.slice(8, 14)}.db`;
}

/** What a backup is called until it is whole; the number is that of the process that writes it. */
export function partialOf(file: string, pid: number): string {
  return `${file}.partial-${pid}`;
}

/** Why no backup can go there, if so; nothing is written to find out. */
export async function unfitForBackup(file: string, store: string, needed: number): Promise<Refusal | undefined> {
  const cannot = (why: string) => `Cannot copy the store to ${file}: ${why}`;
  if (["-wal", "-shm", "-journal"].some((ending) => file === resolve(store) + ending)) {
    return refuse("wrong_usage", cannot("SQLite itself uses that name for the store"), "Name another file");
  }
  // A log that a database of that name has left behind would be taken for the backup's own.
  for (const taken of [file, `${file}-wal`, `${file}-journal`]) {
    if (await isThere(taken)) return existing(file, taken);
  }
  const folder = dirname(file);
  const found = await stat(folder).catch(() => undefined); // not there, or not to be looked into: the same to a backup
  if (!found?.isDirectory()) {
    return refuse("no_folder", cannot("its folder does not exist"), "Create the folder first, or name another file");
  }
  if (!(await canWrite(folder))) {
    const next = "Make the folder writable for this user, or name a file in another one";
    return refuse("folder_not_writable", cannot("this user may not write to its folder"), next);
  }
  const free = await freeBytes(folder);
  if (free === undefined || free >= needed) return undefined;
  return refuse(
    "no_space",
    cannot(`its disk has ${bytes(free)} free, and the store takes ${bytes(needed)}`),
    "Free some space there, or name a file on another disk",
    { free_bytes: free, needed_bytes: needed },
  );
}

/** Removes what backups that were ended have left beside `file`: under its name or a standard one, of processes that are gone. */
export async function removeLeftovers(file: string, store: string): Promise<void> {
  const folder = dirname(file);
  const standard = folder === dirname(store) ? `${basename(store)}.backup-` : undefined;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const [, name = "", pid] = LEFTOVER.exec(entry.name) ?? [];
    if (pid === undefined || !entry.isFile()) continue;
    const isOurs =
      name === basename(file) || (standard !== undefined && name.startsWith(standard) && STANDARD_END.test(name));
    if (!isOurs || probePid(Number(pid), null, systemProcesses).state !== "dead") continue;
    await rm(join(folder, entry.name), { force: true });
  }
}

/** The finished backups beside a store that have a standard name, the oldest first. */
export async function backupsBeside(store: string): Promise<{ readonly path: string; readonly bytes: number }[]> {
  const folder = dirname(store);
  const standard = `${basename(store)}.backup-`;
  const names = (await readdir(folder)).filter((name) => name.startsWith(standard) && STANDARD_END.test(name)).sort();
  const found = names.map(async (name) => ({ path: join(folder, name), bytes: (await stat(join(folder, name))).size }));
  return await Promise.all(found);
}

const LEFTOVER = /^(.+)\.partial-(\d{1,10})(?:-wal|-shm|-journal)?$/s;
const STANDARD_END = /\.backup-\d{8}-\d{6}\.db$/;

/** Removes an unfinished backup, and what SQLite may have put beside it. */
export async function removePartial(partial: string): Promise<void> {
  for (const ending of ["", "-wal", "-shm", "-journal"]) await rm(partial + ending, { force: true });
}

/** Gives a backup its name, once it is on the disk, and never in the place of a file that came there meanwhile. */
export async function publish(partial: string, file: string): Promise<Refusal | undefined> {
  await sync(partial, "r+");
  try {
    // Unlike a rename, a link replaces nothing.
    await link(partial, file);
    await rm(partial);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return existing(file, file);
    if (!NO_LINKS.has(codeOf(error))) throw error;
    if (await isThere(file)) return existing(file, file);
    await rename(partial, file);
  }
  // A name is a part of its folder. Windows cannot do this, and has no need to.
  if (process.platform !== "win32") await sync(dirname(file), "r");
  return undefined;
}

/** File systems without hard links, such as exFAT and some network shares, say so in one of these ways. */
const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL"]);

function existing(file: string, taken: string): Refusal {
  const why = taken === file ? "it exists already" : `${basename(taken)} exists beside it`;
  return refuse("exists", `Cannot copy the store to ${file}: ${why}`, "Name a file that does not exist yet", {
    path: taken,
  });
}

async function sync(path: string, flags: "r" | "r+"): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return false;
    throw error;
  }
}

async function canWrite(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What the disk of a folder has free; undefined where that cannot be told. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined; // Some file systems do not say; the copy will.
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
