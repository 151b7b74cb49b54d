import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import { compareWithCopy } from "../../../store/care/examine-copy.ts";
import type { StoreTarget } from "../../../store/engine/store-target.ts";
import type { Store } from "../../../store/store.ts";
import { startProgress } from "../../progress.ts";
import { standardBackupFile } from "./backup-file.ts";
import { makeBackup } from "./make-backup.ts";

/** A copy beside the store that was opened, read and held against it. */
export interface SealedCopy {
  readonly path: string;
  readonly sha256: string;
}

/** Makes such a copy, and throws when it is not what the store is; undefined when that was interrupted. */
export async function sealCopy(
  store: Store,
  target: Extract<StoreTarget, { kind: "file" }>,
  signal: AbortSignal,
): Promise<SealedCopy | Refusal | undefined> {
  const made = await makeBackup(target, standardBackupFile(target.path, new Date()), signal);
  if (made === undefined || isRefusal(made)) return made;
  const progress = startProgress(process.stderr, "Comparing the copy with the store …");
  try {
    const { sha256 } = await compareWithCopy(store, made.path, progress.tell);
    return { path: made.path, sha256 };
  } finally {
    progress.done();
  }
}
