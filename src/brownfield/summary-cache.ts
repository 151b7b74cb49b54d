import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { sha256 } from "../base/sha256.ts";
import { ProjectSummary } from "./summary.ts";

/** Raised whenever the same files would be summarised differently. */
const VERSION = 1;
const LONGEST_BYTES = 2 ** 20;

const Kept = v.object({ version: v.literal(VERSION), identity: v.string(), summary: ProjectSummary });

/** The summary kept of a project in exactly this state; null where there is none that can be used. */
export async function keptSummary(folder: string, root: string, identity: string): Promise<ProjectSummary | null> {
  try {
    const kept = v.parse(Kept, JSON.parse(await readWhole(fileOf(folder, root))));
    return kept.identity === identity && kept.summary.root === root ? kept.summary : null;
  } catch {
    return null; // None yet, or not one of ours: it is made anew.
  }
}

/** Keeps the summary of a project in place of the one before; only this user may read it. */
export async function keepSummary(
  folder: string,
  root: string,
  identity: string,
  summary: ProjectSummary,
): Promise<void> {
  const file = fileOf(folder, root);
  const partial = `${file}.${randomUUID()}`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(partial, JSON.stringify({ version: VERSION, identity, summary }), { mode: 0o600, flag: "wx" });
    await rename(partial, file);
  } catch {
    // A folder that cannot be written costs the next look its seconds, and nobody their answer.
    await rm(partial, { force: true }).catch(() => {});
  }
}

function fileOf(folder: string, root: string): string {
  return join(folder, `${sha256(root)}.json`);
}

async function readWhole(path: string): Promise<string> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  return size > LONGEST_BYTES ? "" : await file.readFile("utf8");
}
