import * as v from "valibot";
import { Conducting } from "../../domain/evolution/conducting.ts";
import { CeilingShape } from "../../domain/run/ceiling.ts";
import { Parallel, WORKSPACE_MODES } from "../../domain/run/origin.ts";
import { RunStart } from "../../domain/run/run-start.ts";

const Text = v.pipe(v.string(), v.minLength(1));
const Common = {
  session_id: Text,
  job_id: Text,
  by: Text,
  /** The seed's YAML. */
  seed: Text,
  runtime: Text,
  cwd: Text,
  workspace: v.optional(v.picklist(WORKSPACE_MODES), "in_place"),
  /** Agents at once, where that is not what the configuration says. */
  parallel: v.optional(v.nullable(Parallel), null),
  /** Earlier work to go on from, instead of what is checked out. */
  run_start: v.optional(v.nullable(RunStart), null),
  /** A lineage to have go on, instead of carrying the seed out. */
  conducts: v.optional(v.nullable(Conducting), null),
  /** What it may take at most, where that is less than is configured. */
  ceiling: v.optional(v.nullable(CeilingShape), null),
  host: v.object({ host_session_id: v.nullable(v.string()), project_dir: v.nullable(v.string()) }),
};

/** What a worker is told on its standard input: make and own a new session, or take an existing one over. */
export const WorkerOrder = v.variant("kind", [
  v.object({ kind: v.literal("begin"), execution_id: Text, ...Common }),
  v.object({ kind: v.literal("resume"), force: v.boolean(), ...Common }),
]);
export type WorkerOrder = v.InferInput<typeof WorkerOrder>;

/** The one line a worker answers before it begins: it owns the session, somebody else does, or why it cannot. */
export const WorkerReport = v.variant("outcome", [
  v.object({
    outcome: v.literal("claimed"),
    session_id: Text,
    execution_id: v.nullable(v.string()),
    epoch: v.number(),
    pid: v.number(),
    job_id: Text,
  }),
  v.object({ outcome: v.literal("attached"), why: v.string() }),
  v.object({
    outcome: v.literal("refused"),
    code: Text,
    message: v.string(),
    next: v.string(),
    facts: v.record(v.string(), v.unknown()),
  }),
]);
export type WorkerReport = v.InferOutput<typeof WorkerReport>;
