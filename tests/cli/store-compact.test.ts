// `store compact` and `store restore` as a person calls them: nothing goes without a copy that was read, nor while
// somebody is at work, and whoever writes meanwhile is not held up.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { ownIdentity } from "../../src/process/identity.ts";
import { systemProcesses } from "../../src/process/liveness.ts";
import { type CliHome, copyHome, finished, openHome } from "./support/ouroboros.ts";

const WRITER = join(import.meta.dirname, "../fixtures/store/append-until-closed.ts");
const LIMIT = { timeout: 60_000 };
const NOW = ["store", "compact", "--older-than", "0h", "--json"];

let seen: CliHome;
beforeAll(async () => {
  seen = await openHome({ events: 1_500, sessions: 8, orphans: { young: 1, paused: 1 } });
});
afterAll(() => seen[Symbol.asyncDispose]());

describe("a compaction", () => {
  test("only says what would go unless it is told yes", LIMIT, async () => {
    await using home = await copyHome(seen);
    const rows = home.dump();
    const said = await answer(home, NOW);
    expect(said).toMatchObject({ dry_run: true, sessions: 8, held: [] });
    expect(said.rows).toBeGreaterThan(500);
    expect(await answer(home, [...NOW, "--yes", "--dry-run"])).toEqual(said);
    expect([home.dump(), backupsOf(home)]).toEqual([rows, []]);
    const { freeable } = await answer(home, ["store", "info", "--json"]);
    const inMonth = await answer(home, ["store", "compact", "--json"]);
    expect(freeable).toEqual({
      older_than_days: 30,
      sessions: inMonth.sessions,
      rows: inMonth.rows,
      bytes: inMonth.bytes,
    });
  });

  test("leaves a copy that was read, from which everything comes back", LIMIT, async () => {
    await using home = await copyHome(seen);
    const [rows, sessions] = [home.dump(), await answer(home, ["sessions", "--json"])];
    const foreseen = await answer(home, NOW);

    const done = await answer(home, [...NOW, "--yes"]);

    expect(done).toMatchObject({ complete: true, rows: foreseen.rows, sessions: 8, is_shrunk: false });
    expect(done.free_bytes).toBeGreaterThan(0);
    expect(await answer(home, ["sessions", "--json"])).toEqual(sessions);
    // The rows of its beginning and its end have come.
    expect(countOf(home.path)).toBe(JSON.parse(rows).length - done.rows + 2);
    const [copy = ""] = backupsOf(home);
    expect(done.copy).toEqual({ path: join(home.home, copy), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const verified = await answer(home, ["store", "restore", copy, "--verify", "--json"]);
    expect(verified).toMatchObject({ restored_to: null, events: JSON.parse(rows).length, sha256: done.copy.sha256 });
    const back = join(home.home, "back.db");
    const restored = await answer(home, ["store", "restore", copy, "--to", "back.db", "--json"]);
    expect(restored).toEqual({ ...verified, restored_to: back });
    expect(withoutRowid(dumpOf(back))).toEqual(withoutRowid(JSON.parse(rows)));
    // Reading has put nothing beside it that the copy would lack where it is moved alone.
    expect(statSync(`${join(home.home, copy)}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  });

  test("does nothing, and makes no copy, where nothing may go", LIMIT, async () => {
    await using home = await copyHome(seen);
    const rows = home.dump();
    const done = await answer(home, [...NOW, "--yes", "--keep-last", "100"]);
    expect(done).toMatchObject({ rows: 0, copy: null, complete: true });
    expect([home.dump(), backupsOf(home)]).toEqual([rows, []]);
  });

  test("gives the space back where that is asked for, every row keeping its place", LIMIT, async () => {
    await using home = await copyHome(seen);
    const done = await answer(home, [...NOW, "--yes", "--no-backup", "--shrink"]);
    expect(done).toMatchObject({ is_shrunk: true, free_bytes: 0, copy: null });
    expect(backupsOf(home)).toEqual([]);
    const left = JSON.parse(home.dump());
    const were = new Map(JSON.parse(seen.dump()).map((row: Row) => [row.id, row.rowid]));
    for (const { id, rowid } of left.slice(0, -2)) expect(were.get(id)).toBe(rowid);
  });

  test(
    "that is interrupted says so, leaves whole batches, and is gone on with by the same command",
    LIMIT,
    async () => {
      await using home = await copyHome(seen);
      const whole = (await answer(home, NOW)).rows;
      const child = home.start([...NOW, "--yes", "--no-backup"], {
        OUROBOROS_FAILPOINT: "compact:drop:after#2",
        OUROBOROS_FAILPOINT_SIGNAL: "SIGSTOP",
      });
      const ran = finished(child);
      const pid = child.pid ?? 0;
      await until(() => systemProcesses.state(pid)?.startsWith("T"));
      child.kill("SIGINT");
      child.kill("SIGCONT");
      const { code, stdout } = await ran;
      const said = JSON.parse(stdout);
      expect([code, said.complete]).toEqual([130, false]);
      expect(said.rows).toBeGreaterThan(0);
      expect(said.rows).toBeLessThan(whole);
      const rest = await answer(home, [...NOW, "--yes", "--no-backup"]);
      expect(said.rows + rest.rows).toBe(whole);
    },
  );

  test("lets others write meanwhile, and loses nothing of theirs", { timeout: 120_000 }, async () => {
    await using home = await copyHome(seen);
    await using writer = await startWriter(home.path);
    await writer.reached(5);
    const began = writer.last();
    const done = await answer(home, [...NOW, "--yes"]);
    expect(done.complete).toBe(true);
    expect(writer.last()).toBeGreaterThan(began + 5);
    const acknowledged = await writer.end();
    expect(acknowledged).toBeGreaterThan(began);
    expect(inspect(home.path, writtenIn)).toEqual(Array.from({ length: acknowledged + 1 }, (_, n) => n));
    expect(inspect(home.path, (database) => database.query("PRAGMA integrity_check").values())).toEqual([["ok"]]);
  });
});

describe("nothing is dropped, nor copied", () => {
  test("while a program of upstream's is at work", LIMIT, async () => {
    await using home = await copyHome(seen);
    mkdirSync(join(home.home, "locks"));
    writeFileSync(join(home.home, "locks", "orch_elsewhere"), String(process.pid));
    await refused(home, [...NOW, "--yes"], "in_use", "orch_elsewhere");
  });

  test("of a session that somebody holds, and with --shrink of none while anybody is at work", LIMIT, async () => {
    await using home = await copyHome(seen);
    await answer(home, ["sessions", "--json"]);
    const [over, live] = [home.sessionOf("completed"), home.sessionOf("young")];
    lease(home.path, live);
    await refused(home, [...NOW, "--yes", "--no-backup", "--shrink"], "in_use", live);
    lease(home.path, over);
    await refused(home, [...NOW, "--yes"], "in_use", over);
  });

  test("without a copy unless both are said", LIMIT, async () => {
    await using home = await copyHome(seen);
    await refused(home, [...NOW, "--no-backup"], "wrong_usage", "--yes");
    await refused(home, [...NOW, "--shrink"], "wrong_usage", "--yes");
    await refused(home, ["store", "compact", "--older-than", "soon", "--json"], "wrong_usage", "30d");
  });
});

describe("a backup", () => {
  test("that is damaged is not taken for one", LIMIT, async () => {
    await using home = await copyHome(seen);
    const { path } = await answer(home, ["store", "backup", "--json"]);
    const file = await open(path, "r+");
    await file.write(Buffer.alloc(16_384, 0xa5), 0, 16_384, 131_072);
    await file.close();
    for (const way of [["--verify"], ["--to", "back.db"]]) {
      const { code, stdout } = await home.run(["store", "restore", basename(path), ...way, "--json"]);
      expect([code, JSON.parse(stdout).error.code]).toEqual([1, "store_corrupt"]);
    }
    expect(existsSync(join(home.home, "back.db"))).toBe(false);
  });

  test("is restored to no place where a file is, and only when it is said where", LIMIT, async () => {
    await using home = await copyHome(seen);
    const { path } = await answer(home, ["store", "backup", "--json"]);
    await refused(home, ["store", "restore", path, "--to", home.path, "--json"], "exists", home.path);
    await refused(home, ["store", "restore", path, "--json"], "wrong_usage", "--to");
    const missing = await home.run(["store", "restore", "nowhere.db", "--verify", "--json"]);
    expect([missing.code, JSON.parse(missing.stdout).error.code]).toEqual([1, "store_missing"]);
  });
});

test("doctor tells how the store grows, what is free, and which copies and holders there are", LIMIT, async () => {
  await using home = await copyHome(seen);
  await answer(home, ["sessions", "--json"]);
  await answer(home, ["store", "backup", "--json"]);
  lease(home.path, home.sessionOf("young"), -60);
  const receipt = { phase: "degraded:sweep", scheduled_at: "2026-11-22T10:00:00Z" };
  inspect(home.path, (database) =>
    database
      .query("INSERT INTO ouro_receipt (receipt_id, started_at, version, body) VALUES ('r', '2026-11-22', '1', ?)")
      .run(JSON.stringify(receipt)),
  );
  const { store, problems } = await answer(home, ["doctor", "--json"]);
  expect(store.upkeep).toMatchObject({
    growth: { days: 7, rows: expect.any(Number) },
    free_bytes: 0,
    disk_free_bytes: expect.any(Number),
    backups: { count: 1, oldest: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) },
    leases: { held: [], lapsed: [home.sessionOf("young")] },
  });
  expect(problems).toContainEqual({
    code: "lapsed_leases",
    message: expect.stringContaining(home.sessionOf("young")),
    next: expect.stringContaining("ouroboros why"),
  });
  expect(problems).toContainEqual(expect.objectContaining({ code: "degraded_start" }));
  const text = (await home.run(["doctor"])).stdout;
  for (const line of ["Growth: ", "Free on its disk: ", "Backups: 1 (", "Leases: 0 live, 1 past their time"]) {
    expect(text).toContain(line);
  }
});

test("store info divides every row and byte among projects, types and weeks", LIMIT, async () => {
  const info = await answer(seen, ["store", "info", "--json"]);
  const sum = (list: readonly { rows: number; bytes: number }[]) => ({
    rows: list.reduce((all, { rows }) => all + rows, 0),
    bytes: list.reduce((all, { bytes }) => all + bytes, 0),
  });
  const all = inspect(seen.path, (database) =>
    database.query("SELECT count(*) AS rows, sum(octet_length(payload)) AS bytes FROM events").get(),
  );
  for (const list of [info.types, info.projects, info.weeks]) expect(sum(list)).toEqual(all as ReturnType<typeof sum>);
  expect(info).toMatchObject({ rows: info.counts.events, undated: 0 });
  const [first] = info.sessions;
  const mine = inspect(seen.path, (database) =>
    database.query("SELECT count(*) AS n FROM events WHERE aggregate_id = ?").get(first.name),
  ) as { n: number };
  expect(first.rows).toBeGreaterThan(mine.n);
});

interface Row {
  readonly rowid: number;
  readonly id: string;
}

async function answer(home: CliHome, args: readonly string[]) {
  const { code, stdout, stderr } = await home.run(args);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Refused with this code and this in its words, and nothing is there or gone that was not before. */
async function refused(home: CliHome, args: readonly string[], code: string, named: string): Promise<void> {
  const [rows, files] = [home.dump(), backupsOf(home)];
  const ran = await home.run(args);
  expect([ran.code, JSON.parse(ran.stdout).error.code]).toEqual([2, code]);
  expect(ran.stderr).toContain(named);
  expect([home.dump(), backupsOf(home)]).toEqual([rows, files]);
}

function backupsOf({ home }: CliHome): string[] {
  // Whoever reads one may leave an empty log beside it.
  return readdirSync(home).filter((name) => /\.backup-.*\.db$/.test(name));
}

function inspect<T>(path: string, work: (database: Database) => T): T {
  using database = new Database(path);
  return work(database);
}

function countOf(path: string): number {
  return Number(inspect(path, (database) => database.query("SELECT count(*) FROM events").values()[0]?.[0]));
}

function dumpOf(path: string): Row[] {
  return inspect(path, (database) => database.query<Row, []>("SELECT rowid, * FROM events ORDER BY rowid").all());
}

function withoutRowid(rows: readonly Row[]): Omit<Row, "rowid">[] {
  return rows.map(({ rowid: _rowid, ...row }) => row);
}

/** The numbers of the writer's rows, in commit order. */
function writtenIn(database: Database): unknown[] {
  const sql = "SELECT payload ->> '$.n' FROM events WHERE event_type = 'test.appended' ORDER BY rowid";
  return database
    .query(sql)
    .values()
    .map(([n]) => n);
}

/** A lease of this very process. */
function lease(path: string, id: string, seconds = 3_600): void {
  const { machine, boot, pid_namespace, pid, start_ticks } = ownIdentity();
  inspect(path, (database) =>
    database
      .query(
        `INSERT INTO ouro_lease (session_id, epoch, purpose, owner_id, machine, boot, pid_namespace, pid, start_ticks, expires_at)
VALUES (?, 1, 'run', 'owner', ?, ?, ?, ?, ?, unixepoch('subsec') + ?)`,
      )
      .run(id, machine, boot, pid_namespace, pid, start_ticks, seconds),
  );
}

/** Another process that appends one row after the other; `end` tells the last number that was acknowledged. */
async function startWriter(path: string) {
  const child = spawn(process.execPath, [WRITER, path], { stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(child, "close");
  let last = -1;
  createInterface({ input: child.stdout }).on("line", (line) => {
    last = Number(line);
  });
  return {
    last: () => last,
    reached: (n: number) => until(() => last >= n),
    async end() {
      child.stdin.end();
      expect(await closed).toEqual([0, null]);
      return last;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

async function until(look: () => unknown): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!look()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${look}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
