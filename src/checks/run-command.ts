import { delay } from "../base/delay.ts";
import { OuroborosError } from "../base/errors.ts";
import { type AgentEnd, type GuardedAgent, startGuarded } from "../process/agent/guarded-agent.ts";
import type { AgentGroup } from "../process/agent/process-tree.ts";
import { watchActiveTime } from "./active-time.ts";
import { createBoundedOutput } from "./bounded-output.ts";

/** What one run of a command came to. */
export interface CommandResult {
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly timed_out: boolean;
  /** Both of its outputs as they came, the middle left out when that is too much. */
  readonly output: Uint8Array;
  readonly output_truncated: boolean;
  readonly ms: number;
  /** Why there is no result at all: it was not started, or was stopped by us or under us. */
  readonly could_not_run: string | null;
}

/** How long a worker may be believed to own its run, as its lease says. */
interface Trust {
  trustMs(): number;
  /** Calls back with each extension, until the answer is called. */
  onTrust(listener: (ms: number) => void): () => void;
}

/** What the caller of a check decides about its run. */
export interface CommandLimits {
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
  readonly trust: Trust;
  /** Puts its process group on record before it does anything; false when nothing may be done any more. */
  readonly record?: (group: AgentGroup) => Promise<boolean>;
}

/** The reason when it was us, or our caller, who let it not run to its end. */
export const STOPPED = "It was stopped";

const TIMEOUT_MS = 600_000;
const GRACE_MS = 2_000;
const HEAD_BYTES = 64 * 2 ** 10;
const TAIL_BYTES = 192 * 2 ** 10;
/** For its last words to come through once all of it is gone. */
const LAST_WORDS_MS = 5_000;

/**
 * Runs a line as the system's shell reads it. The only place that does: a verify command is a shell's line. It runs under
 * a guard: suspended while the lease is not trusted, gone with everything it started when this resolves.
 */
export async function runCommand(command: string, folder: string, limits: CommandLimits): Promise<CommandResult> {
  const { env, signal, trust, record } = limits;
  if (signal.aborted) return notRun(STOPPED);
  let agent: GuardedAgent;
  try {
    agent = await startGuarded({ command: shellOf(command), cwd: folder, env, trustMs: trust.trustMs() });
  } catch (error) {
    if (error instanceof OuroborosError) return notRun(error.message);
    throw error;
  }
  const clock = watchActiveTime(limits.timeoutMs ?? TIMEOUT_MS, trust.trustMs(), () => void agent.stop(GRACE_MS));
  const stopTrusting = trust.onTrust((ms) => {
    clock.trusted(ms);
    agent.trust(ms);
  });
  agent.trust(trust.trustMs());
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    void agent.stop(GRACE_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    const mayRun = record === undefined || (await record(agent.group));
    if (!mayRun || signal.aborted) stop();
    clock.begin();
    if (!stopped) agent.send("\n");
    return await follow();
  } finally {
    clock.close();
    signal.removeEventListener("abort", stop);
    stopTrusting();
    await agent.stop(0);
  }

  async function follow(): Promise<CommandResult> {
    const output = createBoundedOutput(HEAD_BYTES, TAIL_BYTES);
    const reading = readAll(agent, output.add);
    const end = await agent.ended;
    clock.close();
    const late = new AbortController();
    await Promise.race([Promise.all([reading, agent.errorsEnded]), delay(LAST_WORDS_MS, late.signal)]);
    late.abort();
    // Whoever escaped may still hold the other ends.
    agent.letGo();
    await reading;
    // What the shell itself had to say; on Windows, all that was said there.
    output.add(Buffer.from(agent.errorTail()));
    return {
      exit_code: end.code,
      signal: end.signal,
      timed_out: clock.isOver() && !stopped,
      output: output.bytes(),
      output_truncated: output.isTruncated(),
      ms: clock.passed(),
      could_not_run: whyNot(end, stopped),
    };
  }
}

/** Nothing is done before a line comes on its input; the command itself finds its input empty, and its outputs are one. */
function shellOf(command: string): string[] {
  // Written from the manual, not run yet.
  if (process.platform === "win32") return ["cmd.exe", "/d", "/s", "/c", command];
  return ["/bin/sh", "-c", 'read -r go || exit 125; exec /bin/sh -c "$1" </dev/null 2>&1', "sh", command];
}

async function readAll(agent: GuardedAgent, onChunk: (chunk: Uint8Array) => void): Promise<void> {
  try {
    for await (const chunk of agent.output) onChunk(chunk);
  } catch {
    // Closed under us, by us: what came until then is the output.
  }
}

function whyNot(end: AgentEnd, stopped: boolean): string | null {
  if (stopped) return STOPPED;
  return end.code === null && end.signal === null ? "Its guard was ended" : null;
}

function notRun(why: string): CommandResult {
  const nothing = { exit_code: null, signal: null, timed_out: false, output: new Uint8Array(), ms: 0 };
  return { ...nothing, output_truncated: false, could_not_run: why };
}
