import { Database } from "bun:sqlite";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { storeTimestamp } from "../../scripts/make-store/clock.ts";
import { type PyObject, pythonJson } from "../../scripts/make-store/python-json.ts";

/** A row of an upstream session, `age` seconds old when it is written. */
interface PythonRow {
  readonly aggregate: "session" | "execution";
  readonly id: string;
  readonly type: string;
  readonly payload: PyObject;
  readonly age: number;
}

/** Ids of one session as upstream makes them, and its seed. */
export interface Interrupted {
  readonly session_id: string;
  readonly execution_id: string;
  readonly seed_id: string;
  readonly seed: string;
  readonly rows: readonly PythonRow[];
}

const CRITERIA = 5;
const SILENT = 3 * 3600;

/**
 * A session of upstream's that was interrupted hours ago with some of its five criteria done. A parallel run has streams of
 * its own for them, a sequential one only the list in its progress.
 */
export function interrupted(
  kind: "parallel" | "sequential",
  { done, cwd }: { readonly done: readonly number[]; readonly cwd?: string },
): Interrupted {
  const hex = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
  const ids = { session_id: `orch_${hex}`, execution_id: `exec_${hex}`, seed_id: `seed_${hex}` };
  const rows = [
    session(ids.session_id, "orchestrator.session.started", SILENT + 600, {
      execution_id: ids.execution_id,
      seed_id: ids.seed_id,
      seed_goal: "Größe: five small things",
      ...(cwd === undefined ? {} : { workspace_path: cwd }),
    }),
    ...(kind === "parallel" ? done.flatMap((index) => scopeRows(ids.execution_id, index)) : [listRow(ids, done)]),
    session(ids.session_id, "orchestrator.progress.updated", SILENT, {
      message_type: "assistant",
      progress: { last_message_type: "assistant", runtime_status: "running" },
    }),
  ];
  return { ...ids, seed: seedText(ids.seed_id), rows };
}

/** A row that ends or pauses it, as old as its last one. */
export function thenRow({ session_id }: Interrupted, type: string, payload: PyObject): PythonRow {
  return session(session_id, type, SILENT - 1, payload);
}

/** The seed of an interrupted session, as upstream writes it. */
function seedText(seedId: string): string {
  const criteria = Array.from({ length: CRITERIA }, (_, index) => `- File ${index + 1} is there`);
  return `goal: five small things\nconstraints: []\nacceptance_criteria:\n${criteria.join("\n")}\nmetadata:\n  seed_id: ${seedId}\n`;
}

function scopeRows(executionId: string, index: number): PythonRow[] {
  const id = `${executionId}_ac_${index}`;
  const attempt = { ac_id: id, retry_attempt: 0, session_scope_id: id, session_attempt_id: `${id}_attempt_1` };
  const row = (type: string, age: number, more: PyObject): PythonRow => {
    return { aggregate: "execution", id, type, payload: { ...attempt, ...more }, age: SILENT + age };
  };
  return [
    row("execution.session.started", 300 - index, { session_role: "implementation" }),
    row("execution.session.completed", 200 - index, { success: true, result_summary: "fine" }),
  ];
}

function listRow(ids: { session_id: string; execution_id: string }, done: readonly number[]): PythonRow {
  const list = Array.from({ length: CRITERIA }, (_, index) => ({
    index: index + 1,
    content: `File ${index + 1} is there`,
    status: done.includes(index) ? "completed" : "pending",
  }));
  const payload = {
    session_id: ids.session_id,
    acceptance_criteria: list,
    completed_count: done.length,
    total_count: CRITERIA,
    current_ac_index: null,
  };
  return {
    aggregate: "execution",
    id: ids.execution_id,
    type: "workflow.progress.updated",
    payload,
    age: SILENT + 100,
  };
}

function session(id: string, type: string, age: number, payload: PyObject): PythonRow {
  return { aggregate: "session", id, type, payload, age };
}

/** Appends rows to a made store in Python's encodings, from this process and before anybody opens it. */
export function writeRows(path: string, rows: readonly PythonRow[]): void {
  using store = new Database(path);
  const insert = store.query(
    "INSERT INTO events (id, aggregate_type, aggregate_id, event_type, payload, timestamp) VALUES (?, ?, ?, ?, ?, ?)",
  );
  for (const { aggregate, id, type, payload, age } of rows) {
    const at = storeTimestamp(Date.now() * 1000 - age * 1_000_000);
    insert.run(crypto.randomUUID(), aggregate, id, type, pythonJson(payload), at);
  }
  // The file alone has to hold it all: tests copy it.
  store.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

const WRITER = join(import.meta.dirname, "../fixtures/store/python-writer.py");

/** Is there a Python that can write a store? Asked once. */
export const hasPython = spawnSync("python3", ["-c", "import sqlite3"]).status === 0;

/** Has Python itself write the rows with its own SQLite; it makes the store where there is none. */
export function writeWithPython(path: string, rows: readonly PythonRow[]): void {
  const { status, stderr } = spawnSync("python3", [WRITER], {
    input: JSON.stringify({ path, rows }),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`Python did not write ${path}: ${stderr}`);
}
