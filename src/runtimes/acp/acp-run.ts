import { type ClientConnection, methods } from "@agentclientprotocol/sdk";
import * as v from "valibot";
import { delay } from "../../base/delay.ts";
import type { AgentEnd, GuardedAgent } from "../../process/agent/guarded-agent.ts";
import { endInWords } from "../json-line.ts";
import { createMessageQueue } from "../message-queue.ts";
import type { AgentMessage, AgentRun, Outcome, Task } from "../runtime.ts";
import { watchTimeLimits } from "../time-limits.ts";
import { connectAgent } from "./acp-client.ts";
import { type Verdict, verdictOfError, verdictOfStop } from "./acp-endings.ts";
import { createFiles } from "./acp-files.ts";
import { greet, type OpenSession, openSession } from "./acp-session.ts";
import { acpStream } from "./acp-stream.ts";
import { createTerminals } from "./acp-terminals.ts";
import { clip } from "./acp-tools.ts";
import { createUpdates } from "./acp-updates.ts";
import { usageOf } from "./acp-usage.ts";

const Stopped = v.object({ stopReason: v.string() });

/** An agent that has said all is quiet this long; some say their last words after the end of the turn. */
const QUIET_MS = 150;
const QUIET_DEADLINE_MS = 3_000;
/** How long an agent may take to end by itself once its input is closed. */
const LEAVE_MS = 5_000;
const GRACE_MS = 2_000;
const CANCEL_MS = 2_000;
const LONGEST_QUEUE = 32;
const MOST_GARBAGE_NOTICES = 5;

interface TaskOfAgent {
  readonly name: string;
  readonly task: Task;
  /** The work folder's real path. */
  readonly root: string;
  /** What the commands get that it asks us to run: less than the agent itself. */
  readonly commandEnv: Readonly<Record<string, string>>;
  readonly trustMs: number;
}

