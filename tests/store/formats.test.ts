// One file, two programs: what Python wrote is read whoever made the file, and what we write Python can read.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { StoreOptions } from "../../scripts/make-store/arguments.ts";
import { makeStore, type SessionTruth } from "../../scripts/make-store.ts";
import { SESSION_CANCELLED } from "../../src/domain/session/session.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import { append } from "../../src/store/append.ts";
import { queryEvents } from "../../src/store/event-queries.ts";
import { catchUp } from "../../src/store/session/catch-up.ts";
import { concludeSession } from "../../src/store/session/conclude-session.ts";
import { readFacts } from "../../src/store/session/session-facts.ts";
import { readProgress } from "../../src/store/session/session-progress.ts";
import { countSessions, findByExecution, listSessions, loadSession } from "../../src/store/session/sessions.ts";
import type { Store } from "../../src/store/store.ts";
import { filePlace } from "../support/store-contract/place.ts";
import { given, NOON, rowsOf } from "../support/store-contract/rows.ts";

const INDEXES = [
  "ix_events_aggregate_type",
  "ix_events_aggregate_id",
  "ix_events_aggregate_type_id",
  "ix_events_event_type",
  "ix_events_timestamp",
  "ix_events_agg_type_id_timestamp",
];
const ORPHANS = {
  stale: 1,
  child_finished: 1,
  completed_late: 1,
  double_terminal: 1,
  paused: 1,
  paused_resumed: 1,
  twice_started: 1,
  exec_active: 1,
};
const EVENTS_SCHEMA =
  "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'events' AND sql IS NOT NULL ORDER BY name";

let place: Awaited<ReturnType<typeof filePlace>>;
beforeEach(async () => {
  place = await filePlace();
});
afterEach(() => place[Symbol.asyncDispose]());

function make(options: Partial<StoreOptions> = {}): readonly SessionTruth[] {
  const whole = {
    sessions: 4,
    events: 250,
    seed: 3,
    now: new Date("2026-04-03T12:00:00Z"),
    orphans: ORPHANS,
    force: true,
  };
  return makeStore({ out: place.path, ...whole, ...options }).truth;
}

describe("a file that Python made", () => {
  for (const generation of ["v27", "v51"] as const) {
    test(`${generation}: gives the same answers in either spelling and with any one index missing, and its DDL is left alone`, async () => {
      const whole = await answersOf(generation);
      const variants: Partial<StoreOptions>[] = [
        { spelling: "migration" },
        ...INDEXES.map((name) => ({ missingIndexes: [name] })),
        { missingIndexes: INDEXES },
        { spelling: "migration", missingIndexes: ["ix_events_event_type", "ix_events_aggregate_type_id"] },
      ];
      for (const variant of variants) expect([variant, await answersOf(generation, variant)]).toEqual([variant, whole]);
    });
  }

  async function answersOf(generation: "v27" | "v51", variant: Partial<StoreOptions> = {}): Promise<unknown> {
    const truth = make({ generation, ...variant });
    const untouched = schemaOf(place.path);
    let answers: unknown;
    {
      await using store = await place.open();
      expect(store.shape).toMatchObject({
        hasEvents: true,
        generation: generation === "v27" ? "v0.27" : "v0.51",
        spelling: variant.spelling ?? "sqlalchemy",
        hasTerminalGuards: generation === "v51",
      });
      const migrated = variant.spelling === "migration" ? ["ix_events_agg_type_id_timestamp"] : [];
      expect([...store.shape.missingIndexes].sort()).toEqual([...(variant.missingIndexes ?? []), ...migrated].sort());
      answers = await answersTo(store, truth);
    }
    expect(schemaOf(place.path).filter(({ tbl_name }) => !tbl_name.startsWith("ouro_"))).toEqual(untouched);
    return answers;
  }

  async function answersTo(store: Store, truth: readonly SessionTruth[]): Promise<unknown> {
    await catchUp(store);
    const sessions = truth.map(async ({ session_id, execution_id }) => {
      const facts = await readFacts(store, session_id);
      const loaded = await loadSession(store, session_id);
      return [
        facts?.session,
        facts?.newestRowid,
        facts?.newestAt,
        loaded && (await readProgress(store, loaded.session)),
        execution_id === null ? undefined : await findByExecution(store, execution_id),
        (await queryEvents(store, { sessionId: session_id, limit: 20, offset: 3 })).events.map(({ rowid }) => rowid),
      ];
    });
    return [await listSessions(store, { limit: 8 }), await countSessions(store), await Promise.all(sessions)];
  }
});

