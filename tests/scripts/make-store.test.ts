import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreOptions } from "../../scripts/make-store/arguments.ts";
import { isoTimestamp, storeTimestamp } from "../../scripts/make-store/clock.ts";
import type { DAMAGE_KINDS } from "../../scripts/make-store/damage.ts";
import { ORPHAN_KINDS } from "../../scripts/make-store/orphans.ts";
import { Encoded, PyFloat, pythonJson } from "../../scripts/make-store/python-json.ts";
import { encodedToolCatalog } from "../../scripts/make-store/tool-catalog.ts";
import { writeLock } from "../../scripts/make-store/write-lock.ts";
import { type Manifest, makeStore } from "../../scripts/make-store.ts";

const NOW = new Date("2026-04-03T12:00:00.000Z");
const STORED = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/;
const directory = mkdtempSync(join(tmpdir(), "make-store-"));
let files = 0;

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function make(options: Omit<StoreOptions, "out">): Manifest {
  files += 1;
  return makeStore({ out: join(directory, `${files}.db`), now: NOW, ...options });
}

function all<T>(path: string, sql: string, ...values: (string | number)[]): T[] {
  using database = new Database(path, { readonly: true });
  return database.query<T, (string | number)[]>(sql).all(...values);
}

function cell(path: string, sql: string, ...values: (string | number)[]): unknown {
  return Object.values(all<Record<string, unknown>>(path, sql, ...values)[0] ?? {})[0];
}

function ago(timestamp: unknown): number {
  return (NOW.getTime() - Date.parse(`${String(timestamp).replace(" ", "T")}Z`)) / 60_000;
}

/** The one session of a store that holds nothing but an orphan of the kind. */
function orphan(kind: keyof typeof ORPHAN_KINDS, count = 1) {
  const manifest = make({ sessions: 0, orphans: { [kind]: count } });
  const truth = manifest.truth[0];
  if (truth === undefined) throw new Error(`No session of kind ${kind}`);
  const types = all<{ event_type: string; timestamp: string; payload: string }>(
    manifest.path,
    "SELECT event_type, timestamp, payload FROM events WHERE aggregate_type = 'session' AND aggregate_id = ? ORDER BY rowid",
    truth.session_id,
  );
  return { manifest, truth, rows: types, last: types.at(-1) };
}

describe("pythonJson()", () => {
  test.each([
    [{ a: 1, b: [true, false, null] }, '{"a": 1, "b": [true, false, null]}'],
    [{}, "{}"],
    [[], "[]"],
    [{ kept: 1, dropped: undefined }, '{"kept": 1}'],
    ["é한🚀", '"\\u00e9\\ud55c\\ud83d\\ude80"'],
    ['"\\\n\r\t\f\b\u0001\u007f/', '"\\"\\\\\\n\\r\\t\\f\\b\\u0001\\u007f/"'],
    [new PyFloat(1), "1.0"],
    [new PyFloat(-0), "-0.0"],
    [new PyFloat(1e-5), "1e-05"],
    [new PyFloat(0.0001), "0.0001"],
    [new PyFloat(1e16), "1e+16"],
    [new PyFloat(123456789012345680), "1.2345678901234568e+17"],
    [new PyFloat(Number.NaN), "NaN"],
    [new PyFloat(Number.NEGATIVE_INFINITY), "-Infinity"],
    [0.5, "0.5"],
    [{ raw: new Encoded("{a:1}") }, '{"raw": {a:1}}'],
  ])("writes %p as Python does", (value, text) => {
    expect(pythonJson(value)).toBe(text);
  });
});

describe("timestamps", () => {
  test("a stored time has a space, six digits and no zone", () => {
    expect(storeTimestamp(1_775_217_600_000_042)).toBe("2026-04-03 12:00:00.000042");
  });

  test("a payload time leaves out a fraction of zero and names its zone", () => {
    expect(isoTimestamp(1_775_217_600_000_000)).toBe("2026-04-03T12:00:00+00:00");
    expect(isoTimestamp(1_775_217_600_120_000)).toBe("2026-04-03T12:00:00.120000+00:00");
  });
});