/** One task of an agent that runs under its guard and has been told nothing yet. */
export function runAcpTask(agent: GuardedAgent, { name, task, root, commandEnv, trustMs }: TaskOfAgent): AgentRun {
  const queue = createMessageQueue<AgentMessage>(LONGEST_QUEUE);
  const updates = createUpdates(say);
  const files = createFiles({ root, access: task.access });
  const terminals = createTerminals({ root, access: task.access, env: commandEnv, trustMs, onOutput: heard });
  const outcome = Promise.withResolvers<Outcome>();
  const decided = Promise.withResolvers<void>();
  let startedAt = performance.now();
  let lastHeard = startedAt;
  const limits = watchTimeLimits(task.limits, trustMs, (why) =>
    decide({ ending: "timed_out", error: `was ended because ${why}` }),
  );
  /** Resolves once nobody has to take what it says for the end to come. */
  const lifted = Promise.withResolvers<void>();
  let isLifted = false;
  let taken: Promise<void> = Promise.resolve();
  let connection: ClientConnection | undefined;
  let allRead: Promise<void> | undefined;
  let session: OpenSession | undefined;
  let prompted: Promise<unknown> | undefined;
  let answer: unknown;
  let verdict: Verdict | undefined;
  let garbage = 0;
  let graceMs = GRACE_MS;
  /** Whether we told it to end; until then its exit is its own word. */
  let endedByUs = false;

  void agent.ended.then(() => {
    if (connection === undefined) decide({ ending: "crashed", error: "ended before it was asked anything" });
  });
  void decided.promise.then(finish);

  return {
    group: agent.group,
    begin,
    trust(ms) {
      limits.trusted(ms);
      agent.trust(ms);
      terminals.extendTrust(ms);
    },
    async stop(ms) {
      if (verdict === undefined) {
        graceMs = ms;
        decide({ ending: "stopped", error: "was stopped before it had finished" });
      } else {
        // It is ending already, and may take less time for it.
        endedByUs = true;
        void agent.stop(ms);
      }
      await outcome.promise;
    },
    outcome: outcome.promise,
  };

  function begin(): AsyncIterable<AgentMessage> {
    if (connection !== undefined) throw new Error("An agent is given its task once");
    if (verdict !== undefined) return queue.items;
    startedAt = performance.now();
    limits.begin();
    connection = connect();
    void converse(connection);
    return queue.items;
  }

  function connect(): ClientConnection {
    const { stream, ended } = acpStream(agent, { room, onUpdate, onGarbage, onHeard: heard });
    allRead = ended;
    const isOver = (): boolean => verdict !== undefined;
    return connectAgent(stream, { root, access: task.access, files, terminals, toolOf: updates.asked, isOver });
  }

  async function converse({ agent: peer, signal }: ClientConnection): Promise<void> {
    let authMethods: unknown;
    try {
      const greeting = await greet(peer, task.access);
      authMethods = greeting.authMethods;
      session = await openSession(peer, task, { root, greeting, notice });
      // A history that is replayed may come after the session is said to be open.
      if (session.resumed) await quiet();
      if (verdict !== undefined) return;
      updates.listen(session.id);
      say({ kind: "session", handle: session.id, model: session.model });
      const prompt = [{ type: "text" as const, text: promptOf(task) }];
      prompted = peer.request<unknown>(methods.agent.session.prompt, { sessionId: session.id, prompt });
      answer = await prompted;
      const stopped = v.safeParse(Stopped, answer);
      decide(verdictOfStop(stopped.success ? stopped.output.stopReason : "none"));
    } catch (error) {
      const isGone =
        signal.aborted &&
        allRead !== undefined &&
        (await within(
          0,
          allRead.then(() => true),
        )) === true;
      const why = verdictOfError(error, authMethods);
      decide(isGone && why.ending === "crashed" ? { ending: "crashed", error: "ended without saying how" } : why);
    }
  }

  /** The first word counts. */
  function decide(one: Verdict): void {
    if (verdict !== undefined) return;
    verdict = one;
    decided.resolve();
  }

  async function finish(): Promise<void> {
    const isAnswered = answer !== undefined;
    // Nobody needs to take what comes now for the end to come.
    if (!isAnswered) lift();
    const commands = terminals.close(isAnswered ? 0 : Math.min(graceMs, CANCEL_MS));
    if (isAnswered) await leave();
    else if (verdict?.ending !== "crashed") await cancel();
    const own = await endOfItsOwn();
    if (own === null) endedByUs = true;
    const end = own ?? (await agent.stop(graceMs));
    await Promise.all([commands, readToEnd()]);
    limits.close();
    connection?.close();
    // Whoever escaped it may still hold the other ends.
    agent.letGo();
    updates.flush();
    queue.end();
    outcome.resolve(summary(end));
  }

  /** Lets it say its last words and end by itself. */
  async function leave(): Promise<void> {
    await quiet();
    agent.stdin.end();
    await within(LEAVE_MS, agent.ended);
  }

  /** Asks it to end its turn; what it says to that is of no more interest. */
  async function cancel(): Promise<void> {
    if (connection === undefined || session === undefined || prompted === undefined) return;
    const began = performance.now();
    const asked = connection.agent.notify(methods.agent.session.cancel, { sessionId: session.id });
    const done = asked.then(() => prompted).catch(() => {});
    await within(Math.min(graceMs / 2, CANCEL_MS), done, agent.ended);
    graceMs = Math.max(0, graceMs - (performance.now() - began));
  }

  /** How it ended, where it did so unasked; one that closed its output may be on its way. */
  async function endOfItsOwn(): Promise<AgentEnd | null> {
    const patience = verdict?.ending === "crashed" ? LEAVE_MS : 0;
    return await within(patience, agent.ended);
  }

  /** The last of what it said is on its way when it is gone already. */
  async function readToEnd(): Promise<void> {
    if (allRead !== undefined) await within(LEAVE_MS, allRead);
  }

  function summary(end: AgentEnd): Outcome {
    const { ending, error } = verdictOf(end);
    return {
      ending,
      text: updates.lastWord(),
      structured: null,
      error: error === null ? null : `${name} ${error}${/[.!?]$/.test(error) ? "" : "."}`,
      retry_after_ms: null,
      handle: session?.id ?? null,
      usage: usageOf(answer, updates.cost()),
      exit_code: end.code,
      signal: end.signal,
      duration_ms: Math.round(performance.now() - startedAt),
    };
  }

  function verdictOf(end: AgentEnd): Verdict {
    const said = verdict ?? { ending: "crashed", error: "ended without saying how" };
    const how = endInWords(end);
    if (said.ending === "crashed") {
      const [complaint = ""] = agent.errorTail().trim().split("\n").slice(-1);
      const last = complaint === "" ? "" : `; its last complaint: ${clip(complaint, 300)}`;
      return { ending: "crashed", error: `${said.error} (${how})${last}` };
    }
    if (said.ending === "succeeded" && !endedByUs && end.code !== 0)
      return { ending: "failed", error: `said that it was done and then ended with ${how}` };
    return said;
  }

  async function room(): Promise<void> {
    if (!queue.isFull || isLifted) return;
    limits.hold();
    await Promise.race([taken, lifted.promise]);
    limits.release();
  }

  function lift(): void {
    isLifted = true;
    lifted.resolve();
  }

  function onUpdate(params: unknown): void {
    updates.take(params);
  }

  function onGarbage(line: string): void {
    if (++garbage <= MOST_GARBAGE_NOTICES) notice(`It said something that is no message: ${clip(line, 200)}`);
  }

  /** What it says before it has its prompt is no output yet. */
  function heard(): void {
    lastHeard = performance.now();
    if (prompted !== undefined) limits.heard();
  }

  function notice(text: string): void {
    say({ kind: "notice", text });
  }

  function say(message: AgentMessage): void {
    if (!isLifted || !queue.isFull) taken = queue.push(message);
  }

  async function quiet(): Promise<void> {
    const deadline = performance.now() + QUIET_DEADLINE_MS;
    const since = performance.now();
    while (performance.now() < deadline) {
      const silentMs = performance.now() - Math.max(lastHeard, since);
      if (silentMs >= QUIET_MS) return;
      await within(QUIET_MS - silentMs, agent.ended);
      if (connection?.signal.aborted) return;
    }
  }
}

function promptOf({ instructions, prompt }: Task): string {
  return instructions === undefined ? prompt : `${instructions}\n\n${prompt}`;
}

/** What the first of them comes to, or null when that takes longer. */
async function within<T>(ms: number, ...promises: readonly Promise<T>[]): Promise<T | null> {
  const late = new AbortController();
  try {
    return await Promise.race([...promises, delay(ms, late.signal).then(() => null)]);
  } finally {
    // A timer that nobody waits for would keep the process.
    late.abort();
  }
}
