import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf, OuroborosError } from "../base/errors.ts";
import { writeWhole } from "../base/write-whole.ts";
import { hashOf } from "./config-file.ts";

const Applied = v.object({
  at: v.pipe(v.string(), v.isoTimestamp()),
  /** Hashes of the file's bytes, before and after. */
  before: v.string(),
  after: v.string(),
  /** What leads from the one to the other, in the text without its mark. */
  edits: v.array(v.object({ at: v.number(), removed: v.string(), inserted: v.string() })),
  /** There was no file; and the folders that were made for it, the innermost first. */
  created: v.boolean(),
  folders: v.array(v.string()),
  /** How many of the names that lead to the entry were there. */
  depth: v.number(),
  /** What stood under our name, where something did. */
  old: v.optional(v.record(v.string(), v.unknown())),
});
/** One time that a file was written. */
export type Applied = Readonly<v.InferOutput<typeof Applied>>;

const Note = v.object({ host: v.string(), path: v.string(), applied: Applied });

/** What setup has written into one file, newest first: what uninstall needs to take exactly that away. */
export interface Receipt {
  readonly host: string;
  readonly path: string;
  readonly applied: readonly Applied[];
}

/** A process may end between note and file, and two may write at once: then an earlier one describes the file. */
const MOST_KEPT = 8;

/** The receipt of a file; undefined when setup has not written it. */
export async function readReceipt(home: string, host: string, path: string): Promise<Receipt | undefined> {
  return (await listReceipts(home)).find((one) => one.host === host && one.path === path);
}

/** Every receipt of this home. */
export async function listReceipts(home: string): Promise<Receipt[]> {
  const notes = await readNotes(home);
  const files = new Map<string, Receipt>();
  for (const { host, path, applied } of notes) {
    const key = JSON.stringify([host, path]);
    files.set(key, { host, path, applied: [...(files.get(key)?.applied ?? []), applied] });
  }
  return [...files.values()];
}

/** Notes what is about to be written into a file. One file a note: of two setups at once none undoes the other's. */
export async function noteApplied(home: string, host: string, path: string, applied: Applied): Promise<void> {
  const file = noteFile(home, host, path, applied);
  // Of two that make the same file, one has made its folders.
  const same = (await readNotes(home)).find((note) => noteFile(home, note.host, note.path, note.applied) === file);
  const folders = applied.folders.length > 0 ? applied.folders : (same?.applied.folders ?? []);
  try {
    await mkdir(folderOf(home), { recursive: true, mode: 0o700 });
    // An entry that was replaced may hold keys: nobody else reads it.
    await writeWhole(file, `${JSON.stringify({ host, path, applied: { ...applied, folders } })}\n`);
  } catch (error) {
    const next = "Make the folder writable for you, then try again";
    throw new OuroborosError("receipt_unwritable", `Cannot write ${file}: ${messageOf(error)}`, next, error);
  }
  const kept = await readReceipt(home, host, path);
  await removeNotes(home, { host, path, applied: kept?.applied.slice(MOST_KEPT) ?? [] });
}

/** Forgets what was written into a file. */
export async function removeNotes(home: string, { host, path, applied }: Receipt): Promise<void> {
  for (const one of applied) await rm(noteFile(home, host, path, one), { force: true });
}

function folderOf(home: string): string {
  return join(home, "setup");
}

function noteFile(home: string, host: string, path: string, { after }: Applied): string {
  return join(folderOf(home), `${host}-${hashOf(path).slice(0, 16)}-${after.slice(0, 16)}.json`);
}

/** Every note that can be read, the newest first. */
async function readNotes(home: string): Promise<v.InferOutput<typeof Note>[]> {
  const names = await readdir(folderOf(home)).catch((): string[] => []);
  const files = names.filter((name) => name.endsWith(".json")).map((name) => join(folderOf(home), name));
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => undefined)));
  const read = texts.map((text) => v.safeParse(v.pipe(v.string(), v.parseJson(), Note), text));
  const notes = read.flatMap((one) => (one.success ? [one.output] : []));
  return notes.sort((a, b) => (a.applied.at < b.applied.at ? 1 : -1));
}
