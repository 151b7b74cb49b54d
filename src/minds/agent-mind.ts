import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OuroborosError } from "../base/errors.ts";
import type { AgentRun, Outcome, Runtime } from "../runtimes/runtime.ts";
import { ask, PATIENCE, type Patience, type Said, type Turn } from "./ask.ts";
import type { Fault } from "./fault.ts";
import type { Mind } from "./mind.ts";

/** An agent that only thinks: read-only, in the question's folder or an empty one of its own. `model` is in the agent's own words. */
export function agentMind(runtime: Runtime, model?: string, patience: Patience = PATIENCE): Mind {
  const { name } = runtime;
  const speaker = {
    name,
    model: model ?? null,
    say: (turn: Turn, signal: AbortSignal) => say(runtime, model, turn, signal),
  };
  return { name, kind: "agent", ask: (question, signal) => ask(speaker, question, signal, patience) };
}

const STOP_GRACE_MS = 2_000;
/** It lives in this process' care alone: beyond the call's own end nobody has to be heard of. */
const TRUST_MARGIN_MS = 60_000;

async function say(
  runtime: Runtime,
  model: string | undefined,
  turn: Turn,
  signal: AbortSignal,
): Promise<Said | Fault> {
  const cwd = turn.folder ?? (await mkdtemp(join(tmpdir(), "ouroboros-mind-")));
  try {
    const run = await start(runtime, model, turn, cwd);
    if ("kind" in run) return run;
    const seen = await listen(run, signal);
    return toReply(await run.outcome, seen ?? model ?? null);
  } finally {
    // An empty folder that the system does not let go of yet is no reason to lose an answer.
    if (turn.folder === undefined) await rm(cwd, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}

async function start(
  runtime: Runtime,
  model: string | undefined,
  { prompt, instructions, answerSchema, limitMs }: Turn,
  cwd: string,
): Promise<AgentRun | Fault> {
  const limits = { firstOutputMs: limitMs, idleMs: limitMs, totalMs: limitMs };
  const task = { prompt, cwd, access: "read_only" as const, model, instructions, answerSchema, env: {}, limits };
  try {
    return await runtime.start(task, limitMs + TRUST_MARGIN_MS);
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
    return { kind: "refused", message: error.message, retryAfterMs: null, again: false, usage: null };
  }
}

/** Reads what it does to the end; the model it named, if it did. */
async function listen(run: AgentRun, signal: AbortSignal): Promise<string | null> {
  let model: string | null = null;
  let stopping: Promise<void> | undefined;
  let isOver = false;
  const stop = () => {
    stopping ??= run.stop(STOP_GRACE_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (signal.aborted) return model;
    for await (const message of run.begin()) {
      if (message.kind === "session") model = message.model ?? model;
    }
    isOver = true;
    return model;
  } finally {
    // Whatever went wrong while reading: it does not go on without being listened to.
    if (!isOver) stop();
    signal.removeEventListener("abort", stop);
    await stopping;
  }
}

function toReply(outcome: Outcome, model: string | null): Said | Fault {
  const { ending, usage, text, structured } = outcome;
  const retryAfterMs = outcome.retry_after_ms;
  const fault = (kind: Fault["kind"], again: boolean, message: string) => ({
    kind,
    message: outcome.error ?? message,
    retryAfterMs,
    again,
    usage,
  });
  switch (ending) {
    case "succeeded":
    case "off_form":
      return { text, structured, model, usage };
    case "crashed":
      return fault("transient", true, `it ended without an answer (${outcome.signal ?? outcome.exit_code})`);
    case "limited":
      // Agents have tried again themselves; once more is worth it only where they heard when.
      return fault("limited", retryAfterMs !== null, "its provider refuses for now");
    case "unauthorized":
      return fault("unauthorized", false, "it is not logged in");
    case "timed_out":
      return fault("timed_out", false, "it took too long");
    case "failed":
      return fault("refused", false, "it said that it failed");
    case "not_started":
    case "needs_host":
      return fault("refused", false, "it could not be started");
    case "stopped":
      return fault("refused", false, "it was stopped");
  }
}
