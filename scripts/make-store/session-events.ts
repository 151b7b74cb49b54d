import { isoTimestamp } from "./clock.ts";
import type { PyObject } from "./python-json.ts";
import type { Row } from "./row.ts";
import type { Run } from "./run.ts";
import { runtimeHandle, runtimeMetadata } from "./runtime-metadata.ts";

const PREVIEWS = [
  "Reading the module before changing it",
  "The test fails for the reason expected; now the fix",
  "Ergänze die fehlende Prüfung für leere Eingaben",
  "빌드가 통과했습니다. 다음 기준으로 넘어갑니다",
  'Running "npm test" again\nwith the new fixture',
  "All checks pass ✅ moving on 🎉",
] as const;

const TOOLS = ["Read", "Write", "Edit", "Bash", "Glob", "Grep"] as const;

export function sessionStarted(run: Run, at: number): Row {
  const later: PyObject =
    run.generation === "v27"
      ? {}
      : {
          acceptance_root_indices: run.criteria.map((_, index) => index),
          runtime_backend: "claude",
          llm_backend: "claude_code",
          workspace_path: `/home/dev/projects/${run.seedId}`,
        };
  return sessionRow(run, at, "orchestrator.session.started", {
    execution_id: run.executionId,
    seed_id: run.seedId,
    start_time: isoTimestamp(at),
    seed_goal: run.goal,
    ...later,
  });
}

export function toolsLoaded(run: Run, at: number): Row {
  return sessionRow(run, at, "orchestrator.mcp_tools.loaded", {
    tool_count: TOOLS.length,
    server_names: ["filesystem"],
    conflict_count: 0,
    loaded_at: isoTimestamp(at),
    tool_names: TOOLS,
  });
}

/** The tracker's form of a progress row: a `progress` object and a time. */
export function trackedProgress(run: Run, at: number, messages: number): Row {
  const progress: PyObject =
    messages === 0
      ? { workspace: { branch: `ouroboros/${run.sessionId}`, worktree_path: `/home/dev/worktrees/${run.sessionId}` } }
      : { runtime: runtimeHandle(run, at), messages_processed: messages, last_message_type: "assistant" };
  return sessionRow(run, at, "orchestrator.progress.updated", { progress, timestamp: isoTimestamp(at) });
}

/** The message form of a progress row; `status` adds the runtime's own word on how it is doing. */
export function messageProgress(run: Run, at: number, status?: "running" | "completed" | "failed"): Row {
  const preview = run.prng.pick(PREVIEWS);
  return sessionRow(run, at, "orchestrator.progress.updated", {
    message_type: "assistant",
    content_preview: preview,
    timestamp: isoTimestamp(at),
    step: run.prng.between(1, 40),
    ...runtimeMetadata(run, at, "assistant.message"),
    runtime_status: status,
    progress: {
      last_message_type: "assistant",
      last_content_preview: preview,
      runtime: runtimeHandle(run, at),
      runtime_event_type: "assistant.message",
      runtime_status: status,
    },
  });
}

export function toolCalled(run: Run, at: number): Row {
  const tool = run.prng.pick(TOOLS);
  return sessionRow(run, at, "orchestrator.tool.called", {
    tool_name: tool,
    called_at: isoTimestamp(at),
    tool_input_preview: `{'file_path': 'src/${run.prng.hex(6)}.py'}`,
    ...runtimeMetadata(run, at, "tool.called"),
  });
}

/** How a session completes: twice over at v27 (a factory's row, then the repository's), once afterwards. */
export function sessionCompleted(run: Run, at: number, messages: number): Row[] {
  const summary = { final_message: "All criteria verified", success_rate: 1 };
  const type = "orchestrator.session.completed";
  const time = { completed_at: isoTimestamp(at) };
  const first = sessionRow(run, at, type, { summary, ...time, messages_processed: messages, ...acceptance(run) });
  if (run.generation === "v51") return [first];
  return [first, sessionRow(run, at + 900, type, { summary, completed_at: isoTimestamp(at + 900) })];
}

/** How a session fails; doubled at v27 like a completion. */
export function sessionFailed(run: Run, at: number, messages: number): Row[] {
  const error = "Agent process ended before the last criterion was verified";
  const type = "orchestrator.session.failed";
  const time = { failed_at: isoTimestamp(at) };
  const cause = { error_type: "RuntimeError", messages_processed: messages };
  const first = sessionRow(run, at, type, { error, ...time, ...cause, ...acceptance(run) });
  if (run.generation === "v51") return [first];
  const details = { error_details: { messages_processed: messages } };
  return [first, sessionRow(run, at + 900, type, { error, failed_at: isoTimestamp(at + 900), ...details })];
}

export function sessionCancelled(run: Run, at: number): Row {
  return sessionRow(run, at, "orchestrator.session.cancelled", {
    reason: "Cancelled by user",
    cancelled_by: "user",
    cancelled_at: isoTimestamp(at),
    ...acceptance(run),
  });
}

export function sessionPaused(run: Run, at: number): Row {
  return sessionRow(run, at, "orchestrator.session.paused", {
    reason: "The agent asked for a decision",
    resume_hint: null,
    paused_at: isoTimestamp(at),
  });
}

/** A pause for a usage limit, which names the time at which the run may go on. */
export function sessionQuotaPaused(run: Run, at: number, seconds: number): Row {
  return sessionRow(run, at, "orchestrator.session.paused", {
    reason: "Usage limit reached",
    resume_hint: "Resume when the limit resets",
    paused_at: isoTimestamp(at),
    pause_kind: "usage_limit",
    pause_seconds: seconds,
    resume_after: isoTimestamp(at + seconds * 1_000_000),
    pause_owner: `runner:${run.serverPid}`,
  });
}

function acceptance(run: Run): PyObject {
  if (run.generation === "v27") return {};
  return { acceptance_finalizations: run.criteria.map((_, index) => ({ root_ac_index: index, outcome: "accepted" })) };
}

function sessionRow(run: Run, at: number, eventType: string, payload: PyObject): Row {
  return { aggregateType: "session", aggregateId: run.sessionId, eventType, payload, at };
}
