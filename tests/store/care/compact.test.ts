// What a compaction leaves says the same of every session as what was there before, to us and to Python; and it lets go
// of a session as soon as somebody takes it up again.
import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { StoreOptions } from "../../../scripts/make-store/arguments.ts";
import { isRefusal } from "../../../src/base/refusal.ts";
import {
  PROGRESS_UPDATED,
  SESSION_FAILED,
  SESSION_REOPENED,
  SESSION_STARTED,
} from "../../../src/domain/session/session.ts";
import { toTimestamp } from "../../../src/domain/timestamp.ts";
import { ownIdentity } from "../../../src/process/identity.ts";
import type { SessionContext } from "../../../src/sessions/session-context.ts";
import { getBlob, putBlob } from "../../../src/store/blobs.ts";
import { compact, forecast } from "../../../src/store/care/compact.ts";
import { planSession, sessionsToCompact } from "../../../src/store/care/compaction-plan.ts";
import { compareWithCopy, examineCopy } from "../../../src/store/care/examine-copy.ts";
import { BULKY_TYPES } from "../../../src/store/care/retention.ts";
import { shrink } from "../../../src/store/care/shrink.ts";
import { rebuildProjection } from "../../../src/store/session/projection.ts";
import { readFinishedSteps, readOrigin, readWorkedMs } from "../../../src/store/session/run-records.ts";
import { readRunRows } from "../../../src/store/session/run-rows.ts";
import { sessionStatus } from "../../../src/views/session-status.ts";
import { why } from "../../../src/views/why.ts";
import { givenStore, interfered, makeHome, once, openContext, type StoreHome } from "../../support/given-store.ts";

setDefaultTimeout(60_000);

const READER = join(import.meta.dirname, "../../fixtures/store/python-reader.py");
const ALL = { olderThanMs: 0, keepLast: 0 };
const KINDS = { young: 1, paused: 1, failed: 2, completed_late: 2, double_terminal: 2, stale: 1 };
const DAY_MS = 86_400_000;
const never = new AbortController().signal;
const drop = (context: SessionContext, policy = ALL) => compact(context.store, policy, null, never, () => undefined);

describe.each<[string, Omit<StoreOptions, "out">]>([
  ["Python's older generation", { events: 1_500, sessions: 12, orphans: KINDS }],
  ["Python's later generation", { events: 1_500, sessions: 12, orphans: KINDS, generation: "v51" }],
  ["another spelling, with real payloads", { events: 600, sessions: 6, spelling: "migration", payload: "real" }],
  ["damaged rows", { events: 900, sessions: 4, damage: { bad_timestamp: 6, payload_broken: 6, payload_nan: 6 } }],
])("a store of %s", (_name, options) => {
  test("says the same of every session afterwards, also folded from zero", async () => {
    await using home = await makeHome(options);
    const context = await openContext(home);
    await using store = context.store;
    const before = await everySession(context, home);
    const lasting = inspect(home, (database) => lastingRows(database));
    const foreseen = await forecast(store, ALL, never);

    const done = await drop(context);

    expect(done).toMatchObject({ complete: true, moved_on: [], sessions: foreseen.sessions });
    expect(done.rows).toBeGreaterThan(200);
    // A row that cannot be read may stand in the way of the last one that can: that one is spared then.
    expect(foreseen.rows - done.rows).toBeLessThanOrEqual(foreseen.sessions);
    expect(inspect(home, (database) => lastingRows(database).slice(0, lasting.length))).toEqual(lasting);
    expect(await everySession(context, home)).toEqual(before);
    await rebuildProjection(store);
    expect(await everySession(context, home)).toEqual(before);
    expect(inspect(home, danglingPointers)).toEqual([]);
    expect(inspect(home, (database) => database.query("PRAGMA integrity_check").values())).toEqual([["ok"]]);
    expect((await drop(context)).rows).toBe(0);
  });
});

test.skipIf(!hasPython())("Python reads every row that is left", async () => {
  await using home = await makeHome({ events: 1_000, sessions: 8, generation: "v51", orphans: KINDS });
  const context = await openContext(home);
  await using _store = context.store;
  const { rows } = await drop(context);
  expect(rows).toBeGreaterThan(100);
  const read = spawnSync("python3", [READER, home.path], { encoding: "utf8", maxBuffer: 1 << 28 });
  expect([read.status, read.stderr]).toEqual([0, ""]);
});

