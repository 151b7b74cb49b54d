import { describe, expect, test } from "bun:test";
import type { StoredEvent } from "../../src/domain/event.ts";
import { evolveJob, type Job } from "../../src/domain/job.ts";
import { WAIT_FOR, type WaitFor, wakes } from "../../src/domain/job-news.ts";
import { type JobFacts, jobVerdict } from "../../src/domain/job-verdict.ts";

const HOUR = 3_600_000_000;

let rowid = 0;
function row(type: string, payload: Record<string, unknown> = {}): StoredEvent {
  rowid += 1;
  const timestamp = `2026-04-03 12:00:${String(rowid % 60).padStart(2, "0")}.000000`;
  const stream = { aggregate_type: "job", aggregate_id: "job_1", at: rowid };
  return { rowid, id: `e${rowid}`, event_type: `mcp.job.${type}`, payload, timestamp, ...stream };
}

function fold(...rows: StoredEvent[]): Job {
  const job = rows.reduce<Job | undefined>(evolveJob, undefined);
  if (!job) throw new Error("No rows");
  return job;
}

const created = () =>
  row("created", { job_type: "execute_seed", status: "queued", links: { session_id: "orch_1", lineage_id: null } });

describe("the fold of a job's rows", () => {
  test.each<[string, StoredEvent[], Partial<Job>]>([
    ["is queued when it was created", [created()], { status: "queued", job_type: "execute_seed" }],
    ["runs when a row says so", [created(), row("updated", { status: "running" })], { status: "running" }],
    [
      "keeps a request to cancel when a monitor writes the status it had read before",
      [created(), row("updated", { status: "cancel_requested" }), row("updated", { status: "running" })],
      { status: "cancel_requested" },
    ],
    [
      "keeps the first end, whatever comes after it",
      [created(), row("interrupted", { message: "gone" }), row("completed", { result_text: "late", message: "done" })],
      { status: "interrupted", message: "gone", result_text: null },
    ],
    [
      "takes the end from the type of the row, not from the words of another",
      [created(), row("updated", { status: "completed" })],
      { status: "queued" },
    ],
    ["is ended by a row whose payload was lost", [created(), row("failed")], { status: "failed", error: null }],
    [
      "keeps links that later rows leave empty",
      [created(), row("updated", { links: { session_id: null, execution_id: "exec_1" } })],
      { links: { session_id: "orch_1", execution_id: "exec_1" } },
    ],
    [
      "finds the row that created it wherever it stands",
      [row("updated", { status: "running" }), created()],
      { status: "running", job_type: "execute_seed" },
    ],
    ["is of no known type without that row", [row("updated")], { status: "queued", job_type: "unknown" }],
    [
      "takes its result from its end",
      [created(), row("completed", { result_text: "ok", result_meta: { a: 1 }, is_error: false })],
      { status: "completed", result_text: "ok", result_meta: { a: 1 } },
    ],
    [
      "knows the owner an early v0.51 names by pid alone",
      [row("created", { owner_pid: 7 })],
      { owner: owner(7, null) },
    ],
    [
      "knows the owner that later ones name in full",
      [row("created", { owner_pid: 7, owner_identity: { version: 1, pid: 8, boot_id: "b", start_ticks: 99 } })],
      { owner: { ...owner(8, "b"), start_ticks: "99" } },
    ],
  ])("a job %s", (_, rows, expected) => {
    expect(fold(...rows)).toMatchObject(expected);
  });

  test("a row that was folded already changes nothing", () => {
    const rows = [created(), row("updated", { status: "running" })];
    const job = fold(...rows);
    expect(rows.reduce<Job | undefined>(evolveJob, job)).toEqual(job);
  });
});

function owner(pid: number, boot: string | null) {
  return { pid, boot, start_ticks: null, machine: null, pid_namespace: null };
}

type SessionPart = NonNullable<JobFacts["session"]>;
const LATER = Number.MAX_SAFE_INTEGER;

function session(changes: Partial<SessionPart>): SessionPart {
  const runs = { status: "running", liveness: "live", why: "its owner holds a live lease" } as const;
  const rest = { status_rowid: 0, status_by: null, reason: null, cancel_requested_by: null };
  return { ...runs, ...rest, ...changes };
}

function facts(changes: Partial<JobFacts> = {}): JobFacts {
  const alive = { state: "unknown", why: "no process" } as const;
  return { session: undefined, owner: alive, newest_at: 0, now: 1, threshold: HOUR, ...changes };
}

