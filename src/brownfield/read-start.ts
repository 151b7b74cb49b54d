import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative } from "node:path";

/** The start of a file, and whether that is all of it. */
interface FileStart {
  readonly text: string;
  readonly whole: boolean;
}

/** Reads the start of one file of a project; null where it is no plain file inside it, or enough has been read. */
export type ReadStart = (path: string, longest: number) => Promise<FileStart | null>;

const MOST_FILES = 40;
const MOST_BYTES = 2 ** 20;

/** A reader with a budget for one look at a project: never through a link, never out of the root, never a pipe or device. */
export function startReader(root: string, deadline: AbortSignal): ReadStart {
  let files = MOST_FILES;
  let bytes = MOST_BYTES;
  return async (path, longest) => {
    if (files === 0 || bytes === 0 || deadline.aborted) return null;
    files--;
    try {
      const start = await readPlain(root, path, Math.min(longest, bytes));
      bytes -= start === null ? 0 : Buffer.byteLength(start.text);
      bytes = Math.max(bytes, 0);
      return start;
    } catch {
      return null; // Gone, a link or not ours to read: it is known by its name only.
    }
  };
}

// A link in the file's own place fails to open; a pipe is opened without waiting for its writer and then found to be none.
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

async function readPlain(root: string, path: string, longest: number): Promise<FileStart | null> {
  const folder = await realpath(dirname(join(root, path)));
  const way = relative(root, folder);
  if (/^\.\.([/\\]|$)/.test(way) || isAbsolute(way)) return null;
  await using file = await open(join(folder, basename(path)), FLAGS);
  const found = await file.stat();
  if (!found.isFile()) return null;
  const buffer = Buffer.alloc(Math.min(found.size, longest));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
  return { text: buffer.toString("utf8", 0, bytesRead), whole: found.size <= longest };
}
