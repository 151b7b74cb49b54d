import type { SessionStatus } from "../../../domain/session/session.ts";
import type { SessionContext } from "../../../sessions/session-context.ts";
import { changesBetween } from "../../../views/run-text.ts";
import type { RunTree } from "../../../views/run-tree.ts";
import type { Cli } from "../../command.ts";
import { oneLine } from "../../render.ts";
import { lookOn } from "./look-on.ts";
import { outcomeOf, type RunOutcome } from "./outcome-text.ts";

/** How a followed run stands at the end, or when the person stopped looking. */
export interface Followed {
  readonly status: SessionStatus;
  readonly reason: string | null;
  readonly steps_done: number | null;
  readonly steps_total: number | null;
  readonly outcome: RunOutcome;
}

/** Tells each change of a run on stderr until it runs no more or the command is interrupted; the run itself goes on then. */
export async function followRun(
  { errors, interruption }: Cli,
  context: SessionContext,
  sessionId: string,
): Promise<Followed> {
  let tree: RunTree | undefined;
  for await (const now of lookOn(context, sessionId, interruption.signal)) {
    for (const line of changesBetween(tree, now)) await errors.write(`${oneLine(line)}\n`);
    tree = now;
  }
  if (!tree) throw new Error("A run is looked at once at least");
  return followed(tree);
}

/** A run as it stands, for a command that has followed it. */
export async function followed(tree: RunTree): Promise<Followed> {
  const { status, reason, done, total } = tree;
  const steps = total === 0 ? { steps_done: null, steps_total: null } : { steps_done: done, steps_total: total };
  return { status, reason, ...steps, outcome: await outcomeOf(tree) };
}
