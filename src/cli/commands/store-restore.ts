import { lstat } from "node:fs/promises";
import { resolve } from "node:path";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { type CopyFacts, examineCopy } from "../../store/care/examine-copy.ts";
import { StoreError } from "../../store/engine/store-error.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { startProgress } from "../progress.ts";
import { fields, lines } from "../render.ts";
import { makeBackup } from "./store/make-backup.ts";

export type RestoreFlags = SharedFlags & {
  readonly to?: string | undefined;
  readonly verify: boolean;
};

/** `ouroboros store restore`: opens a backup and reads all of it; with `--to` makes a store of it that holds exactly that. */
export async function storeRestore(
  { style, interruption }: Cli,
  { to, verify }: RestoreFlags,
  named: string,
): Promise<Answer | Refusal | number> {
  const from = resolve(named);
  if ((to === undefined) !== verify) {
    const next = "Add --verify to look whether the backup can be relied on, or --to PATH to make a store of it";
    return refuse("wrong_usage", `Cannot restore ${from}: say either --verify or --to PATH`, next);
  }
  const file = to === undefined ? undefined : resolve(to);
  if (file !== undefined) {
    const done = await makeBackup({ kind: "file", path: from, createFolder: false }, file, interruption.signal);
    if (done === undefined) return EXIT.interrupted;
    if (isRefusal(done)) return done;
  }
  const facts = await examined(from);
  if (file !== undefined && (await examined(file)).sha256 !== facts.sha256) {
    throw new StoreError("store_corrupt", `The store ${file} does not hold what ${from} does`);
  }
  const json = { backup: from, restored_to: file ?? null, ...facts };
  const text =
    fields(style, [
      ["Backup", json.backup],
      ["Restored to", json.restored_to],
      ["Events", json.events],
      ["Sessions", json.sessions],
      ["Newest row", json.newest_rowid],
      ["Bodies", json.blobs],
      ["Content", json.sha256],
    ]) +
    lines([
      file === undefined ? "The backup is sound." : "The store is there, and holds exactly what the backup does.",
    ]);
  return { json, text };
}

async function examined(path: string): Promise<CopyFacts> {
  if (!(await lstat(path).catch(() => undefined))) {
    throw new StoreError("store_missing", `Cannot read the backup ${path}: there is no such file`);
  }
  const progress = startProgress(process.stderr, `Reading ${path} …`);
  try {
    return await examineCopy(path, progress.tell);
  } finally {
    progress.done();
  }
}