describe("a file that we made", () => {
  test("has upstream's table and indexes, letter for letter", async () => {
    make({ generation: "v27", sessions: 0, events: 0, orphans: {} });
    const upstream = schemaOf(place.path).filter(({ tbl_name }) => tbl_name === "events");
    rmSync(place.path);
    await using store = await place.open();
    expect(await rowsOf(store, EVENTS_SCHEMA)).toEqual(
      upstream.filter(({ sql }) => sql !== null).map(({ type, name, sql }) => ({ type, name, sql })),
    );
    expect(upstream).toHaveLength(8);
    expect(
      await rowsOf(
        store,
        "SELECT (SELECT journal_mode FROM pragma_journal_mode) AS j, page_size AS p, user_version AS u, application_id AS a, encoding AS e FROM pragma_page_size, pragma_user_version, pragma_application_id, pragma_encoding",
      ),
    ).toEqual([{ j: "wal", p: 4096, u: 0, a: 0, e: "UTF-8" }]);
  });

  test("is opened again without changing it, and by two openers at once", async () => {
    const stores = await Promise.all([place.open(), place.open(), place.open()]);
    for (const store of stores) expect(await append(store, { kind: "any" }, [given()])).toBe("written");
    const [first] = stores;
    const before = first && (await rowsOf(first, "SELECT name, sql FROM sqlite_master ORDER BY name"));
    for (const store of stores) await store[Symbol.asyncDispose]();
    await using again = await place.open();
    expect(await rowsOf(again, "SELECT name, sql FROM sqlite_master ORDER BY name")).toEqual(before ?? []);
    expect(await rowsOf(again, "SELECT count(*) AS n FROM events")).toEqual([{ n: 3 }]);
  });
});

describe("every row of ours", () => {
  test(`is one that Python reads (checked ${readerName()})`, async () => {
    for (const generation of ["v27", "v51"] as const) {
      make({ generation });
      const written = await writeEverything();
      const rows = await readLikePython();
      expect(rows.filter(({ id }) => written.has(id))).toEqual([...written.values()]);
      expect(rows.length).toBeGreaterThan(250);
    }
  });

  interface Seen {
    readonly id: string;
    readonly type: string;
    readonly stream: readonly [string, string];
    readonly payload: unknown;
    readonly at: number;
    readonly consensus: null;
  }

  async function writeEverything(): Promise<Map<string, Seen>> {
    await using store = await place.open();
    const texts = ["", '다음 🚀 \ud800 \u0000 \u2028 "\\/', "e\u0301", "\u{10ffff}"];
    const payload = {
      texts,
      numbers: [0, -1, 1.5, 1e21, 5e-324, 2 ** 53 - 1, -0.1],
      deep: { a: [{ b: null }, true, []] },
    };
    const times = [NOON, NOON + 1, NOON + 999_999, 0, Date.UTC(2200, 0) * 1000 + 7];
    const events = times.map((at) => given({ aggregate_id: "orch_ours", payload, at }));
    await append(store, { kind: "any" }, events);
    const facts = await readFacts(store, "orch_ours");
    if (!facts) throw new Error("The session of this test is gone");
    const at = store.stamp();
    const event = given({ aggregate_id: "orch_ours", event_type: SESSION_CANCELLED, payload: { epoch: 1 }, at });
    const execution = given({
      aggregate_type: "execution",
      aggregate_id: "exec_ours",
      event_type: "execution.terminal",
      payload: {},
      at,
    });
    const jobs = [
      given({ aggregate_type: "job", aggregate_id: "job_ours", event_type: "mcp.job.interrupted", payload: {}, at }),
    ];
    const taker = {
      ownerId: "me",
      purpose: "sweep",
      identity: ownIdentity(),
      ttlSeconds: null,
      overCancelRequest: false,
    } as const;
    expect(await concludeSession(store, facts, taker, { event, execution, jobs })).toBe("written");
    const all = [...events, event, execution, ...jobs].map((one) => ({
      id: one.id,
      type: one.event_type,
      stream: [one.aggregate_type, one.aggregate_id] as const,
      payload: one.payload,
      at: one.at,
      consensus: null,
    }));
    return new Map(all.map((one) => [one.id, one]));
  }

  async function readLikePython(): Promise<Seen[]> {
    if (!hasPython()) return readStrictly();
    const done = spawnSync("python3", [reader, place.path], { encoding: "utf8", maxBuffer: 1 << 28 });
    expect([done.status, done.stderr]).toEqual([0, ""]);
    return done.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  }

  /** What `json` and `datetime.fromisoformat` accept, where there is no Python. */
  async function readStrictly(): Promise<Seen[]> {
    await using store = await place.open({ readOnly: true });
    const rows = await rowsOf(store, "SELECT * FROM events ORDER BY rowid");
    return rows.map((row) => {
      const payload: unknown = JSON.parse(String(row.payload));
      expect(String(row.timestamp)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
      expect(Object.prototype.toString.call(payload)).toBe("[object Object]");
      const [seconds = "", micros = ""] = String(row.timestamp).split(".");
      const at = Date.parse(`${seconds.replace(" ", "T")}Z`) * 1000 + Number(micros);
      const stream = [String(row.aggregate_type), String(row.aggregate_id)] as const;
      return { id: String(row.id), type: String(row.event_type), stream, payload, at, consensus: null };
    });
  }
});

const reader = fileURLToPath(new URL("../fixtures/store/python-reader.py", import.meta.url));

function hasPython(): boolean {
  // `datetime.fromisoformat` reads what upstream relies on since 3.11.
  return spawnSync("python3", ["-c", "import sqlite3, sys; sys.exit(sys.version_info < (3, 11))"]).status === 0;
}

function readerName(): string {
  return hasPython() ? "by Python itself" : "by a strict reading, as there is no Python 3.11 here";
}

interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string | null;
}

/** The schema as another process sees it: in this one the file may be open. */
function schemaOf(path: string): SchemaRow[] {
  const program = fileURLToPath(new URL("../fixtures/store/print-schema.ts", import.meta.url));
  const done = spawnSync(process.execPath, [program, path], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`Cannot read the schema of ${path}: ${done.stderr}`);
  return JSON.parse(done.stdout);
}