describe("a job's status, where its rows have no end", () => {
  const ended = (changes: Partial<SessionPart>) =>
    facts({ session: session({ status_rowid: LATER, liveness: "ended", ...changes }) });
  const dead = { state: "dead", why: "pid not there" } as const;
  test.each<[string, JobFacts, string, string, boolean]>([
    ["its session completed", ended({ status: "completed" }), "completed", "session_ended", false],
    ["its session failed", ended({ status: "failed", reason: "boom" }), "failed", "session_ended", true],
    ["a person cancelled it", ended({ status: "cancelled", status_by: "user" }), "cancelled", "session_ended", false],
    [
      "a clean-up cancelled its session",
      ended({ status: "cancelled", status_by: "auto_cleanup" }),
      "interrupted",
      "session_cleaned_up",
      true,
    ],
    ["its session paused", ended({ status: "paused", liveness: "paused" }), "interrupted", "session_paused", true],
    ["its session is at work", facts({ session: session({}) }), "running", "session_live", false],
    [
      "its session is asked to stop",
      facts({ session: session({ cancel_requested_by: "user" }) }),
      "cancel_requested",
      "session_cancel_requested",
      false,
    ],
    ["its session is stale", facts({ session: session({ liveness: "stale" }) }), "interrupted", "session_stale", true],
    ["its session is stuck", facts({ session: session({ liveness: "stuck" }) }), "running", "session_stuck", false],
    [
      "its session is unknown",
      facts({ session: session({ liveness: "unknown" }) }),
      "running",
      "session_unknown",
      false,
    ],
    [
      "its session paused before the job began, which is about to resume it",
      facts({ session: session({ status: "paused", liveness: "paused" }) }),
      "queued",
      "recorded",
      false,
    ],
    [
      "its session had ended before",
      facts({ session: session({ status: "failed", liveness: "ended" }) }),
      "queued",
      "recorded",
      false,
    ],
    ["its owner is dead", facts({ owner: dead }), "interrupted", "owner_died", false],
    ["nothing is known", facts(), "queued", "recorded", false],
    ["it is silent for longer than the threshold", facts({ now: HOUR + 1 }), "interrupted", "silent", false],
    ["it is silent up to the threshold", facts({ now: HOUR }), "queued", "recorded", false],
    [
      "it is silent, but its owner is alive",
      facts({ now: 9 * HOUR, owner: { state: "alive", why: "" } }),
      "queued",
      "recorded",
      false,
    ],
    ["no time of it can be read", facts({ newest_at: undefined, now: 9 * HOUR }), "queued", "recorded", false],
  ])("%s", (_, given, status, rule, resumable) => {
    expect(jobVerdict(fold(created()), given)).toMatchObject({ status, rule, resumable });
  });

  test("an owner that is gone has done what a request to cancel asked for", () => {
    const job = fold(created(), row("updated", { status: "cancel_requested" }));
    expect(jobVerdict(job, facts({ owner: dead })).status).toBe("cancelled");
    expect(jobVerdict(job, facts({ now: 2 * HOUR })).status).toBe("cancelled");
    expect(jobVerdict(job, facts({ session: session({}) })).status).toBe("cancel_requested");
  });

  test("a recorded end stands whatever the session does; a session that runs on is spoken of", () => {
    const job = fold(created(), row("completed", { result_text: "LAUNCHED" }));
    expect(jobVerdict(job, facts({ session: session({}), now: 9 * HOUR }))).toMatchObject({
      status: "completed",
      note: "the job has ended, but its session is running",
    });
    expect(jobVerdict(job, ended({ status: "failed" }))).toMatchObject({ status: "completed", note: null });
  });
});

describe("what wakes a waiter", () => {
  const ALL: WaitFor[] = ["raw", "ac_change", "attention_or_ac_change", "phase_change", "terminal"];
  const [raw, ac, attention, phase] = ALL;
  test.each<[string, (WaitFor | undefined)[]]>([
    ["execution.tool.started", [raw]],
    ["orchestrator.progress.updated", [raw]],
    ["workflow.progress.updated", [raw]],
    ["mcp.job.updated", [raw]],
    ["execution.ac.heartbeat", [raw]],
    ["execution.session.started", [raw, ac, attention]],
    ["execution.session.completed", [raw, ac, attention]],
    ["execution.session.failed", [raw, ac, attention]],
    ["execution.ac.outcome_finalized", [raw, ac, attention]],
    ["execution.ac.stall_detected", [raw, attention]],
    ["hitl.requested", [raw, attention]],
    ["execution.needs_attention", [raw, attention]],
    ["orchestrator.session.paused", [raw, attention, phase]],
    ["orchestrator.session.failed", [raw, attention, phase]],
    ["orchestrator.session.completed", [raw, phase]],
    ["orchestrator.session.claimed", [raw, phase]],
    ["execution.phase.started", [raw, phase]],
    ["execution.decomposition.level_completed", [raw, phase]],
  ])("%s", (type, expected) => {
    expect(ALL.filter((waitFor) => wakes(waitFor, type))).toEqual(expected as WaitFor[]);
  });

  test("upstream's other words mean one of the five", () => {
    expect(new Set(Object.values(WAIT_FOR))).toEqual(new Set(ALL));
  });
});
