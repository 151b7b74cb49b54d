import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreTarget } from "../../../src/store/engine/store-target.ts";
import { type OpenOptions, openStore } from "../../../src/store/open-store.ts";
import type { Store } from "../../../src/store/store.ts";

/** Where one test's store is: empty at first, opened as often as the test likes. */
export interface Place extends AsyncDisposable {
  readonly target: StoreTarget;
  open(options?: Partial<OpenOptions>): Promise<Store>;
}

/** A file in a folder of its own. */
export async function filePlace(): Promise<Place & { readonly path: string; readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "ouroboros-store-"));
  const path = join(folder, "store.db");
  const target: StoreTarget = { kind: "file", path, createFolder: false };
  return {
    folder,
    path,
    target,
    open: opener(target),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The one database of a libSQL server, emptied first: a server costs more than a table. */
export async function serverPlace(url: string): Promise<Place> {
  const target: StoreTarget = { kind: "remote", url, token: undefined };
  await using store = await openStore(target, { readOnly: false, create: true });
  const [found] = await store.database.read([{ sql: "SELECT name FROM sqlite_master WHERE type = 'table'" }]);
  const names = (found?.rows ?? []).map((row) => String(row.name)).filter((name) => !name.startsWith("sqlite_"));
  await store.database.write(names.map((name) => ({ sql: `DROP TABLE "${name}"` })));
  return { target, open: opener(target), async [Symbol.asyncDispose]() {} };
}

function opener(target: StoreTarget): Place["open"] {
  return (options) => openStore(target, { readOnly: false, create: true, ...options });
}
