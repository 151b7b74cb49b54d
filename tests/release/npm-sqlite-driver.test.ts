// The JavaScript of the npm package has the runtime's SQLite in the place of libSQL's driver: nobody may see a difference.
import { expect, test } from "bun:test";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteDriver } from "../../scripts/release/npm/fallback/sqlite-driver.ts";
import { openFileDatabase } from "../../src/store/engine/file-database.ts";
import { newerNode } from "../e2e/support/newer-node.ts";
import { type Driver, probeDriver } from "./support/npm-driver-probe.ts";

const DRIVER = join(import.meta.dirname, "../../scripts/release/npm/fallback/sqlite-driver.ts");
const STRIPPED = ["--experimental-strip-types", "--input-type=module"];
/** Increments by each of two writers. */
const EACH = 300;
const node = newerNode();
/** The driver that the client has. */
const Database: Driver = createRequire(import.meta.resolve("@libsql/client/sqlite3"))("libsql");

test("under Bun it answers as libSQL's does: values, changes, transactions, failures", () => {
  const expected = inFolder((folder) => probeDriver(Database, folder));
  expect(expected).toContain("busy: throws 5 (database is locked)");
  expect(inFolder((folder) => probeDriver(SqliteDriver, folder))).toEqual(expected);
});

test.skipIf(node === undefined)("under Node 22.16 or newer (where there is one) too, and without a warning", () => {
  const expected = inFolder((folder) => probeDriver(Database, folder));
  const program = `
    import { SqliteDriver } from ${JSON.stringify(DRIVER)};
    import { probeDriver } from ${JSON.stringify(join(import.meta.dirname, "support/npm-driver-probe.ts"))};
    process.on("warning", ({ message }) => { if (/SQLite/.test(message)) throw new Error(message); });
    process.stdout.write(JSON.stringify(probeDriver(SqliteDriver, process.argv[1])));`;
  const said = inFolder((folder) =>
    execFileSync(node ?? "", [...STRIPPED, "-e", program, folder], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
  expect(JSON.parse(said)).toEqual(expected);
});

test("a process with the one and a process with the other write to one file at once, and nothing is lost", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-driver-"));
  try {
    const path = join(folder, "store.db");
    await using store = await openFileDatabase(path, { create: true, createFolder: false });
    await store.prepareForWriting();
    await store.write([{ sql: "CREATE TABLE count (n)" }, { sql: "INSERT INTO count VALUES (0)" }]);
    const program = `
      import { SqliteDriver } from ${JSON.stringify(DRIVER)};
      const store = new SqliteDriver(process.argv[1], { timeout: 20_000 });
      process.stdout.write("ready\\n");
      for (let done = 0; done < ${EACH}; done++)
        store.exec("BEGIN IMMEDIATE; UPDATE count SET n = n + 1; COMMIT");
      store.close();`;
    const other = spawn(node ?? process.execPath, [...(node === undefined ? [] : STRIPPED), "-e", program, path]);
    const ended = once(other, "close");
    await once(other.stdout, "data");
    for (let done = 0; done < EACH; done++) await store.write([{ sql: "UPDATE count SET n = n + 1" }]);
    expect(await ended).toEqual([0, null]);
    const [rows] = await store.read([{ sql: "SELECT n FROM count" }]);
    expect(rows?.rows[0]?.n).toBe(2 * EACH);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a file that cannot be opened is told by SQLite's own word for it", () => {
  expect(() => new SqliteDriver("/missing/folder/store.db")).toThrow(
    expect.objectContaining({ code: "SQLITE_CANTOPEN" }),
  );
});

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-driver-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
