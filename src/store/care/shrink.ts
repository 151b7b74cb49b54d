import { failpoint } from "../../base/failpoint.ts";
import { query } from "../engine/database.ts";
import { emptying } from "../schema.ts";
import type { Store } from "../store.ts";

/**
 * Gives the space that rows have left back to the disk. No other program writes for as long as that takes, and this
 * process hears of nothing: only where nobody is at work. Everybody's rowids stay what they are, as SQLite numbers rows of
 * a table with an index no differently when it copies them; it promises nothing, so it is looked at, and what rests on
 * them is folded anew if it ever does.
 */
export async function shrink(store: Store): Promise<void> {
  const before = await numbering(store);
  failpoint("compact:shrink:before");
  await store.database.pragma("VACUUM");
  failpoint("compact:shrink:after");
  if ((await numbering(store)) !== before) await store.database.write(emptying());
  await store.database.checkpoint("TRUNCATE");
}

async function numbering({ database }: Store): Promise<string> {
  const [row] = await query(database, "SELECT count(*) AS n, max(rowid) AS top, total(rowid) AS sum FROM events");
  return `${row?.n} ${row?.top} ${row?.sum}`;
}

/** How many bytes of a store's file are free for new rows; null on a server, which does not say. */
export async function freeInside({ database }: Store): Promise<number | null> {
  if (database.engine === "remote") return null;
  const [pages, size] = [await database.pragma("PRAGMA freelist_count"), await database.pragma("PRAGMA page_size")];
  return Number(pages.rows[0]?.[0]) * Number(size.rows[0]?.[0]);
}