test("only what is old enough, of the project named, and not among the newest of it goes", async () => {
  await using home = await makeHome({ events: 1_000, sessions: 10, generation: "v51", orphans: { young: 1 } });
  const context = await openContext(home);
  await using store = context.store;
  const ended = async (policy: Parameters<typeof sessionsToCompact>[1]) =>
    (await sessionsToCompact(store, policy)).map(({ session_id }) => session_id);
  const all = await ended(ALL);
  expect(all.sort()).toEqual(home.truth.flatMap((one) => (one.expected === "terminal" ? [one.session_id] : [])).sort());
  const [some] = await sessionsToCompact(store, ALL);
  const project = some?.cwd ?? "";
  expect(await ended({ ...ALL, project })).toEqual([some?.session_id ?? ""]);
  expect(await ended({ ...ALL, project: join(project, "..") })).toHaveLength(all.length);
  expect(await ended({ ...ALL, project: project.slice(0, -1) })).toEqual([]);
  expect(await ended({ ...ALL, keepLast: 1 })).toEqual([]);
  expect((await ended({ ...ALL, olderThanMs: 10 * 86_400_000 })).length).toBeLessThan(all.length);
});

test("a session that is taken up again between two batches keeps all that had not gone yet", async () => {
  await using given = await givenStore({ events: 2_000, sessions: 1 });
  const { context } = given;
  const id = given.only.session_id;
  const session = await given.session(id);
  const plan = await planSession(context.store, session);
  const planned = plan?.rows.length ?? 0;
  let batches = 0;
  const meanwhile = interfered(context, {
    async afterWrite(statements) {
      if (statements[0]?.sql.startsWith("DELETE") && ++batches === 2) {
        await given.appendRow({ type: SESSION_FAILED, id, payload: { error: "again" } });
      }
    },
  });
  const done = await drop(meanwhile);
  expect(done).toMatchObject({ moved_on: [id], complete: true });
  expect(done.rows).toBeGreaterThan(0);
  expect(done.rows).toBeLessThan(planned);
});

test("a session that somebody holds is left whole, whatever its status says", async () => {
  await using given = await givenStore({ events: 400, sessions: 1 });
  const id = given.only.session_id;
  const rows = await given.rowCount();
  await given.lease(id, ownIdentity());
  expect((await forecast(given.context.store, ALL, never)).held).toEqual([id]);
  expect(await drop(given.context)).toMatchObject({ rows: 0, moved_on: [] });
  expect(await given.rowCount()).toBe(rows + 2);
  await given.sql("UPDATE ouro_lease SET expires_at = NULL");
  const taken = interfered(given.context, { beforeWrite: once(() => given.lease(id, ownIdentity())) });
  // The first write is the event that it begins: the plan comes after, and sees the lease.
  expect((await drop(taken)).rows).toBe(0);
});

test("the last word that can be read stays where the newest row cannot be", async () => {
  await using given = await givenStore({ events: 0, sessions: 0 });
  const id = "orch_broken";
  await given.appendRow({ type: SESSION_STARTED, id });
  await given.appendRow({ type: PROGRESS_UPDATED, id, payload: { progress: { phase: "Discover", plan: "bold" } } });
  await given.appendRow({ type: PROGRESS_UPDATED, id, payload: { progress: { phase: "Deliver" } } });
  const broken = await given.appendRow({ type: PROGRESS_UPDATED, id });
  await given.sql("UPDATE events SET payload = '{broken' WHERE id = ?", [broken]);
  await given.appendRow({ type: SESSION_FAILED, id });
  const before = await sessionStatus(given.context, id);
  expect(before).toMatchObject({ messages_processed: 3, progress: { phase: "Deliver", plan: "bold" } });
  expect((await drop(given.context)).rows).toBe(1);
  await rebuildProjection(given.context.store);
  expect(await sessionStatus(given.context, id)).toEqual(before);
});

test("what it did is on record, with its beginning, in a stream of its own", async () => {
  await using given = await givenStore({ events: 400, sessions: 2 });
  const done = await compact(given.context.store, ALL, "/somewhere/copy.db", never, () => undefined);
  const rows = await given.sql("SELECT aggregate_id, event_type, payload FROM events WHERE aggregate_type = 'store'");
  expect(rows.map(({ event_type }) => event_type)).toEqual(["store.compaction.begun", "store.compacted"]);
  expect(new Set(rows.map(({ aggregate_id }) => aggregate_id)).size).toBe(1);
  expect(JSON.parse(String(rows[1]?.payload))).toMatchObject({ ...done, copy: "/somewhere/copy.db" });
});

test("bodies that an event or a work order names stay; others go once they are old", async () => {
  await using given = await givenStore({ events: 400, sessions: 2 });
  const { store } = given.context;
  const put = (text: string) => putBlob(store, new TextEncoder().encode(text));
  const [named, ordered, loose] = [await put("named"), await put("ordered"), await put("loose")];
  await given.appendRow({ type: "seed.created", aggregate: "seed", id: "seed_1", payload: { yaml_hash: named } });
  await given.sql(
    "INSERT INTO ouro_work (work_id, session_id, kind, open_until, body_hash, created_at) VALUES ('w', 's', 'k', 0, ?, '')",
    [ordered],
  );
  // Whoever has just put it there may be about to name it, whatever age of sessions is asked for.
  await drop(given.context);
  expect(await getBlob(store, loose)).toBeDefined();
  await given.sql("UPDATE ouro_blob SET created_at = ?", [toTimestamp((Date.now() - 2 * DAY_MS) * 1000)]);
  expect((await drop(given.context, { ...ALL, olderThanMs: 3 * DAY_MS })).blobs).toBe(0);
  expect((await drop(given.context)).blobs).toBe(1);
  expect([await getBlob(store, loose), await getBlob(store, named), await getBlob(store, ordered)]).toEqual([
    undefined,
    new TextEncoder().encode("named"),
    new TextEncoder().encode("ordered"),
  ]);
});

