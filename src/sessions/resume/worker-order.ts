import * as v from "valibot";
import { WORKSPACE_MODES } from "../../domain/run/origin.ts";

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
