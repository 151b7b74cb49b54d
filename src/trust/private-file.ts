import type { Stats } from "node:fs";
import { constants, lstat, mkdir, open } from "node:fs/promises";
import { type Refusal, refuse } from "../base/refusal.ts";

/** Writable by anybody but its owner. */
const OTHERS = 0o022;
const MOST_BYTES = 64 * 1024;

/** Refused while others may put files into a folder; one that is not there is not exposed. */
export async function exposedFolder(path: string): Promise<Refusal | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || (found.isDirectory() && isOwn(found))) return undefined;
  return refuse(
    "approvals_exposed",
    `Cannot believe what ${path} says: it is not a folder that you alone may write to`,
    `Look at what is in it, then run: chmod 700 ${path} (or move it away, if it is not yours)`,
    { path },
  );
}

/** Makes a folder that is this user's alone, if there is none. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** The text of a plain file of this user's to which nobody else may write; undefined for anything else. */
export async function readOwnFile(path: string): Promise<string | undefined> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
  try {
    await using file = await open(path, (O_RDONLY ?? 0) | O_NOFOLLOW | O_NONBLOCK);
    // Of the very file that is read, whatever its name is made to mean in between.
    const found = await file.stat();
    if (!found.isFile() || found.size > MOST_BYTES || !isOwn(found)) return undefined;
    return await file.readFile("utf8");
  } catch {
    return undefined; // Not there or not ours to read: nobody has agreed to anything.
  }
}

function isOwn({ mode, uid }: Stats): boolean {
  if (process.platform === "win32") return true;
  return (mode & OTHERS) === 0 && uid === process.geteuid?.();
}
