import { lstat, readFile } from "node:fs/promises";

const LONGEST_BYTES = 2 ** 20;

/** The text of a file of moderate size; null when it is anything else: an agent may have put a pipe or a link in its place. */
export async function readPlainFile(path: string): Promise<string | null> {
  if (!(await isPlainFile(path))) return null;
  return readFile(path, "utf8");
}

/** Is there a file of moderate size, itself and no link to one? */
export async function isPlainFile(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    return found.isFile() && found.size <= LONGEST_BYTES;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Does an error of the file system say that nothing of that name can be reached? */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && MISSING.has(String(error.code));
}

const MISSING = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EACCES", "ENAMETOOLONG"]);
