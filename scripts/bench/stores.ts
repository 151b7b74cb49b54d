import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { StoreOptions } from "../make-store/arguments.ts";
import { makeStore } from "../make-store.ts";
import { BENCH_FOLDER, copyStore, removeStore } from "./place.ts";

/** A store of the bench, as Python left it; nothing ever opens it but to copy it. */
export interface BenchStore {
  readonly path: string;
  /** In words, for the report. */
  readonly name: string;
  readonly bytes: number;
}

export interface BenchStores {
  /** Rows of real size, as upstream's users reported them. */
  readonly main: BenchStore;
  /** The same in the spelling of the SQL migration, which lacks the covering index. */
  readonly migration: BenchStore;
  /** Many more rows, each small. */
  readonly big: BenchStore;
  /** 10,000 more rows in the manner of `main`. */
  readonly addition: BenchStore;
}

const ORPHANS = { stale: 3, young: 1, paused: 2 };

/** Makes the stores that are not there yet. */
export function prepareStores(full: boolean, say: (line: string) => void): BenchStores {
  const real = { sessions: 108, payload: "real", orphans: ORPHANS } as const;
  const mainEvents = full ? 165_000 : 20_000;
  const bigEvents = full ? 1_200_000 : 165_000;
  return {
    main: prepare({ ...real, events: mainEvents }, say),
    migration: prepare({ ...real, events: mainEvents, spelling: "migration" }, say),
    big: prepare({ events: bigEvents, sessions: full ? 800 : 108, orphans: ORPHANS }, say),
    addition: prepare({ events: 10_000, sessions: 8, payload: "real", seed: 2 }, say),
  };
}

function prepare(options: Omit<StoreOptions, "out">, say: (line: string) => void): BenchStore {
  const { events = 0, payload = "small", spelling = "sqlalchemy" } = options;
  mkdirSync(BENCH_FOLDER, { recursive: true });
  const path = join(BENCH_FOLDER, `python-${events}-${payload}-${spelling}.db`);
  if (!existsSync(path)) {
    say(`making a store of ${events.toLocaleString("en")} events (${payload}, ${spelling})`);
    // Under another name until it is whole: a run that was broken off leaves nothing that looks finished.
    makeStore({ ...options, out: `${path}.part`, force: true });
    removeStore(path);
    renameSync(`${path}.part`, path);
  }
  return { path, bytes: statSync(path).size, name: `${shortCount(events)} events` };
}

function shortCount(events: number): string {
  return events >= 1e6 ? `${events / 1e6} M` : `${events / 1e3} K`;
}

/** Copies a store that ouroboros has settled on and lets "Python" write on into the copy. */
export function writeOn(settled: string, addition: BenchStore, to: string): void {
  copyStore(settled, to);
  using database = new Database(to);
  database.run("PRAGMA synchronous = NORMAL");
  database.run("ATTACH ? AS more", [addition.path]);
  const columns = "id, aggregate_type, aggregate_id, event_type, payload, timestamp, consensus_id";
  database.run(`INSERT INTO main.events (${columns}) SELECT ${columns} FROM more.events ORDER BY more.events.rowid`);
  database.run("DETACH more");
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
}
