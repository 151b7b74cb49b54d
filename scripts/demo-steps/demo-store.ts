import { rmSync } from "node:fs";
import { writeLock } from "../make-store/write-lock.ts";
import { type Manifest, makeStore, type SessionTruth } from "../make-store.ts";
import { DEMO } from "./demo-place.ts";

/** What a crash of the Python program leaves behind, one or a few of each kind. */
const ORPHANS = {
  stale: 3,
  child_finished: 1,
  no_start: 1,
  bad_row: 2,
  paused_resumed: 1,
  twice_started: 1,
  paused: 1,
  quota_paused: 1,
  young: 1,
  exec_active: 1,
  future: 1,
  completed_late: 1,
  double_terminal: 1,
  failed: 1,
} as const;

/** A made store, and what a clean-up must do with every session in it. */
export interface DemoStore {
  readonly manifest: Manifest;
  readonly truth: readonly SessionTruth[];
  /** Silent for hours, but a live process (this one) holds its Python lock. */
  readonly locked: string;
}

/** Writes the store in the demo's home, anew each time: the ages of its sessions are relative to this moment. */
export function makeDemoStore(full: boolean, say: (line: string) => void): DemoStore {
  rmSync(DEMO.data, { recursive: true, force: true });
  const payload = full ? "real" : "small";
  const manifest = makeStore({ out: DEMO.store, events: 165_000, payload, orphans: ORPHANS, onProgress: say });
  const locked = manifest.truth.find(({ kind }) => kind === "stale")?.session_id;
  if (locked === undefined) throw new Error("The made store has no stale session to protect with a lock");
  writeLock(DEMO.data, locked, `${process.pid}:${Date.now() / 1000}`);
  const truth = manifest.truth.map((session) =>
    session.session_id === locked ? { ...session, kind: "stale but locked", expected: "spared" as const } : session,
  );
  return { manifest, truth, locked };
}
