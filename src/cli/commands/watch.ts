import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { listSessions } from "../../store/session/sessions.ts";
import { changesBetween } from "../../views/run-text.ts";
import { type RunTree, runTree } from "../../views/run-tree.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { look } from "../open.ts";
import { conclusionOf } from "./run/conclusion.ts";
import { followed, followRun } from "./run/follow-run.ts";
import { lookOn } from "./run/look-on.ts";
import { watchLive } from "./watch/live.ts";

/** `ouroboros watch [ID]`: a run as it goes on, on the whole terminal; without one a line for each change, with --json a document. */
export function watch(cli: Cli, flags: SharedFlags, id?: string): Promise<Answer | Refusal | number> {
  return look<Answer | Refusal | number>(flags, async (context) => {
    const meant = id ?? (await newestRun(context));
    if (meant === undefined)
      return refuse("nothing_to_watch", "There is no run to watch", "Start one: ouroboros run SEED");
    const tree = await runTree(context, meant);
    if (isRefusal(tree)) return tree;
    const { session_id } = tree;
    if (flags.json) return inJson(cli, context, session_id);
    const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
    if (!isTerminal || tree.status !== "running")
      return conclusionOf({ session_id }, await followRun(cli, context, session_id));
    return conclusionOf({ session_id }, await followed(await watchLive(cli, context, tree)));
  });
}

async function inJson({ output, interruption }: Cli, context: SessionContext, id: string): Promise<number> {
  let before: RunTree | undefined;
  for await (const tree of lookOn(context, id, AbortSignal.any([interruption.signal, output.closed]))) {
    await output.write(`${JSON.stringify({ changes: changesBetween(before, tree), ...tree })}\n`);
    before = tree;
  }
  return before === undefined || before.status === "running" || before.status === "completed" ? EXIT.ok : EXIT.failure;
}

/** The newest one at work, else the newest there is. */
async function newestRun({ store }: SessionContext): Promise<string | undefined> {
  const [running] = (await listSessions(store, { limit: 1, status: "running" })).sessions;
  const [any] = running ? [running] : (await listSessions(store, { limit: 1 })).sessions;
  return any?.session_id;
}
