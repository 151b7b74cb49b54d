import { delay } from "../base/delay.ts";
import { messageOf } from "../base/errors.ts";
import { boundedLines } from "../process/agent/bounded-lines.ts";
import { type GuardedAgent, startGuarded } from "../process/agent/guarded-agent.ts";
import { createMessageQueue } from "./message-queue.ts";
import { refuseTooDeep } from "./nesting.ts";
import type { AgentMessage, AgentRun, Ending, Outcome, Task, Usage } from "./runtime.ts";
import { watchTimeLimits } from "./time-limits.ts";

/** One task as one kind of CLI agent takes it: its command line, its input, and a pure reading of what it prints. */
export interface CliAgent<State> {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
  readonly initial: State;
  /** Takes in one line of its output. Lines and keys it does not know change nothing. */
  read(state: State, line: string): Reading<State>;
  /** For agents that stop when their input ends: whether they have answered. The input of others ends with the prompt. */
  hasAnswered?(state: State): boolean;
  /** What a run that ended by itself came to. */
  judge(state: State, end: ProgramEnd): Verdict;
  /** Takes away what was laid out for this one run. */
  release?(): Promise<void>;
}

export interface Reading<State> {
  readonly state: State;
  readonly messages: readonly AgentMessage[];
}

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to stderr. */
  readonly errors: string;
  /** The wall clock, for agents that name a time to wait for. */
  readonly now: number;
}

export interface Verdict {
  readonly ending: Ending;
  readonly text: string;
  readonly structured?: unknown;
  readonly error?: string | null;
  readonly retry_after_ms?: number | null;
  readonly handle?: string | null;
  readonly usage?: Usage | null;
}

const LONGEST_LINE = 8 * 2 ** 20;
const LONGEST_QUEUE = 256;
const LIMIT_GRACE_MS = 2_000;
/** One argument may not be longer than 128 KiB on Linux, its name and quotes included. */
const LONGEST_ARGUMENT = 100_000;
/** For its last words to come through once all of it is gone. */
const LAST_WORDS_MS = 5_000;

/** The instructions of a task for a command line, and its prompt; instructions too long for one go before the prompt. */
export function splitInstructions({ instructions = "", prompt }: Task): { instructions: string; prompt: string } {
  if (Buffer.byteLength(JSON.stringify(instructions)) <= LONGEST_ARGUMENT) return { instructions, prompt };
  return { instructions: "", prompt: `${instructions}\n\n${prompt}` };
}

/** Starts a CLI agent under a guard and reads it to its end. Throws `too_deep` or `agent_not_started`. */
export async function startCliAgent<State>(task: Task, trustMs: number, agent: CliAgent<State>): Promise<AgentRun> {
  const release = async () => {
    try {
      await agent.release?.();
    } catch {
      // A leftover in the system's temporary folder is no reason to lose an answer.
    }
  };
  try {
    refuseTooDeep();
    const guarded = await startGuarded({ command: agent.command, cwd: task.cwd, env: agent.env, trustMs });
    return follow(task, trustMs, agent, guarded, release);
  } catch (error) {
    await release();
    throw error;
  }
}

function follow<State>(
  task: Task,
  trustMs: number,
  agent: CliAgent<State>,
  guarded: GuardedAgent,
  release: () => Promise<void>,
): AgentRun {
  const queue = createMessageQueue<AgentMessage>(LONGEST_QUEUE);
  const begun = Promise.withResolvers<void>();
  let began = performance.now();
  let asked = false;
  let stopped = false;
  let over = false;
  let lettingGo = false;
  let expired: string | undefined;
  let fault: unknown;
  let state = agent.initial;
  const limits = watchTimeLimits(task.limits, trustMs, (why) => {
    if (stopped) return;
    expired = why;
    void guarded.stop(LIMIT_GRACE_MS);
  });
  const outcome = conclude();
  return {
    group: guarded.group,
    begin() {
      if (asked) throw new Error("An agent is given its task once");
      asked = true;
      began = performance.now();
      if (over) return queue.items;
      limits.begin();
      if (agent.hasAnswered === undefined) guarded.send(agent.input);
      else guarded.stdin.write(agent.input);
      begun.resolve();
      return queue.items;
    },
    trust(ms) {
      limits.trusted(ms);
      guarded.trust(ms);
    },
    async stop(graceMs) {
      stopped ||= !over && expired === undefined;
      await guarded.stop(graceMs);
    },
    outcome,
  };

  async function conclude(): Promise<Outcome> {
    const reading = readAll();
    const end = await guarded.ended;
    over = true;
    begun.resolve();
    const late = new AbortController();
    await Promise.race([Promise.all([reading, guarded.errorsEnded]), delay(LAST_WORDS_MS, late.signal)]);
    late.abort();
    limits.close();
    // Whoever escaped may still hold the other ends.
    lettingGo = true;
    guarded.letGo();
    await reading;
    await release();
    queue.end(fault);
    const { code, signal } = end;
    const verdict = agent.judge(state, { code, signal, errors: guarded.errorTail().trim(), now: Date.now() });
    return {
      ...{ structured: null, error: null, retry_after_ms: null, handle: null, usage: null },
      ...verdict,
      ...interruption(),
      exit_code: code,
      signal,
      duration_ms: Math.round(performance.now() - began),
    };
  }

  /** What was done to it says more than how it took that. */
  function interruption(): Partial<Outcome> {
    if (fault !== undefined) return { ending: "crashed", error: `its output could not be read: ${messageOf(fault)}` };
    if (expired !== undefined) return { ending: "timed_out", error: `It was ended because ${expired}` };
    return stopped ? { ending: "stopped", error: "It was stopped" } : {};
  }

  async function readAll(): Promise<void> {
    await begun.promise;
    try {
      for await (const piece of boundedLines(heard(guarded.output), LONGEST_LINE)) await take(piece);
    } catch (error) {
      if (lettingGo) return;
      fault = error;
      await guarded.stop(0);
    }
  }

  async function* heard(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      limits.heard();
      yield chunk;
    }
  }

  async function take(piece: { line: string } | { dropped: number }): Promise<void> {
    if ("dropped" in piece) {
      await tell({ kind: "notice", text: `A line of ${piece.dropped} bytes was left out` });
      return;
    }
    const reading = agent.read(state, piece.line);
    state = reading.state;
    for (const message of reading.messages) await tell(message);
    if (agent.hasAnswered?.(state) && guarded.stdin.writable) guarded.stdin.end();
  }

  async function tell(message: AgentMessage): Promise<void> {
    const pushed = queue.push(message);
    if (!queue.isFull) return;
    limits.hold();
    // What it has said before its end is little, and nobody has to take it for the outcome to be known.
    await Promise.race([pushed, guarded.ended]);
    limits.release();
  }
}
