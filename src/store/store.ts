import type { Stamper } from "../domain/stamper.ts";
import type { Database } from "./engine/database.ts";
import type { StoreTarget } from "./engine/store-target.ts";
import type { StoreShape } from "./schema.ts";

/** An open store: what stands in it, whether it may be written, and the database underneath. */
export interface Store extends AsyncDisposable {
  readonly target: StoreTarget;
  readonly database: Database;
  readonly shape: StoreShape;
  /** `read` when the caller asked for it or a newer program has changed the format: then nothing is ever written. */
  readonly access: "write" | "read";
  readonly readOnlyBecause: string | undefined;
  /** Times for the events this process writes: rising, whatever the clock does. */
  readonly stamp: Stamper;
}
