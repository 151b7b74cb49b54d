import { createHash, randomUUID } from "node:crypto";
import type { Stats } from "node:fs";
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  open,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { messageOf, OuroborosError } from "../base/errors.ts";
import { type Refusal, refuse } from "../base/refusal.ts";

/** A host's file as it was read: all that is needed to write it again as it was. */
export interface ConfigFile {
  /** Behind any links: a link stays one. */
  readonly path: string;
  readonly text: string;
  /** The mark that some editors put before the text. */
  readonly mark: string;
  /** Of the very bytes; of no bytes, when there is no file. */
  readonly hash: string;
  /** Undefined when there is no file. */
  readonly stats: Stats | undefined;
}

const MOST_BYTES = 64 * 1024 * 1024;
const MARK = "\ufeff";
const OWNERS_TO_WRITE = 0o200;

/** Reads a host's file; one that is not there is empty. What cannot be written back as it was is refused. */
export async function readConfigFile(path: string): Promise<ConfigFile | Refusal> {
  try {
    return await readPlainFile(path);
  } catch (error) {
    if (!["EACCES", "EPERM", "ELOOP"].includes(codeOf(error))) throw error;
    return refuse("config_forbidden", `Cannot read ${path}: ${messageOf(error)}`, "Make it readable for you", { path });
  }
}

async function readPlainFile(path: string): Promise<ConfigFile | Refusal> {
  if ((await lstat(path).catch(absent)) === undefined)
    return { path, text: "", mark: "", hash: hashOf(""), stats: undefined };
  const stats = await stat(path).catch(absent);
  const by = { path };
  if (stats === undefined) {
    return refuse(
      "dangling_link",
      `Cannot follow ${path}: it is a link to nothing`,
      "Make what it leads to, or remove the link",
      by,
    );
  }
  if (!stats.isFile() || stats.size > MOST_BYTES) {
    return refuse("no_config_file", `Cannot change ${path}: it is no plain file of a usual size`, PRINT, by);
  }
  const target = await behindLinks(path);
  const bytes = await readFile(target);
  const text = decode(bytes);
  if (text === undefined) return refuse("not_text", `Cannot change ${path}: it is not UTF-8 text`, PRINT, by);
  const mark = text.startsWith(MARK) ? MARK : "";
  return { path: target, text: text.slice(mark.length), mark, hash: hashOf(bytes), stats };
}

/**
 * The file that a link leads to. Bun's realpath finds nothing for a file that another program puts into place at that moment,
 * so it is asked for folders alone.
 */
async function behindLinks(path: string): Promise<string> {
  if (!(await lstat(path)).isSymbolicLink()) return path;
  return behindLinks(resolve(await realpath(dirname(path)), await readlink(path)));
}

/** Refused while a file's owner keeps it from being written, as programs do that make it themselves. */
export function readOnlyRefusal({ path, stats }: ConfigFile): Refusal | undefined {
  if (stats === undefined || (stats.mode & OWNERS_TO_WRITE) !== 0) return undefined;
  const next = `Make it writable, or change it where it is made: \`ouroboros setup --print\` shows what to add`;
  return refuse("config_read_only", `Cannot change ${path}: it is read-only`, next, { path });
}

/**
 * Puts another text into a file, whole or not at all: with its mode and owner, by rename, and only if nobody has written
 * it since it was read; false when somebody has.
 */
export async function replaceConfigFile(file: ConfigFile, text: string): Promise<boolean> {
  const partial = join(dirname(file.path), `.${basename(file.path)}.ouroboros-${randomUUID()}`);
  try {
    await writeNew(partial, file.mark + text, file.stats);
    if (!(await isUnchanged(file))) return false;
    if (file.stats === undefined) return await putIntoPlace(partial, file.path);
    await rename(partial, file.path);
    return true;
  } catch (error) {
    throw unwritable(file.path, error);
  } finally {
    await rm(partial, { force: true }).catch(() => {}); // the folder itself may be what is wrong
  }
}

/** Removes a file, unless somebody has written it since it was read. */
export async function removeConfigFile(file: ConfigFile): Promise<boolean> {
  if (!(await isUnchanged(file))) return false;
  await rm(file.path).catch((error) => {
    throw unwritable(file.path, error);
  });
  return true;
}

/** A copy beside the file, as readable to others as the file is; gives its path. */
export async function backUp(file: ConfigFile, at: Date): Promise<string> {
  const stamp = at.toISOString().replace(/[-:]|\.\d+/g, "");
  const first = `${file.path}.ouroboros-backup-${stamp}`;
  for (let n = 1; ; n++) {
    const path = n === 1 ? first : `${first}-${n}`;
    try {
      await writeNew(path, file.mark + file.text, file.stats);
      return path;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw unwritable(path, error);
    }
  }
}

/** Makes the folders that are missing above a file; gives those that it made, the innermost first. */
export async function makeFolders(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = dirname(path); (await lstat(at).catch(absent)) === undefined; at = dirname(at)) missing.push(at);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(path, error);
  }
  return missing;
}

/** Removes folders of ours that nobody has put anything into. */
export async function removeEmptyFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    try {
      await rmdir(folder);
    } catch {
      return; // Somebody uses it, so those around it are used as well.
    }
  }
}

export function hashOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

const PRINT = "`ouroboros setup --print` shows what to add by hand";

async function isUnchanged(file: ConfigFile): Promise<boolean> {
  const now = await readFile(file.path).catch(absent);
  return now === undefined ? file.stats === undefined : file.stats !== undefined && hashOf(now) === file.hash;
}

/** A file that was not there must not be there now either, which a rename could not tell. */
async function putIntoPlace(partial: string, path: string): Promise<boolean> {
  try {
    await link(partial, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    await rename(partial, path); // a file system without links
    return true;
  }
}

async function writeNew(path: string, content: string, like: Stats | undefined): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  if (like === undefined || process.platform === "win32") return;
  const made = await stat(path);
  try {
    if (made.uid !== like.uid || made.gid !== like.gid) await chown(path, like.uid, like.gid);
    await chmod(path, like.mode & 0o7777);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function absent(error: unknown): undefined {
  if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return undefined;
  throw error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function unwritable(path: string, error: unknown): OuroborosError {
  const next = "Make the file and its folder writable for you, then try again";
  return new OuroborosError("config_unwritable", `Cannot write ${path}: ${messageOf(error)}`, next, error);
}
