import { catchUp } from "../../../src/store/session/catch-up.ts";
import type { Store } from "../../../src/store/store.ts";
import { rowsOf } from "../../support/store-contract/rows.ts";

/** Every row of every table, as text to compare; what follows from other rows alone has been brought up to date first. */
export async function dumpTables(store: Store): Promise<Record<string, string[]>> {
  await catchUp(store);
  const tables = await rowsOf(
    store,
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  );
  const dump: Record<string, string[]> = {};
  for (const { name } of tables) {
    const rows = await rowsOf(store, `SELECT rowid AS "the row", * FROM "${name}" ORDER BY rowid`);
    dump[String(name)] = rows.map((row) => JSON.stringify(row, bytesAsHex));
  }
  return dump;
}

function bytesAsHex(_key: string, value: unknown): unknown {
  return value instanceof ArrayBuffer ? Buffer.from(value).toString("hex") : value;
}
