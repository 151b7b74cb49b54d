import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArguments, type StoreOptions, USAGE } from "./make-store/arguments.ts";
import { defaultTimestamp } from "./make-store/clock.ts";
import { DAMAGE_KINDS } from "./make-store/damage.ts";
import { mergeStreams } from "./make-store/merge-streams.ts";
import { ordinarySession, ROOMY_SESSION } from "./make-store/ordinary-session.ts";
import { type Expected, ORPHAN_KINDS, type OrphanKind } from "./make-store/orphans.ts";
import { planHistory } from "./make-store/plan-history.ts";
import { Prng } from "./make-store/prng.ts";
import type { Row } from "./make-store/row.ts";
import { createRun, type Run, type RunTraits } from "./make-store/run.ts";
import { createIndexes, createTables, type Schema } from "./make-store/schema.ts";
import { encodedToolCatalog } from "./make-store/tool-catalog.ts";
import { writeRows } from "./make-store/write-rows.ts";

/** What is true of one session of a made store. */
export interface SessionTruth {
  readonly session_id: string;
  /** Null when no row of the session's own stream names its execution. */
  readonly execution_id: string | null;
  readonly job_id: string | null;
  readonly kind: string;
  /** What a clean-up with a threshold of one hour has to make of it. */
  readonly expected: Expected;
}

export interface Manifest {
  readonly path: string;
  readonly events: number;
  readonly sessions: number;
  readonly bytes: number;
  readonly truth: readonly SessionTruth[];
}

interface Contents {
  readonly streams: Iterable<Row>[];
  readonly truth: SessionTruth[];
}

/** Writes a store as the Python project would have left it and returns what is in it. */
export function makeStore(options: StoreOptions): Manifest {
  const path = resolve(options.out);
  clearPlace(path, options.force ?? false);
  const now = (options.now ?? new Date()).getTime() * 1000;
  const schema: Schema = {
    generation: options.generation ?? "v27",
    spelling: options.spelling ?? "sqlalchemy",
    missing: options.missingIndexes ?? [],
  };
  const real = options.payload === "real";
  const prng = new Prng(options.seed ?? 1);
  const { streams, truth } = contents(options, { prng, now });
  mkdirSync(dirname(path), { recursive: true });
  const report = options.onProgress ?? (() => {});
  try {
    const events = build(path, schema, { rows: mergeStreams(streams), ids: prng.fork(), now, real, report });
    const bytes = statSync(path).size;
    report(`${events} events, ${truth.length} sessions, ${bytes} bytes`);
    return { path, events, sessions: truth.length, bytes, truth };
  } catch (error) {
    clearPlace(path, true);
    throw error;
  }
}

interface Build {
  readonly rows: Iterable<Row>;
  readonly ids: Prng;
  readonly now: number;
  readonly real: boolean;
  readonly report: (line: string) => void;
}

function build(path: string, schema: Schema, { rows, ids, now, real, report }: Build): number {
  using database = new Database(path, { create: true });
  // The file is worth nothing until it is whole, so the build goes without a journal and turns to WAL at the end.
  for (const pragma of ["journal_mode = OFF", "synchronous = OFF", "cache_size = -262144"]) {
    database.run(`PRAGMA ${pragma}`);
  }
  database.run("BEGIN IMMEDIATE");
  createTables(database, schema);
  if (schema.spelling === "migration") recordMigrations(database, now);
  // A real-size file keeps its index pages strewn among the rows, as they grew, for the sake of cold reads; a small
  // one is wanted quickly, and indexing at the end takes half the time.
  if (real) createIndexes(database, schema);
  const events = writeRows(database, schema.generation, rows, ids, (count) => report(`${count} events`));
  if (!real) createIndexes(database, schema);
  database.run("COMMIT");
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  return events;
}

function clearPlace(path: string, force: boolean): void {
  if (!existsSync(path)) return;
  if (!force) throw new RangeError(`Cannot write a store over a file that exists: ${path}`);
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(path + suffix, { force: true });
}

function recordMigrations(database: Database, now: number): void {
  const insert = database.prepare("INSERT INTO _migrations VALUES (?, ?)");
  for (const name of ["001_initial.sql", "002_brownfield.sql"]) insert.run(name, defaultTimestamp(now));
  insert.finalize();
}

function contents(options: StoreOptions, { prng, now }: { prng: Prng; now: number }): Contents {
  const traits: RunTraits = {
    generation: options.generation ?? "v27",
    catalog: options.payload === "real" ? encodedToolCatalog() : undefined,
  };
  const sessions = options.sessions ?? 109;
  const plans = planHistory(prng, sessions, options.events ?? (sessions === 0 ? 0 : 165_000), now);
  const streams: Iterable<Row>[] = [];
  const truth: SessionTruth[] = [];
  const finished = plans.map((plan) => {
    const run = createRun(prng.fork(), traits);
    streams.push(ordinarySession(run, plan));
    const job_id = plan.withJob && plan.rows >= ROOMY_SESSION ? run.jobId : null;
    truth.push({ ...idsOf(run), job_id, kind: plan.outcome, expected: "terminal" });
    return { run, plan };
  });
  for (const [name, kind] of Object.entries<OrphanKind>(ORPHAN_KINDS)) {
    const count = Object.entries(options.orphans ?? {}).find(([wanted]) => wanted === name)?.[1] ?? 0;
    for (let ordinal = 0; ordinal < count; ordinal += 1) {
      const run = createRun(prng.fork(), traits);
      // A few seconds apart, and only ever towards the past, so that no two orphans share all their times.
      streams.push(kind.rows(run, now - ordinal * 1_000_003, ordinal));
      truth.push({ ...orphanIds(run, kind), kind: name, expected: kind.expected });
    }
  }
  for (const [name, damagedRow] of Object.entries(DAMAGE_KINDS)) {
    const count = Object.entries(options.damage ?? {}).find(([wanted]) => wanted === name)?.[1] ?? 0;
    for (let ordinal = 0; ordinal < count; ordinal += 1) {
      const host = finished[prng.between(0, finished.length - 1)];
      if (host === undefined) throw new RangeError("Damage needs at least one finished session to go into");
      streams.push([damagedRow(host.run, prng.between(host.plan.startedAt + 1, host.plan.endedAt - 1), ordinal)]);
    }
  }
  return { streams, truth };
}

function idsOf(run: Run): { session_id: string; execution_id: string } {
  return { session_id: run.sessionId, execution_id: run.executionId };
}

function orphanIds(run: Run, kind: OrphanKind): Pick<SessionTruth, "session_id" | "execution_id" | "job_id"> {
  return {
    session_id: run.sessionId,
    execution_id: kind.withoutExecution === true ? null : run.executionId,
    job_id: kind.withJob === true ? run.jobId : null,
  };
}

function main(): void {
  const started = performance.now();
  try {
    const manifest = makeStore({
      ...parseArguments(process.argv.slice(2)),
      onProgress: (line) => {
        process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1)} s: ${line}\n`);
      },
    });
    process.stdout.write(`${JSON.stringify(manifest)}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exitCode = 1;
  }
}

if (import.meta.main) main();
