import { isoTimestamp } from "./clock.ts";
import { PyFloat, type PyObject } from "./python-json.ts";
import type { Row } from "./row.ts";
import type { Run } from "./run.ts";
import { runtimeMetadata } from "./runtime-metadata.ts";

export function workflowProgress(run: Run, at: number, completed: number, messages: number): Row {
  return executionRow(run.executionId, at, "workflow.progress.updated", {
    session_id: run.sessionId,
    acceptance_criteria: run.criteria.map((content, index) => ({
      index: index + 1,
      content,
      status: index < completed ? "completed" : index === completed ? "in_progress" : "pending",
    })),
    completed_count: completed,
    total_count: run.criteria.length,
    current_ac_index: completed < run.criteria.length ? completed + 1 : null,
    current_phase: "Deliver",
    activity: "building",
    activity_detail: `Working on criterion ${Math.min(completed + 1, run.criteria.length)}`,
    elapsed_display: `${messages}s`,
    estimated_remaining: "",
    messages_count: messages,
    tool_calls_count: Math.floor(messages / 3),
    estimated_tokens: messages * 900,
    estimated_cost_usd: new PyFloat(Math.round(messages * 27) / 1000),
    timestamp: isoTimestamp(at),
  });
}

export function executionTerminal(
  run: Run,
  at: number,
  status: "completed" | "failed" | "cancelled" | "paused",
  messages: number,
): Row {
  return executionRow(run.executionId, at, "execution.terminal", {
    session_id: run.sessionId,
    status,
    messages_processed: messages,
    timestamp: isoTimestamp(at),
    error_message: status === "failed" ? "Agent process ended" : undefined,
  });
}

export function driftMeasured(run: Run, at: number): Row {
  const drift = new PyFloat(Math.round(run.prng.fraction() * 30) / 100);
  return executionRow(run.executionId, at, "observability.drift.measured", {
    goal_drift: drift,
    constraint_drift: new PyFloat(0),
    ontology_drift: drift,
    combined_drift: drift,
    is_acceptable: true,
    timestamp: isoTimestamp(at),
  });
}

export function subtaskUpdated(run: Run, at: number, parent: number, sub: number): Row {
  return executionRow(run.executionId, at, "execution.subtask.updated", {
    ac_index: parent,
    sub_task_index: sub,
    sub_task_id: `ac_${parent}_sub_${sub}`,
    content: `Part ${sub} of criterion ${parent}`,
    status: "executing",
  });
}

/** A level of a parallel run begins; upstream files it under the session's id. */
export function levelStarted(run: Run, at: number, level: number): Row {
  return executionRow(run.sessionId, at, "execution.decomposition.level_started", {
    level,
    total_levels: 2,
    child_indices: [0, 1, 2],
    ac_count: 3,
  });
}

export function coordinatorStarted(run: Run, scope: string, at: number, level: number): Row {
  return executionRow(scope, at, "execution.coordinator.started", {
    execution_id: run.executionId,
    session_id: run.sessionId,
    coordinator_session_id: run.nativeSessionId,
    scope: "level",
    session_role: "coordinator",
    stage_index: level,
    level_number: level + 1,
    session_scope_id: scope,
    session_state_path: `execution.coordinator.${level}`,
    conflicts: [{ file_path: "src/main.py", ac_indices: [0, 1] }],
  });
}

export function scopeStarted(run: Run, scope: string, at: number): Row {
  return executionRow(scope, at, "execution.session.started", {
    ...attemptOf(scope),
    acceptance_criterion: run.criteria[0] ?? run.goal,
    scope: "ac",
    session_role: "implementation",
    session_state_path: `execution.${scope}`,
    runtime_backend: "claude",
    session_id: run.nativeSessionId,
  });
}

export function scopeCompleted(run: Run, scope: string, at: number): Row {
  return executionRow(scope, at, "execution.session.completed", {
    ...attemptOf(scope),
    scope: "ac",
    session_role: "implementation",
    session_id: run.nativeSessionId,
    success: true,
    result_summary: "The criterion is verified",
  });
}

export function scopeToolStarted(run: Run, scope: string, at: number): Row {
  const path = `src/${run.prng.hex(6)}.py`;
  return executionRow(scope, at, "execution.tool.started", {
    ...attemptOf(scope),
    tool_name: "Edit",
    tool_detail: `Edit: ${path}`,
    tool_input: { file_path: path, old_text: "return None", new_text: "return result" },
    ...runtimeMetadata(run, at, "tool.started"),
  });
}

export function scopeToolCompleted(scope: string, at: number): Row {
  return executionRow(scope, at, "execution.tool.completed", {
    ...attemptOf(scope),
    tool_name: "Edit",
    tool_result_text: "The file was updated",
    runtime_backend: "claude",
    runtime_event_type: "tool.completed",
  });
}

export function scopeThinking(run: Run, scope: string, at: number): Row {
  return executionRow(scope, at, "execution.agent.thinking", {
    ...attemptOf(scope),
    thinking_text: `The next step of "${run.goal}" touches one module only`,
    runtime_backend: "claude",
  });
}

export function scopeHeartbeat(run: Run, scope: string, at: number, messages: number): Row {
  return executionRow(scope, at, "execution.ac.heartbeat", {
    session_id: run.sessionId,
    ac_index: Number(scope.at(-1)),
    elapsed_seconds: new PyFloat(messages * 30),
    message_count: messages,
    timestamp: isoTimestamp(at),
  });
}

function attemptOf(scope: string): PyObject {
  return {
    ac_id: scope,
    retry_attempt: 0,
    attempt_number: 1,
    session_scope_id: scope,
    session_attempt_id: `${scope}_attempt_1`,
  };
}

function executionRow(aggregateId: string, at: number, eventType: string, payload: PyObject): Row {
  return { aggregateType: "execution", aggregateId, eventType, payload, at };
}
