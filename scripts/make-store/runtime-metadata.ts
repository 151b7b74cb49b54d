import { isoTimestamp } from "./clock.ts";
import type { PyObject } from "./python-json.ts";
import type { Run } from "./run.ts";

/** The agent runtime's handle; in real-size stores it carries a copy of the tool catalogue. */
export function runtimeHandle(run: Run, at: number): PyObject {
  if (run.catalog === undefined) return { backend: "claude", native_session_id: run.nativeSessionId };
  return {
    backend: "claude",
    kind: "agent_runtime",
    native_session_id: run.nativeSessionId,
    cwd: `/home/dev/projects/${run.seedId}`,
    approval_mode: "acceptEdits",
    updated_at: isoTimestamp(at),
    metadata: { tool_catalog: run.catalog },
  };
}

/** The keys upstream merges flat into message and tool events: a second copy of the catalogue. */
export function runtimeMetadata(run: Run, at: number, eventType: string): PyObject {
  if (run.catalog === undefined) return { runtime_backend: "claude", runtime_event_type: eventType };
  return {
    runtime: runtimeHandle(run, at),
    runtime_backend: "claude",
    runtime_event_type: eventType,
    tool_catalog: run.catalog,
  };
}
