import { client } from "@agentclientprotocol/sdk";
import * as v from "valibot";
import { delay } from "../../base/delay.ts";
import { messageOf } from "../../base/errors.ts";
import { startGuarded } from "../../process/agent/guarded-agent.ts";
import { neutralFolder } from "../../process/neutral-folder.ts";
import type { Probe } from "../runtime.ts";
import { greet } from "./acp-session.ts";
import { acpStream } from "./acp-stream.ts";

const PATIENCE_MS = 15_000;
const GRACE_MS = 1_000;
const AuthMethods = v.fallback(v.array(v.object({ name: v.string() })), []);

/** Greets an installed agent and lets it go: nothing is asked of its model, and no session is made. */
export async function probeAcpAgent(
  { command, env }: { command: readonly string[]; env: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<Probe> {
  const found = { installed: true, version: null, logged_in: null, models: [] };
  const [program = ""] = command;
  const cwd = neutralFolder();
  try {
    const agent = await startGuarded({ command, cwd, env, trustMs: 2 * PATIENCE_MS });
    const ignore = (): void => {};
    const hooks = { room: () => Promise.resolve(), onUpdate: ignore, onGarbage: ignore, onHeard: ignore };
    const connection = client({ name: "ouroboros" }).connect(acpStream(agent, hooks).stream);
    try {
      const late = delay(PATIENCE_MS, signal).then(() => null);
      const greeting = await Promise.race([greet(connection.agent, "read_only"), late]);
      if (greeting === null) return { ...found, note: `${program} did not answer its greeting` };
      const ways = v.parse(AuthMethods, greeting.authMethods).map(({ name }) => name);
      const note = ways.length === 0 ? "" : `; ways to log in: ${ways.join(", ")}`;
      return { ...found, version: greeting.agentInfo?.version ?? null, note: `${program}${note}` };
    } finally {
      connection.close();
      await agent.stop(GRACE_MS);
      agent.letGo();
    }
  } catch (error) {
    return { ...found, note: `${program} does not work as an agent: ${messageOf(error)}` };
  }
}
