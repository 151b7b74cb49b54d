import { isoTimestamp } from "./clock.ts";
import { PyFloat, type PyObject } from "./python-json.ts";
import type { Row } from "./row.ts";
import type { Run } from "./run.ts";

export function jobCreated(run: Run, at: number): Row {
  const later: PyObject =
    run.generation === "v27"
      ? {}
      : {
          owner_pid: run.serverPid,
          owner_start_time: new PyFloat(Math.floor(at / 1_000_000) - 60.25),
          owner_identity: {
            version: 1,
            platform: "linux",
            pid: run.serverPid,
            boot_id: run.nativeSessionId,
            start_ticks: run.serverPid * 100,
          },
        };
  return jobRow(run, at, "mcp.job.created", {
    job_type: "execute_seed",
    status: "queued",
    message: "Queued execute_seed",
    links: { session_id: run.sessionId, execution_id: run.executionId, lineage_id: null },
    timestamp: isoTimestamp(at),
    ...later,
  });
}

export function jobUpdated(run: Run, at: number, message: string): Row {
  return jobRow(run, at, "mcp.job.updated", {
    status: "running",
    message,
    links: { session_id: null, execution_id: null, lineage_id: null },
    timestamp: isoTimestamp(at),
  });
}

export function jobFinished(run: Run, at: number, status: "completed" | "failed" | "cancelled"): Row {
  return jobRow(run, at, `mcp.job.${status}`, {
    status,
    message: `Job ${status}`,
    timestamp: isoTimestamp(at),
    result_text: status === "completed" ? `Seed Execution finished\nSession ID: ${run.sessionId}` : undefined,
    result_meta: status === "completed" ? { session_id: run.sessionId } : undefined,
    is_error: status === "completed" ? false : undefined,
    error: status === "failed" ? "Agent process ended" : undefined,
  });
}

/** The interview a seed came from, three rows a minute apart. */
export function interviewRows(run: Run, at: number): Row[] {
  const id = `interview_${run.seedId.slice("seed_".length)}`;
  const steps: readonly (readonly [string, PyObject])[] = [
    ["interview.started", { initial_context: run.goal }],
    [
      "interview.response.recorded",
      { round_number: 1, question_preview: "Who will use it?", response_preview: "Our own team — nobody else" },
    ],
    ["interview.completed", { total_rounds: 1 }],
  ];
  return steps.map(([eventType, payload], index) => ({
    aggregateType: "interview",
    aggregateId: id,
    eventType,
    payload,
    at: at + index * 7,
  }));
}

/** A short lineage: created and one finished generation. */
export function lineageRows(run: Run, at: number): Row[] {
  const id = `lin_${run.seedId}`;
  const steps: readonly (readonly [string, PyObject])[] = [
    ["lineage.created", { goal: run.goal }],
    ["lineage.generation.started", { generation_number: 1, phase: "executing", seed_id: run.seedId }],
    [
      "lineage.generation.completed",
      {
        generation_number: 1,
        seed_id: run.seedId,
        ontology_snapshot: { name: "Task", fields: [] },
        evaluation_summary: { final_approved: true, score: new PyFloat(0.9) },
        wonder_questions: [],
      },
    ],
  ];
  return steps.map(([eventType, payload], index) => ({
    aggregateType: "lineage",
    aggregateId: id,
    eventType,
    payload,
    at: at + index * 7,
  }));
}

function jobRow(run: Run, at: number, eventType: string, payload: PyObject): Row {
  return { aggregateType: "job", aggregateId: run.jobId, eventType, payload, at };
}
