import type { AgentGroup } from "../process/agent/process-tree.ts";

/** What an agent is asked to do in a folder. */
export interface Task {
  readonly prompt: string;
  readonly cwd: string;
  /** `read_only`: look and answer, as a judge does. `write`: change files below the folder and run commands there. */
  readonly access: "read_only" | "write";
  /** In the agent's own words; its default when missing. */
  readonly model?: string | undefined;
  /** Standing instructions beside the prompt. */
  readonly instructions?: string | undefined;
  /** The handle of an earlier conversation of this runtime to go on with. */
  readonly resume?: string | undefined;
  /** JSON Schema of the answer, for runtimes that can hold an agent to one. */
  readonly answerSchema?: Readonly<Record<string, unknown>> | undefined;
  /** What the agent's environment holds besides the allow-list. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits: Limits;
}

/** Milliseconds after which an agent is ended: without any output, without further output, and in all. */
export interface Limits {
  readonly firstOutputMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** What an agent is seen doing, as it comes. */
export type AgentMessage =
  | { readonly kind: "session"; readonly handle: string; readonly model: string | null }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "thinking"; readonly text: string }
  | { readonly kind: "tool_started"; readonly id: string; readonly tool: string; readonly input: unknown }
  | { readonly kind: "tool_ended"; readonly id: string; readonly ok: boolean; readonly output: string }
  /** A warning or a retry: nothing that ends the run. */
  | { readonly kind: "notice"; readonly text: string };

/** Tokens and money as the agent reports them; null is "not reported", never a guess. */
export interface Usage {
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly cached_input_tokens: number | null;
  readonly cost_usd: number | null;
  readonly turns: number | null;
}

/** How a run of an agent ended. Success takes an explicit success record and exit code 0. */
export type Ending =
  | "succeeded"
  /** It said that it failed: an error record, a turn limit, an API error. */
  | "failed"
  /** It was done, and its answer is not of the form that was asked for: `text` is what it said instead. */
  | "off_form"
  /** The provider refused for now: rate limit, quota, overload. `retry_after_ms` where it said when. */
  | "limited"
  /** Not logged in, or a wrong key. */
  | "unauthorized"
  /** It is laid out for a host's agents, and nobody has handed it in yet; `handle` is the work order's id. */
  | "needs_host"
  /** It ended without saying how. */
  | "crashed"
  | "timed_out"
  /** Stopped by us. */
  | "stopped"
  | "not_started";

/** The one shape of every end, whoever the agent was. */
export interface Outcome {
  readonly ending: Ending;
  /** The agent's last word. */
  readonly text: string;
  /** The answer where a schema was asked for and the runtime holds agents to it. */
  readonly structured: unknown;
  /** Why it did not succeed, in a sentence. */
  readonly error: string | null;
  readonly retry_after_ms: number | null;
  /** To go on with this conversation later. */
  readonly handle: string | null;
  readonly usage: Usage | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly duration_ms: number;
}

/** An agent that was started and has been told nothing yet. */
export interface AgentRun {
  /** Its process group, to be recorded before it is told anything; null for one that is no process of ours. */
  readonly group: AgentGroup | null;
  /** Gives it the task; once. What it does comes as messages, to be read to their end. */
  begin(): AsyncIterable<AgentMessage>;
  /** Extends the time it may go on without hearing from its worker. */
  trust(ms: number): void;
  /** Ends it and everything it started; `outcome` follows. */
  stop(graceMs: number): Promise<void>;
  /** Resolves when it and everything it started are gone; never rejects. */
  readonly outcome: Promise<Outcome>;
}

/** What is known of an agent on this machine without asking it anything that costs money. */
export interface Probe {
  readonly installed: boolean;
  readonly version: string | null;
  /** Null where it cannot be told without a request. */
  readonly logged_in: boolean | null;
  readonly models: readonly string[];
  /** A sentence for a person: what is missing, or where it was found. */
  readonly note: string;
}

/** Something that does work in a folder. */
export interface Runtime {
  /** As the user's configuration calls it. */
  readonly name: string;
  readonly kind: "claude" | "codex" | "acp" | "command" | "host";
  probe(signal: AbortSignal): Promise<Probe>;
  /** Starts it for a task. Throws `agent_not_started` with what to do. `trustMs`: how long it may go on unheard. */
  start(task: Task, trustMs: number): Promise<AgentRun>;
}
