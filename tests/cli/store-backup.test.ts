import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { chmod, copyFile, mkdir, open, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { ownIdentity } from "../../src/process/identity.ts";
import { systemProcesses } from "../../src/process/liveness.ts";
import { startServer } from "../e2e/support/json-rpc-client.ts";
import { libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { BINARY, type CliHome, copyHome, environment, finished, openHome } from "./support/ouroboros.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const WRITER = join(import.meta.dirname, "../fixtures/store/append-until-closed.ts");
const LIMIT = { timeout: 60_000 };
const canMount =
  process.platform === "linux" && process.getuid?.() === 0 && spawnSync("unshare", ["-m", "true"]).status === 0;
const isLinux = process.platform === "linux"; // where a test can see that a process stands still

let seen: CliHome;
beforeAll(async () => {
  seen = await openHome({ events: 500, sessions: 8, orphans: { stale: 1, young: 2, paused: 1 } });
});
afterAll(() => seen[Symbol.asyncDispose]());

describe("the copy", () => {
  test("holds every row and is a store like the one it was made of, under any name", LIMIT, async () => {
    await using home = await copyHome(seen);
    const before = await answer(home, ["sessions", "--json"]);
    await chmod(home.path, 0o600);
    const rows = home.dump();
    const file = join(home.home, "it's a “backup”.db");

    const done = await answer(home, ["store", "backup", "--json", basename(file)]);

    expect(done).toEqual({
      path: file,
      bytes: statSync(file).size,
      events: rowsOf(file).length,
      sessions: 12,
      seconds: expect.any(Number),
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(leftBeside(home)).toEqual([]);
    expect(home.dump()).toBe(rows);
    expect(rowsOf(file)).toEqual(rowsOf(home.path));
    expect(checked(file)).toEqual(["ok", "wal"]);
    expect(sessionsIn(await answer(home, ["sessions", "--json", "--db", file]))).toEqual(sessionsIn(before));
    const id = home.sessionOf("paused");
    expect(await answer(home, ["status", id, "--json", "--db", file])).toMatchObject({
      session_id: id,
      status: "paused",
    });
  });

  test("of a store that only Python has used is exactly that", LIMIT, async () => {
    await using home = await openHome({ events: 100, sessions: 2, generation: "v51" });
    const file = join(home.home, "copy.db");
    await answer(home, ["store", "backup", "--json", file]);
    expect(schemaOf(file)).toEqual(schemaOf(home.path));
    expect(rowsOf(file)).toEqual(rowsOf(home.path));
  });

  test("of a store that a newer program has changed keeps that program's tables", LIMIT, async () => {
    await using home = await copyHome(seen);
    await answer(home, ["sessions", "--json"]);
    inspect(home.path, (database) => {
      database.run("ALTER TABLE ouro_session ADD COLUMN of_tomorrow TEXT");
      database.run("UPDATE ouro_meta SET value = '99' WHERE key IN ('schema_version', 'min_reader')");
    });
    const file = join(home.home, "copy.db");
    expect((await answer(home, ["store", "backup", "--json", file])).sessions).toBe(12);
    expect(schemaOf(file)).toEqual(schemaOf(home.path));
    expect(projectionOf(file)).toEqual({ rows: 0, watermark: "0:" });
  });

  test("is named by the time in UTC unless told, and said in words", LIMIT, async () => {
    await using home = await copyHome(seen);
    const from = stampOf(Date.now());
    const { code, stdout, stderr } = await home.run(["store", "backup"], { TZ: "Pacific/Kiritimati" });
    expect([code, stderr]).toEqual([0, ""]);
    const [name = ""] = readdirSync(home.home).filter((one) => one.includes(".backup-"));
    const stamp = /^ouroboros\.db\.backup-(\d{8}-\d{6})\.db$/.exec(name)?.[1] ?? "";
    expect(stamp >= from && stamp <= stampOf(Date.now())).toBe(true);
    expect(stdout).toContain(`Backup: ${join(home.home, name)}\n`);
    expect(stdout).toContain("Sessions: 12\n");
  });

  test(
    "has no owners: a run that is live in the original is without one there, its epoch and requests kept",
    LIMIT,
    async () => {
      await using home = await copyHome(seen);
      await answer(home, ["sessions", "--json"]);
      const id = home.sessionOf("young");
      lease(home.path, id, "run");
      lease(home.path, "@sweeper", "sweep");
      const leases = leasesOf(home.path);
      const file = join(home.home, "copy.db");

      await answer(home, ["store", "backup", "--json", file]);

      expect(leasesOf(home.path)).toEqual(leases);
      const [held] = leases.filter((one) => one.session_id === id);
      expect(leasesOf(file)).toEqual([{ ...held, expires_at: null }]);
      expect(projectionOf(file)).toEqual({ rows: 0, watermark: "0:" });
      const inOriginal = await answer(home, ["why", id, "--json"]);
      const inCopy = await answer(home, ["why", id, "--json", "--db", file]);
      expect(inOriginal).toMatchObject({ verdict: { rule: "lease_live", evidence: { lease: { epoch: 7 } } } });
      expect(inCopy).toMatchObject({
        status: "running",
        verdict: { evidence: { lease: { epoch: 7, expires_at: null } } },
      });
      expect(inCopy.verdict.rule).not.toBe("lease_live");
    },
  );

  test("is served like any store, and takes the store's place", LIMIT, async () => {
    await using home = await copyHome(seen);
    const before = await answer(home, ["sessions", "--json"]);
    const file = join(home.home, "copy.db");
    await answer(home, ["store", "backup", "--json", file]);
    {
      await using server = startServer({
        command: process.execPath,
        args: [MAIN, "mcp", "serve", "--db", file],
        env: environment(home.home),
        cwd: home.home,
      });
      const clientInfo = { name: "test", version: "1" };
      await server.request("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
      server.notify("notifications/initialized");
      const id = home.sessionOf("paused");
      const reply = await server.request("tools/call", {
        name: "ouroboros_session_status",
        arguments: { session_id: id },
      });
      expect(reply).toMatchObject({ result: { structuredContent: { session_id: id, status: "paused" } } });
    }
    await using other = await openHome();
    const again = join(home.home, "again.db");
    await answer(home, ["store", "backup", "--json", again]);
    await rename(again, other.path);
    expect(sessionsIn(await answer(other, ["sessions", "--json"]))).toEqual(sessionsIn(before));
  });

  test("is made by the compiled binary, which starts itself for it", LIMIT, async () => {
    await using home = await copyHome(seen);
    const file = join(home.home, "copy.db");
    const child = spawn(BINARY, ["store", "backup", "--json", file], { cwd: home.home, env: environment(home.home) });
    child.stdin.end();
    const { code, stdout, stderr } = await finished(child);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ path: file, sessions: 12 });
    expect(rowsOf(file)).toEqual(rowsOf(home.path));
  });
});

test.if(isLinux)(
  "a writer is neither held up nor torn apart: what it had committed is in the copy, what it commits meanwhile is not",
  { timeout: 120_000 },
  async () => {
    const size = process.env.SOAK === "1" ? { events: 60_000, sessions: 80 } : { events: 12_000, sessions: 30 };
    await using home = await openHome({ ...size, payload: "real" });
    const file = join(home.home, "copy.db");
    await using writer = await startWriter(home.path);
    await writer.reached(50);
    const certain = writer.last();

    await using run = await stoppedAmidCopy(home, file);
    // One SQLite call is half done: its snapshot stands, and the writer goes on.
    await writer.reached(writer.last() + 200);
    const meanwhile = writer.last();
    await until(() => /^[\d.]+ MiB of about [\d.]+ MiB copied$/m.test(run.said()));
    run.go();
    const { code, stdout } = await run.ran;
    await writer.end();

    expect(code).toBe(0);
    const copied = writtenIn(file);
    expect(copied).toEqual(Array.from({ length: copied.length }, (_, n) => n));
    expect(copied.length).toBeGreaterThan(certain);
    expect(copied.length).toBeLessThan(meanwhile);
    expect(writtenIn(home.path).length).toBeGreaterThan(meanwhile);
    expect(JSON.parse(stdout)).toMatchObject({ events: countOf(file) });
    expect([integrityOf(file), integrityOf(home.path)]).toEqual(["ok", "ok"]);
  },
);

describe.if(isLinux)("a backup that is ended before its time leaves no file of that name", () => {
  test("Ctrl-C: nothing is left at all", LIMIT, async () => {
    await using home = await copyHome(seen);
    const file = join(home.home, "copy.db");
    await using run = await heldBackup(home, file, "backup:copy:after");
    run.parent.kill("SIGINT");
    expect((await run.ran).code).toBe(130);
    expect(systemProcesses.exists(run.pid)).toBe(false);
    expect([existsSync(file), leftBeside(home)]).toEqual([false, []]);
  });

  test("its command killed: the copying process notices and takes away what it wrote", LIMIT, async () => {
    await using home = await copyHome(seen);
    const file = join(home.home, "copy.db");
    await using run = await heldBackup(home, file, "backup:copy:after");
    run.parent.kill("SIGKILL");
    await run.ran;
    run.go();
    await until(() => isGone(run.pid));
    expect([existsSync(file), leftBeside(home)]).toEqual([false, []]);
  });

  test.each(["backup:copy:before", "backup:copy:after", "backup:copy:finished"])(
    "all of it killed at %s: the next backup clears away what is left, and spares what a living one writes",
    LIMIT,
    async (failpoint) => {
      await using home = await copyHome(seen);
      const file = join(home.home, "copy.db");
      const dead = await heldBackup(home, file, failpoint);
      dead.parent.kill("SIGKILL");
      await dead[Symbol.asyncDispose]();
      await until(() => isGone(dead.pid));
      const partial = `copy.db.partial-${dead.pid}`;
      expect(leftBeside(home)).toContain(partial);
      expect(existsSync(file)).toBe(false);

      await using living = await heldBackup(home, file, "backup:copy:before");
      await answer(home, ["store", "backup", "--json", file]);
      expect(leftBeside(home)).toEqual([`copy.db.partial-${living.pid}`]);

      living.go();
      const late = await living.ran;
      expect([late.code, JSON.parse(late.stdout).error.code]).toEqual([2, "exists"]);
      expect(leftBeside(home)).toEqual([]);
      expect(checked(file)).toEqual(["ok", "wal"]);
    },
  );

  test("what is left of one with a standard name goes, too, and nobody else's files do", LIMIT, async () => {
    await using home = await copyHome(seen);
    const dead = spawnSync("true").pid;
    const stale = `ouroboros.db.backup-20260101-000000.db.partial-${dead}`;
    const others = [`mine.db.partial-${dead}`, `ouroboros.db.partial-${dead}`, `${stale}.txt`];
    for (const name of [stale, ...others]) await writeFile(join(home.home, name), "");
    await answer(home, ["store", "backup", "--json"]);
    expect(leftBeside(home).sort()).toEqual(others.sort());
  });
});

describe("no backup is begun", () => {
  test.each(["file", "folder", "dangling link", "log"])("where a %s is in the way", LIMIT, async (what) => {
    await using home = await copyHome(seen);
    const file = join(home.home, "copy.db");
    if (what === "file") await writeFile(file, "precious");
    if (what === "folder") await mkdir(file);
    if (what === "dangling link") await symlink("nowhere", file);
    if (what === "log") await writeFile(`${file}-wal`, "precious");
    const before = namesIn(home);
    await refused(home, ["store", "backup", "--json", file], "exists", file);
    expect(namesIn(home)).toEqual(before);
  });

  test("into a folder that is not there", LIMIT, async () => {
    const file = join(seen.home, "missing/copy.db");
    await refused(seen, ["store", "backup", "--json", file], "no_folder", file);
    expect(existsSync(join(seen.home, "missing"))).toBe(false);
  });

  test("under a name that SQLite uses for the store itself", LIMIT, async () => {
    await using home = await copyHome(seen);
    await refused(home, ["store", "backup", "--json", `${home.path}-journal`], "wrong_usage", "SQLite");
  });

  test.if(canMount)("on a disk without room for it, which says how much is missing", LIMIT, async () => {
    await using home = await copyHome(seen);
    const disk = join(home.home, "disk");
    await mkdir(disk);
    const script = 'mount -t tmpfs -o size=64k tmpfs "$1" && shift && exec "$@"';
    const command = [process.execPath, MAIN, "store", "backup", "--json", join(disk, "copy.db")];
    const child = spawn("unshare", ["-m", "sh", "-c", script, "sh", disk, ...command], {
      env: environment(home.home),
      cwd: home.home,
    });
    child.stdin.end();
    const { code, stdout } = await finished(child);
    const { error } = JSON.parse(stdout);
    expect([code, error.code]).toEqual([2, "no_space"]);
    expect(error.message).toMatch(/its disk has 64\.0 KiB free, and the store takes [\d.]+ [KM]iB/);
  });

  test("of a store that is not there", LIMIT, async () => {
    await using home = await openHome();
    const { code, stdout } = await home.run(["store", "backup", "--json"]);
    expect([code, JSON.parse(stdout).error.code]).toEqual([1, "store_missing"]);
    expect(namesIn(home)).toEqual([]);
  });

  test.if(libsqlServerAvailable())("of a store on a server, which keeps its own", LIMIT, async () => {
    await using server = await startLibsqlServer();
    await using home = await openHome();
    const env = { OUROBOROS_DATABASE_URL: server.url, OUROBOROS_DATABASE_TOKEN: "secret-token" };
    const { code, stdout, stderr } = await home.run(["store", "backup", "--json"], env);
    expect([code, JSON.parse(stdout).error.code]).toEqual([2, "remote_store"]);
    expect(stderr).toContain("libSQL server");
    expect(stdout + stderr).not.toContain("secret-token");
  });
});

test("a damaged store gives no backup, and what was copied of it is taken away", LIMIT, async () => {
  await using home = await openHome({ events: 2_000, sessions: 8 });
  await using file = await open(home.path, "r+");
  await file.write(Buffer.alloc(64 * 1024, 0xa5), 0, 64 * 1024, 256 * 1024);
  await file.close();
  const { code, stdout } = await home.run(["store", "backup", "--json", join(home.home, "copy.db")]);
  expect([code, JSON.parse(stdout).error.code]).toEqual([1, "store_corrupt"]);
  expect([existsSync(join(home.home, "copy.db")), leftBeside(home)]).toEqual([false, []]);
});

test("the store may be named by the environment or the flag, and a copy be backed up again", LIMIT, async () => {
  await using home = await openHome();
  const store = join(home.home, "elsewhere.db");
  await copyFile(seen.path, store);
  const first = await home.run(["store", "backup", "--json"], { OUROBOROS_DATABASE_URL: `file:${store}` });
  const made = JSON.parse(first.stdout);
  expect(made.path).toStartWith(`${store}.backup-`);
  const again = join(home.home, "again.db");
  await answer(home, ["store", "backup", "--json", "--db", made.path, again]);
  expect(rowsOf(again)).toEqual(rowsOf(made.path));
});

/** The JSON a command answered with, which it must have. */
async function answer(home: CliHome, args: readonly string[]) {
  const { code, stdout, stderr } = await home.run(args);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

async function refused(home: CliHome, args: readonly string[], code: string, named: string): Promise<void> {
  const ran = await home.run(args);
  expect([ran.code, JSON.parse(ran.stdout).error.code]).toEqual([2, code]);
  expect(ran.stderr).toContain(named);
}

function sessionsIn(listed: { sessions: readonly { session_id: string; status: string }[] }) {
  return listed.sessions.map(({ session_id, status }) => [session_id, status]);
}

function stampOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}

/** What stands in a home; Bun keeps a folder of its own there. */
function namesIn({ home }: CliHome): string[] {
  return readdirSync(home).filter((name) => name !== ".bun");
}

/** What stands beside the store of backups that are not finished. */
function leftBeside({ home }: CliHome): string[] {
  return readdirSync(home).filter((name) => name.includes(".partial-"));
}

function inspect<T>(path: string, work: (database: Database) => T): T {
  using database = new Database(path);
  return work(database);
}

function rowsOf(path: string): unknown[] {
  return inspect(path, (database) => database.query("SELECT * FROM events ORDER BY rowid").all());
}

function schemaOf(path: string): unknown[] {
  return inspect(path, (database) => database.query("SELECT type, name, sql FROM sqlite_master ORDER BY name").all());
}

function checked(path: string): unknown[] {
  return [integrityOf(path), inspect(path, (database) => database.query("PRAGMA journal_mode").values()[0]?.[0])];
}

function integrityOf(path: string): unknown {
  return inspect(path, (database) => database.query("PRAGMA integrity_check").values()[0]?.[0]);
}

function countOf(path: string): unknown {
  return inspect(path, (database) => database.query("SELECT count(*) FROM events").values()[0]?.[0]);
}

/** The numbers of the writer's rows, in commit order. */
function writtenIn(path: string): unknown[] {
  const sql = "SELECT payload ->> '$.n' FROM events WHERE event_type = 'test.appended' ORDER BY rowid";
  return inspect(path, (database) => database.query(sql).values()).map(([n]) => n);
}

function leasesOf(path: string): Record<string, unknown>[] {
  return inspect(path, (database) =>
    database.query<Record<string, unknown>, []>("SELECT * FROM ouro_lease ORDER BY session_id").all(),
  );
}

function projectionOf(path: string) {
  return inspect(path, (database) => ({
    rows: database.query("SELECT count(*) FROM ouro_session").values()[0]?.[0],
    watermark: database.query("SELECT value FROM ouro_meta WHERE key = 'watermark'").values()[0]?.[0],
  }));
}

/** A live lease of this very process, with a standing request to cancel. */
function lease(path: string, id: string, purpose: "run" | "sweep"): void {
  const { machine, boot, pid_namespace, pid, start_ticks } = ownIdentity();
  inspect(path, (database) =>
    database
      .query(
        `INSERT INTO ouro_lease (session_id, epoch, purpose, owner_id, machine, boot, pid_namespace, pid, start_ticks,
expires_at, cancel_requested_at, cancel_requested_by, cancel_reason, attempts)
VALUES (?, 7, ?, 'owner', ?, ?, ?, ?, ?, unixepoch('subsec') + 3600, unixepoch('subsec'), 'mika', 'wrong seed', 2)`,
      )
      .run(id, purpose, machine, boot, pid_namespace, pid, start_ticks),
  );
}

interface Stopped extends AsyncDisposable {
  readonly pid: number;
  /** Lets it go on. */
  go(): void;
}

/** A backup whose copying process was stopped while its one long call into SQLite is under way. */
async function stoppedAmidCopy(home: CliHome, file: string, attempts = 5) {
  const whole = statSync(home.path).size;
  const parent = home.start(["store", "backup", "--json", file]);
  const ran = finished(parent);
  let said = "";
  parent.stderr.on("data", (text) => {
    said += text;
  });
  const partial = await until(() => leftBeside(home).find((name) => /-\d+$/.test(name)));
  const path = join(home.home, partial);
  await until(() => sizeOf(path) === undefined || Number(sizeOf(path)) > whole / 20);
  const pid = pidIn(partial);
  if (!isGone(pid)) process.kill(pid, "SIGSTOP");
  await until(() => isGone(pid) || systemProcesses.state(pid)?.startsWith("T"));
  const size = sizeOf(path) ?? whole;
  if (size < whole * 0.95) return { ...stopped(pid), ran, said: () => said };
  // This machine was busy with other things while the whole copy was made: once more.
  if (attempts === 1) throw new Error("Could not stop a backup halfway");
  if (!isGone(pid)) process.kill(pid, "SIGCONT");
  await ran;
  await rm(file);
  return await stoppedAmidCopy(home, file, attempts - 1);
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/** A backup whose copying process stands still at a failpoint. */
async function heldBackup(home: CliHome, file: string, failpoint: string) {
  const before = new Set(leftBeside(home));
  const parent: ChildProcessWithoutNullStreams = home.start(["store", "backup", "--json", file], {
    OUROBOROS_FAILPOINT: failpoint,
    OUROBOROS_FAILPOINT_SIGNAL: "SIGSTOP",
  });
  const ran = finished(parent);
  const partial = await until(() => leftBeside(home).find((name) => /-\d+$/.test(name) && !before.has(name)));
  const pid = pidIn(partial);
  await until(() => systemProcesses.state(pid)?.startsWith("T"));
  return { ...stopped(pid), parent, ran };
}

function stopped(pid: number): Stopped {
  return {
    pid,
    go: () => process.kill(pid, "SIGCONT"),
    async [Symbol.asyncDispose]() {
      if (!isGone(pid)) process.kill(pid, "SIGKILL");
    },
  };
}

function pidIn(partial: string): number {
  return Number(/(\d+)$/.exec(partial)?.[1]);
}

function isGone(pid: number): boolean {
  return !systemProcesses.exists(pid) || systemProcesses.state(pid)?.startsWith("Z") === true;
}

async function until<T>(look: () => T): Promise<NonNullable<T>> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const found = look();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${look}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Another process that appends one row after the other. */
async function startWriter(path: string) {
  const child = spawn(process.execPath, [WRITER, path], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let last = -1;
  createInterface({ input: child.stdout }).on("line", (line) => {
    last = Number(line);
  });
  return {
    last: () => last,
    reached: (n: number) => until(() => last >= n),
    async end() {
      child.stdin.end();
      expect(await exited).toEqual([0, null]);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
