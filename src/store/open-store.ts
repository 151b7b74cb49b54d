import { createStamper } from "../domain/stamper.ts";
import type { Database } from "./engine/database.ts";
import { openFileDatabase } from "./engine/file-database.ts";
import { openRemoteDatabase } from "./engine/remote-database.ts";
import { StoreError } from "./engine/store-error.ts";
import type { StoreTarget } from "./engine/store-target.ts";
import { creation, probeShape, SCHEMA_VERSION, type StoreShape, temporaryTables } from "./schema.ts";
import type { Store } from "./store.ts";

export interface OpenOptions {
  /** Never write, never sweep, create nothing. */
  readonly readOnly: boolean;
  /** Make the file and its tables when they are missing; off for commands that only look. */
  readonly create: boolean;
  readonly nowMs?: () => number;
}

/** Opens the store and makes it complete: upstream's table where there is none, ours beside it. Throws a StoreError. */
export async function openStore(target: StoreTarget, options: OpenOptions): Promise<Store> {
  const database = await openDatabase(target, options);
  try {
    const found = await probeShape(database);
    const readOnlyBecause = readOnlyReason(found, options) ?? database.readOnlyBecause;
    const shape = await complete(database, found, readOnlyBecause !== undefined, options);
    return {
      target,
      database,
      shape,
      access: readOnlyBecause === undefined ? "write" : "read",
      readOnlyBecause,
      stamp: createStamper(options.nowMs ?? Date.now),
      async [Symbol.asyncDispose]() {
        if (readOnlyBecause === undefined) await database.checkpoint("TRUNCATE");
        await database[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

function openDatabase(target: StoreTarget, { create, readOnly }: OpenOptions): Promise<Database> {
  if (target.kind === "remote") return openRemoteDatabase(target.url, target.token);
  return openFileDatabase(target.path, { createFolder: target.createFolder, create: create && !readOnly });
}

function readOnlyReason(shape: StoreShape, options: OpenOptions): string | undefined {
  if (options.readOnly) return "asked for with --read-only";
  if (shape.minReader > SCHEMA_VERSION) {
    return `a newer ouroboros has changed this store (it needs format ${shape.minReader}, this one writes ${SCHEMA_VERSION}): update this one`;
  }
  return undefined;
}

async function complete(
  database: Database,
  found: StoreShape,
  readOnly: boolean,
  options: OpenOptions,
): Promise<StoreShape> {
  if (readOnly) {
    if (database.engine === "remote") {
      if (found.hasOurTables && found.hasEvents) return found;
      throw new StoreError("store_missing", `Cannot read the store ${database.where}: its tables were never created`);
    }
    await database.useTemporary(temporaryTables(found));
    return found;
  }
  if (found.hasEvents && found.hasOurTables) {
    await database.prepareForWriting();
    return found;
  }
  if (!options.create && !found.hasEvents) {
    throw new StoreError("store_missing", `Cannot use the store ${database.where}: it holds no events table`);
  }
  await database.prepareForWriting();
  await database.write(creation(found));
  return await probeShape(database);
}