test("shrinking leaves every rowid as it was, and so the projection", async () => {
  await using home = await makeHome({ events: 2_000, sessions: 8, generation: "v51" });
  const context = await openContext(home);
  await using store = context.store;
  await drop(context);
  const before = inspect(home, (database) => [
    database.query("SELECT rowid, id FROM events").values(),
    sessionsOf(database),
  ]);
  const pages = inspect(home, pageCount);
  await shrink(store);
  expect(inspect(home, pageCount)).toBeLessThan(pages);
  expect(
    inspect(home, (database) => [database.query("SELECT rowid, id FROM events").values(), sessionsOf(database)]),
  ).toEqual(before);
});

describe("a copy", () => {
  test("is known by what it holds, and a store that has gone on since is not another one", async () => {
    await using given = await givenStore({ events: 200, sessions: 2 });
    const file = join(given.home, "copy.db");
    await given.context.store.database.pragma(`VACUUM INTO '${file}'`);
    await given.appendRow({ type: SESSION_REOPENED, id: given.truth[0]?.session_id ?? "" });
    const facts = await compareWithCopy(given.context.store, file);
    expect(facts).toMatchObject({ events: (await given.rowCount()) - 1, sessions: 2 });
    expect(await examineCopy(file)).toEqual(facts);
  });

  test.each([
    ["a row less", "DELETE FROM events WHERE rowid = 7"],
    ["a letter changed", "UPDATE events SET payload = replace(payload, 'a', 'b') WHERE rowid = 7"],
  ])("with %s is told from the store it was made of", async (_name, change) => {
    await using given = await givenStore({ events: 200, sessions: 2 });
    const file = join(given.home, "copy.db");
    await given.context.store.database.pragma(`VACUUM INTO '${file}'`);
    {
      using database = new Database(file);
      database.run(change);
    }
    await expect(compareWithCopy(given.context.store, file)).rejects.toMatchObject({ code: "store_corrupt" });
  });
});

/** What is told of each session, by everything that goes on working after a compaction. */
async function everySession(context: SessionContext, home: StoreHome) {
  const { store } = context;
  const told = home.truth.map(async ({ session_id, execution_id }) => {
    const status = await sessionStatus(context, session_id);
    const reason = await why(context, session_id);
    if (isRefusal(status) || isRefusal(reason)) throw new Error(`There is no session ${session_id}`);
    const isOver = status.is_completed || status.is_failed || status.status === "cancelled";
    const execution = execution_id ?? session_id;
    return {
      status: isOver ? status : { ...status, why: "" },
      decided: reason.decided,
      bring_back: reason.bring_back,
      origin: await readOrigin(store, session_id),
      finished: [...(await readFinishedSteps(store, { session_id, execution_id }))],
      worked: await readWorkedMs(store, execution, 0),
      rows: await readRunRows(store, execution),
    };
  });
  return await Promise.all(told);
}

function lastingRows(database: Database): unknown[] {
  const types = BULKY_TYPES.map((type) => `'${type}'`).join(", ");
  return database.query(`SELECT rowid, * FROM events WHERE event_type NOT IN (${types}) ORDER BY rowid`).values();
}

/** Rows that the later generation's own tables name and that are gone. */
function danglingPointers(database: Database): unknown[] {
  if (!database.query("SELECT 1 FROM sqlite_master WHERE name = 'dashboard_picker_progress_v1'").get()) return [];
  return database
    .query(
      `SELECT * FROM dashboard_picker_progress_v1 AS p WHERE EXISTS (
SELECT 1 FROM (SELECT p.latest_valid_rowid AS named UNION SELECT p.latest_running_rowid UNION SELECT p.latest_snapshot_rowid)
WHERE named IS NOT NULL AND named NOT IN (SELECT rowid FROM events))`,
    )
    .values();
}

function sessionsOf(database: Database): unknown[] {
  return database.query("SELECT * FROM ouro_session ORDER BY session_id").values();
}

function pageCount(database: Database): number {
  return Number(database.query("PRAGMA page_count").values()[0]?.[0]);
}

function inspect<T>({ path }: { readonly path: string }, work: (database: Database) => T): T {
  using database = new Database(path, { readonly: true });
  return work(database);
}

function hasPython(): boolean {
  return spawnSync("python3", ["-c", "import sqlite3, sys; sys.exit(sys.version_info < (3, 11))"]).status === 0;
}
