import { join } from "node:path";

type Value = null | number | bigint | string | Uint8Array;
type Arguments = Value[] | Record<string, Value>;

/** What @libsql/client uses of a driver. */
interface Connection {
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare(sql: string): {
    safeIntegers(on: boolean): unknown;
    raw(on: boolean): unknown;
    columns(): { readonly name: string }[];
    all(args: Arguments): unknown[];
    run(args: Arguments): { readonly changes: number; readonly lastInsertRowid: number | bigint };
  };
  exec(sql: string): void;
  close(): void;
}
export type Driver = new (path: string, options: { timeout: number }) => Connection;

const VALUES: readonly Value[] = [
  null,
  0,
  -1,
  1.5,
  7n,
  9_223_372_036_854_775_807n,
  "",
  "text",
  "ä€😀 \n'",
  Buffer.from("bytes"),
  new Uint8Array(0),
  // Empty bytes in other clothes, which Node's SQLite takes for NULL.
  Buffer.from(new ArrayBuffer(0)),
  new TextEncoder().encode(""),
];

/** Everything that can be seen of a driver, as lines to be compared with another one's; `folder` is for its file. */
export function probeDriver(driver: Driver, folder: string): string[] {
  const seen: string[] = [];
  const path = join(folder, "probe.db");
  const first = new driver(path, { timeout: 0 });
  const second = new driver(path, { timeout: 0 });
  const note = (what: string, work: () => unknown) => seen.push(`${what}: ${shown(work)}`);
  const rows = (db: Connection, sql: string, args: Arguments = []) => {
    const statement = db.prepare(sql);
    statement.safeIntegers(true);
    statement.raw(true);
    return [statement.columns().map(({ name }) => name), ...statement.all(args)];
  };
  const change = (sql: string, args: Arguments = []) => {
    const { changes, lastInsertRowid } = first.prepare(sql).run(args);
    return [changes, String(lastInsertRowid)];
  };

  for (const value of VALUES) {
    note("positional", () => rows(first, "SELECT ?1 AS v, typeof(?1) AS t, hex(?1) AS h", [value]));
    note("named, with one too many", () => rows(first, "SELECT :v AS v, typeof(:v) AS t", { v: value, other: 1 }));
  }
  first.exec("CREATE TABLE item (n INTEGER PRIMARY KEY, body BLOB NOT NULL); INSERT INTO item VALUES (1, x'01')");
  note("a change", () => change("INSERT INTO item VALUES (?, ?)", [2, new Uint8Array(0)]));
  note("no change", () => change("UPDATE item SET body = x'02' WHERE n = 9"));
  note("a change that returns", () => rows(first, "INSERT INTO item VALUES (3, x'03') RETURNING n, body"));
  note("rows of what has none", () => first.prepare("DELETE FROM item WHERE n = 3").raw(true));
  note("a key taken", () => change("INSERT INTO item VALUES (1, x'01')"));
  note("a missing value", () => change("INSERT INTO item VALUES (4, NULL)"));
  note("no SQL", () => first.prepare("SELEKT 1"));
  note("foreign keys", () => rows(first, "PRAGMA foreign_keys"));
  note("the log", () => rows(first, "PRAGMA journal_mode=WAL"));
  first.exec("BEGIN IMMEDIATE");
  note("in a transaction", () => [first.inTransaction, second.inTransaction]);
  note("busy", () => second.exec("BEGIN IMMEDIATE"));
  first.exec("COMMIT");
  note("what the other sees", () => rows(second, "SELECT n, body FROM item ORDER BY n"));
  note("by default", () => [first.open, first.inTransaction]);
  for (const db of [first, second]) db.close();
  note("closed", () => [first.open, second.open]);
  return seen;
}

function shown(work: () => unknown): string {
  try {
    return JSON.stringify(work(), (_key, value) => {
      if (typeof value === "bigint") return `${value}n`;
      // A Buffer has turned itself into an object by now.
      return value?.type === "Buffer" ? `bytes ${Buffer.from(value.data).toString("hex")}` : value;
    });
  } catch (error) {
    const { rawCode, message } = error as { rawCode?: number; message: string };
    return rawCode === undefined ? "throws" : `throws ${rawCode} (${message})`;
  }
}