describe("makeStore()", () => {
  test("writes exactly the events and sessions asked for, all of them finished", () => {
    const { path, truth, ...manifest } = make({ events: 2000, sessions: 7 });
    expect(manifest).toMatchObject({ events: 2000, sessions: 7 });
    expect(manifest.bytes).toBe(readFileSync(path).length);
    expect(cell(path, "SELECT count(*) FROM events")).toBe(2000);
    const ended = all<{ aggregate_id: string }>(
      path,
      `SELECT DISTINCT aggregate_id FROM events WHERE event_type IN ('orchestrator.session.completed',
        'orchestrator.session.failed', 'orchestrator.session.cancelled') ORDER BY 1`,
    );
    expect(ended.map((row) => row.aggregate_id)).toEqual(truth.map((session) => session.session_id).toSorted());
    expect(new Set(truth.map((session) => session.kind))).toEqual(new Set(["completed", "failed", "cancelled"]));
    expect(new Set(truth.map((session) => session.expected))).toEqual(new Set(["terminal"]));
  });

  test("leaves one file in WAL mode without a journal beside it", () => {
    const { path } = make({ events: 100, sessions: 2, generation: "v51" });
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(readFileSync(path).subarray(18, 20)).toEqual(Buffer.from([2, 2]));
    expect(cell(path, "PRAGMA page_size")).toBe(4096);
    expect(cell(path, "PRAGMA user_version")).toBe(0);
    expect(cell(path, "PRAGMA integrity_check")).toBe("ok");
  });

  test("stores text in every column, with upstream's ids, times and JSON", () => {
    const { path, truth } = make({ events: 3000, sessions: 6 });
    const kinds = all(
      path,
      "SELECT DISTINCT typeof(id) i, typeof(payload) p, typeof(timestamp) t, typeof(consensus_id) c FROM events",
    );
    expect(kinds).toEqual([{ i: "text", p: "text", t: "text", c: "null" }]);
    const rows = all<{ id: string; payload: string; timestamp: string }>(
      path,
      "SELECT id, payload, timestamp FROM events",
    );
    for (const row of rows) {
      expect(row.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(row.timestamp).toMatch(STORED);
      expect(row.payload).toMatch(/^\{"[a-z_]+": [ -~]*\}$/);
      expect(row.payload).not.toContain("event_version");
    }
    const text = rows.map((row) => row.payload).join("\n");
    expect(text).toContain("\\ud83d\\ude80");
    expect(text).toMatch(/"elapsed_seconds": \d+\.0,/);
    expect(text).toMatch(/"start_time": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00"/);
    for (const session of truth) {
      expect(session.session_id).toMatch(/^orch_[0-9a-f]{12}$/);
      expect(session.execution_id).toMatch(/^exec_[0-9a-f]{12}$/);
    }
    for (const form of [
      "exec_%\\_ac\\__",
      "exec_%\\_sub\\_ac\\__\\__",
      "exec_%:l0:coord",
      "job\\_%",
      "interview\\_%",
    ]) {
      expect(cell(path, "SELECT count(*) FROM events WHERE aggregate_id LIKE ? ESCAPE '\\'", form)).toBeGreaterThan(0);
    }
  });

  test("keeps every stream in time order by rowid and lets concurrent sessions alternate", () => {
    const { path } = make({ events: 3000, sessions: 6 });
    expect(
      cell(
        path,
        "SELECT count(*) FROM events a JOIN events b ON b.rowid = a.rowid + 1 WHERE b.timestamp < a.timestamp",
      ),
    ).toBe(0);
    const sessions = all<{ aggregate_id: string }>(
      path,
      "SELECT aggregate_id FROM events WHERE aggregate_type = 'session' ORDER BY rowid",
    );
    const changes = sessions.filter((row, index) => row.aggregate_id !== sessions[index - 1]?.aggregate_id);
    expect(changes.length).toBeGreaterThan(sessions.length / 4);
  });

  test("completes and fails twice at v27 and once at v51", () => {
    const count = (generation: "v27" | "v51") => {
      const { path, truth } = make({ events: 500, sessions: 5, generation });
      const rows = cell(
        path,
        "SELECT count(*) FROM events WHERE event_type IN ('orchestrator.session.completed', 'orchestrator.session.failed')",
      );
      return Number(rows) / truth.filter((session) => session.kind !== "cancelled").length;
    };
    expect(count("v27")).toBe(2);
    expect(count("v51")).toBe(1);
  });

  test("a small progress row takes 300 to 600 bytes, a real one holds the catalogue three times", () => {
    const average = (path: string, type: string) =>
      Number(cell(path, "SELECT avg(length(payload)) FROM events WHERE event_type = ?", type));
    const small = make({ events: 2000, sessions: 3 });
    expect(average(small.path, "orchestrator.progress.updated")).toBeWithin(300, 600);
    const real = make({ events: 2000, sessions: 3, payload: "real" });
    expect(encodedToolCatalog().text.length).toBeWithin(3000, 3900);
    const copies = (type: string, having: string) =>
      String(
        cell(real.path, `SELECT payload FROM events WHERE event_type = ? AND payload LIKE '%${having}%'`, type),
      ).split(encodedToolCatalog().text).length - 1;
    expect(copies("orchestrator.progress.updated", "message_type")).toBe(3);
    expect(copies("orchestrator.tool.called", "tool_name")).toBe(2);
    // What 165,000 rows of 1.4 to 1.5 GB come to.
    expect(real.bytes / real.events).toBeWithin(8400, 9200);
  });

  test("gives the same rows for the same seed and time, and others for another seed", () => {
    const hash = (seed: number) => {
      const { path } = make({
        events: 800,
        sessions: 4,
        seed,
        generation: "v51",
        spelling: "migration",
        orphans: { stale: 2 },
        damage: { bad_timestamp: 2 },
      });
      const digest = createHash("sha256");
      const tables = all<{ name: string }>(path, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
      for (const { name } of tables) digest.update(JSON.stringify(all(path, `SELECT * FROM ${name} ORDER BY 1, 2`)));
      return digest.digest("hex");
    };
    expect(hash(5)).toBe(hash(5));
    expect(hash(5)).not.toBe(hash(6));
  });

  test("never writes over a file unless told to", () => {
    const { path } = make({ events: 50, sessions: 2 });
    expect(() => makeStore({ out: path, events: 60, sessions: 2 })).toThrow("exists");
    expect(cell(path, "SELECT count(*) FROM events")).toBe(50);
    expect(makeStore({ out: path, events: 60, sessions: 2, force: true }).events).toBe(60);
  });

  test("refuses more sessions than the events can hold, and leaves no file behind when it fails", () => {
    const out = join(directory, "refused.db");
    expect(() => makeStore({ out, events: 10, sessions: 3 })).toThrow(RangeError);
    expect(() => makeStore({ out, events: 50, sessions: 2, missingIndexes: ["ix_none"] })).toThrow("ix_none");
    expect(existsSync(out)).toBe(false);
  });
});

describe("schemas", () => {
  const columns = (path: string) =>
    all<{ name: string; type: string; notnull: number; pk: number }>(
      path,
      "SELECT name, type, \"notnull\", pk FROM pragma_table_info('events')",
    );
  const names = (path: string, type: "table" | "index") =>
    all<{ name: string }>(
      path,
      "SELECT name FROM sqlite_master WHERE type = ? AND sql IS NOT NULL ORDER BY 1",
      type,
    ).map((row) => row.name);

  test("v27 in SQLAlchemy's spelling has seven columns and six indexes", () => {
    const { path } = make({ events: 50, sessions: 2 });
    expect(columns(path)).toEqual([
      { name: "id", type: "VARCHAR(36)", notnull: 1, pk: 1 },
      { name: "aggregate_type", type: "VARCHAR(100)", notnull: 1, pk: 0 },
      { name: "aggregate_id", type: "VARCHAR(36)", notnull: 1, pk: 0 },
      { name: "event_type", type: "VARCHAR(200)", notnull: 1, pk: 0 },
      { name: "payload", type: "JSON", notnull: 1, pk: 0 },
      { name: "timestamp", type: "DATETIME", notnull: 1, pk: 0 },
      { name: "consensus_id", type: "VARCHAR(36)", notnull: 0, pk: 0 },
    ]);
    expect(names(path, "table")).toEqual(["brownfield_repos", "events"]);
    expect(names(path, "index")).toEqual([
      "ix_events_agg_type_id_timestamp",
      "ix_events_aggregate_id",
      "ix_events_aggregate_type",
      "ix_events_aggregate_type_id",
      "ix_events_event_type",
      "ix_events_timestamp",
    ]);
  });

  test("the migration's spelling has its own timestamp type, one index less and its records", () => {
    const { path } = make({ events: 50, sessions: 2, spelling: "migration" });
    expect(columns(path)[5]).toMatchObject({ name: "timestamp", type: "TIMESTAMP", notnull: 1 });
    expect(names(path, "index")).not.toContain("ix_events_agg_type_id_timestamp");
    expect(names(path, "index").filter((name) => name.startsWith("ix_events"))).toHaveLength(5);
    expect(all(path, "SELECT name, typeof(applied_at) AS type FROM _migrations")).toEqual([
      { name: "001_initial.sql", type: "text" },
      { name: "002_brownfield.sql", type: "text" },
    ]);
  });

  test("an index named as missing is not there, in either payload size", () => {
    for (const payload of ["small", "real"] as const) {
      const missingIndexes = ["ix_events_event_type", "ix_events_agg_type_id_timestamp"];
      const { path } = make({ events: 50, sessions: 2, payload, missingIndexes });
      expect(names(path, "index")).toEqual([
        "ix_events_aggregate_id",
        "ix_events_aggregate_type",
        "ix_events_aggregate_type_id",
        "ix_events_timestamp",
      ]);
    }
  });

  test("v51 adds its column, tables, guards, projection and event version", () => {
    const { path, truth, events } = make({
      events: 300,
      sessions: 3,
      generation: "v51",
      orphans: { double_terminal: 1, no_start: 1, twice_started: 1 },
      damage: { payload_broken: 2, payload_nan: 2 },
    });
    expect(columns(path).at(-1)).toMatchObject({ name: "picker_projection_version", type: "INTEGER" });
    expect(names(path, "table")).toHaveLength(13);
    const sound = all<{ payload: string }>(path, "SELECT payload FROM events").filter(
      (row) => row.payload !== "{a:1}" && !row.payload.includes("NaN"),
    );
    for (const row of sound) expect(row.payload).toEndWith(', "event_version": 1}');
    expect(cell(path, "SELECT count(*) FROM session_start_guards")).toBe(truth.length - 1);
    const twice = truth.find((session) => session.kind === "double_terminal")?.session_id ?? "";
    expect(cell(path, "SELECT terminal_event_type FROM session_terminal_guards WHERE session_id = ?", twice)).toBe(
      "orchestrator.session.cancelled",
    );
    expect(
      cell(
        path,
        "SELECT count(*) FROM session_terminal_guards g JOIN events e ON e.id = g.terminal_event_id AND e.aggregate_id = g.session_id",
      ),
    ).toBe(4);
    expect(
      cell(
        path,
        "SELECT count(*) FROM events WHERE event_type = 'orchestrator.progress.updated' AND picker_projection_version IS NOT 3",
      ),
    ).toBe(0);
    expect(cell(path, "SELECT backfilled_through_rowid FROM dashboard_picker_projection_meta_v1")).toBe(events);
  });
});

describe("orphans", () => {
  test("one of each kind gives one truth each, beside the finished sessions", () => {
    const orphans = Object.fromEntries(Object.keys(ORPHAN_KINDS).map((kind) => [kind, 1]));
    const { truth, sessions, path } = make({ events: 300, sessions: 4, orphans });
    expect(sessions).toBe(4 + Object.keys(ORPHAN_KINDS).length);
    expect(cell(path, "SELECT count(DISTINCT aggregate_id) FROM events WHERE aggregate_type = 'session'")).toBe(
      sessions,
    );
    const expected = Object.fromEntries(truth.slice(4).map((session) => [session.kind, session.expected]));
    expect(expected).toEqual({
      stale: "cancelled",
      child_finished: "cancelled",
      no_start: "cancelled",
      bad_row: "cancelled",
      completed_late: "terminal",
      double_terminal: "terminal",
      paused: "spared",
      paused_resumed: "cancelled",
      young: "spared",
      exec_active: "spared",
      failed: "terminal",
      quota_paused: "spared",
      twice_started: "cancelled",
      future: "spared",
    });
  });

  test("stale: silent for three hours, its job left running", () => {
    const { manifest, truth, last } = orphan("stale");
    expect(ago(last?.timestamp)).toBeCloseTo(180, 5);
    expect(last?.payload).toContain('"runtime_status": "running"');
    const job = all<{ event_type: string }>(
      manifest.path,
      "SELECT event_type FROM events WHERE aggregate_id = ? ORDER BY rowid",
      truth.job_id ?? "",
    );
    expect(job.map((row) => row.event_type)).toEqual(["mcp.job.created", "mcp.job.updated", "mcp.job.updated"]);
  });

  test("child_finished: the last word is a child's, with one criterion of five done", () => {
    const { manifest, last } = orphan("child_finished");
    expect(last?.payload).toContain('"runtime_status": "completed"');
    expect(ago(last?.timestamp)).toBeCloseTo(180, 5);
    expect(
      cell(
        manifest.path,
        `SELECT json_extract(payload, '$.completed_count') || '/' || json_extract(payload, '$.total_count')
          FROM events WHERE event_type = 'workflow.progress.updated' ORDER BY rowid DESC`,
      ),
    ).toBe("1/5");
  });

  test("no_start: progress rows and nothing else, no execution known", () => {
    const { rows, truth } = orphan("no_start");
    expect(new Set(rows.map((row) => row.event_type))).toEqual(new Set(["orchestrator.progress.updated"]));
    expect(truth.execution_id).toBeNull();
  });

  test("bad_row: one row each that cannot be decoded, by payload and by timestamp in turn", () => {
    const { manifest } = orphan("bad_row", 2);
    const bad = all(
      manifest.path,
      "SELECT payload = '{a:1}' AS payload, timestamp = 'yesterday' AS timestamp FROM events WHERE payload = '{a:1}' OR timestamp = 'yesterday' ORDER BY 2",
    );
    expect(bad).toEqual([
      { payload: 1, timestamp: 0 },
      { payload: 0, timestamp: 1 },
    ]);
  });

  test.each([
    ["completed_late", ["completed", "completed", "updated"], 180],
    ["double_terminal", ["cancelled", "completed", "completed"], 180],
    ["paused", ["paused"], 120],
    ["paused_resumed", ["paused", "updated", "updated"], 180],
    ["young", ["updated"], 5],
    ["failed", ["failed", "failed"], 180],
    ["quota_paused", ["paused"], 240],
    ["twice_started", ["updated"], 180],
    ["future", ["updated"], -120],
  ] as const)("%s: ends in %p, %d minutes ago", (kind, endings, minutes) => {
    const { rows, last } = orphan(kind);
    expect(rows.slice(-endings.length).map((row) => row.event_type.split(".").at(-1) ?? "")).toEqual([...endings]);
    expect(ago(last?.timestamp)).toBeCloseTo(minutes, 2);
    const starts = rows.filter((row) => row.event_type === "orchestrator.session.started");
    expect(starts).toHaveLength(kind === "twice_started" ? 2 : 1);
  });

  test("exec_active: the session silent for three hours, a criterion's scope active two minutes ago", () => {
    const { manifest, truth, last } = orphan("exec_active");
    expect(ago(last?.timestamp)).toBeCloseTo(180, 5);
    const latest = cell(
      manifest.path,
      "SELECT max(timestamp) FROM events WHERE aggregate_id = ?",
      `${truth.execution_id}_ac_1`,
    );
    expect(ago(latest)).toBeCloseTo(2, 5);
  });

  test("quota_paused: names the kind of pause and a time to go on that has not come", () => {
    const pause = JSON.parse(orphan("quota_paused").last?.payload ?? "{}");
    expect(pause).toMatchObject({ pause_kind: "usage_limit", pause_seconds: 18_000 });
    expect(Date.parse(pause.resume_after) - NOW.getTime()).toBe(3_600_000);
  });
});

describe("damage", () => {
  const damaged = (kind: keyof typeof DAMAGE_KINDS) => make({ events: 200, sessions: 3, damage: { [kind]: 4 } });

  test.each([
    ["payload_list", "payload = '[]'", 4],
    ["payload_broken", "payload = '{a:1}'", 4],
    ["payload_nan", "payload LIKE '%\"score\": NaN}'", 4],
    ["payload_null_text", "payload = 'null' AND typeof(payload) = 'text'", 4],
    ["bad_timestamp", "typeof(timestamp) = 'integer'", 2],
    ["bad_timestamp", "timestamp IN ('yesterday', '')", 2],
    ["t_timestamp", "timestamp LIKE '____-__-__T%Z'", 2],
    ["t_timestamp", "timestamp LIKE '____-__-__T%+00:00'", 2],
    ["long_ids", "length(id) > 36", 2],
    ["long_ids", "length(aggregate_id) > 180", 2],
  ] as const)("%s adds rows among the others: %s", (kind, where, count) => {
    const { path, events } = damaged(kind);
    expect(events).toBe(204);
    expect(cell(path, `SELECT count(*) FROM events WHERE ${where}`)).toBe(count);
    expect(Number(cell(path, `SELECT min(rowid) FROM events WHERE ${where}`))).toBeLessThan(events - 1);
  });

  test("needs a finished session to go into", () => {
    expect(() => make({ sessions: 0, damage: { payload_list: 1 } })).toThrow("finished session");
  });
});

describe("the command", () => {
  const script = join(import.meta.dir, "../../scripts/make-store.ts");
  const run = (...args: string[]) => Bun.spawnSync([process.execPath, script, ...args]);

  test("prints the manifest as one line of JSON and its progress elsewhere", () => {
    const out = join(directory, "command.db");
    const result = run("--out", out, "--events", "90", "--sessions", "2", "--orphans", "stale=2,young", "--seed", "3");
    expect(result.exitCode).toBe(0);
    const lines = result.stdout.toString().trimEnd().split("\n");
    expect(lines).toHaveLength(1);
    const manifest: Manifest = JSON.parse(lines[0] ?? "");
    expect(manifest).toMatchObject({ path: out, sessions: 5 });
    expect(manifest.truth.map((session) => session.kind).slice(2)).toEqual(["stale", "stale", "young"]);
    expect(cell(out, "SELECT count(*) FROM events")).toBe(manifest.events);
    expect(result.stderr.toString()).toContain("events");
  });

  test.each([
    [["--events", "9"], "--out"],
    [["--out", "x.db", "--orphans", "lost=1"], "lost"],
    [["--out", "x.db", "--events", "-1"], "--events"],
    [["--out", "x.db", "--now", "soon"], "--now"],
    [["--out", "x.db", "--generation", "v99"], "v99"],
  ])("says what is wrong with %p", (args, word) => {
    const result = run(...args);
    expect(result.exitCode).toBe(1);
    expect(result.stderr.toString()).toContain(word);
    expect(result.stdout.toString()).toBe("");
  });
});

test("writeLock() writes plain text where upstream looks for it", () => {
  const path = writeLock(directory, "orch_0123456789ab", "4711:1775217600.25");
  expect(path).toBe(join(directory, "locks", "orch_0123456789ab"));
  expect(readFileSync(path, "utf8")).toBe("4711:1775217600.25");
});
