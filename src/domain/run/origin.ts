import * as v from "valibot";
import type { Payload } from "../event.ts";
import { Conducting } from "../evolution/conducting.ts";
import { type Ceiling, CeilingShape } from "./ceiling.ts";
import { RunStart } from "./run-start.ts";
import { MOST_PARALLEL } from "./schedule.ts";

/** Where and with what a session's work began, as far as its rows say. */
export interface Origin {
  /** Hash of the seed's text in the store; upstream's sessions have none. */
  readonly seed_hash: string | null;
  /** Opaque id of the machine its checkout lives on, and that machine's name for people. */
  readonly machine: string | null;
  readonly host: string | null;
  readonly branch: string | null;
  /** The agent that last worked on it, as its configuration calls it. */
  readonly runtime_backend: string | null;
  /** The job of the latest claim: what to wait for. */
  readonly job_id: string | null;
  /** The host's own session and project that last started or resumed it. */
  readonly host_session_id: string | null;
  readonly project_dir: string | null;
  /** Where its agents work: in worktrees of the project, or in the folder itself. */
  readonly workspace_mode: WorkspaceMode | null;
  /** Agents at once, where whoever started it said so; else as configured. */
  readonly parallel: number | null;
  /** The earlier work that it goes on from; null where it began with what was checked out. */
  readonly run_start: RunStart | null;
  /** The lineage that it has go on by itself, and within what bounds; null for a run. */
  readonly conducts: Conducting | null;
  /** What it may take at most, where that is less than is configured. */
  readonly ceiling: Ceiling | null;
  /** The folder of its work, as whoever last started or resumed it said. */
  readonly workspace_path: string | null;
}

/** Worktrees of the project's repository, or of a copy where it has none; or the folder itself, where nothing is kept apart. */
export const WORKSPACE_MODES = ["worktree", "in_place"] as const;
export type WorkspaceMode = (typeof WORKSPACE_MODES)[number];

/** Agents at once, as an order or a row names them. */
export const Parallel = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_PARALLEL));

const Text = v.fallback(v.nullable(v.pipe(v.string(), v.minLength(1))), null);
const Known = v.object({
  seed_hash: v.optional(Text, null),
  machine: v.optional(Text, null),
  host: v.optional(Text, null),
  branch: v.optional(Text, null),
  runtime_backend: v.optional(Text, null),
  job_id: v.optional(Text, null),
  host_session_id: v.optional(Text, null),
  project_dir: v.optional(Text, null),
  workspace_path: v.optional(Text, null),
  workspace_mode: v.optional(v.fallback(v.nullable(v.picklist(WORKSPACE_MODES)), null), null),
  parallel: v.optional(v.fallback(v.nullable(Parallel), null), null),
  run_start: v.optional(v.fallback(v.nullable(RunStart), null), null),
  conducts: v.optional(v.fallback(v.nullable(Conducting), null), null),
  ceiling: v.optional(v.fallback(v.nullable(CeilingShape), null), null),
});

/** Reads what the rows that began and claimed a session say. */
export function toOrigin(payload: Payload): Origin {
  return v.parse(Known, payload);
}
