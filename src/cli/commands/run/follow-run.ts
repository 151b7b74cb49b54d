import { delay } from "../../../base/delay.ts";
import type { SessionStatus } from "../../../domain/session/session.ts";
import type { SessionContext } from "../../../sessions/session-context.ts";
import { readProgress } from "../../../store/session/session-progress.ts";
import { loadSession } from "../../../store/session/sessions.ts";
import type { Cli } from "../../command.ts";
import { oneLine } from "../../render.ts";

const LOOK_EVERY_MS = 500;

/** How a followed run stands at the end, or when the person stopped looking. */
export interface Followed {
  readonly status: SessionStatus;
  readonly reason: string | null;
  readonly steps_done: number | null;
  readonly steps_total: number | null;
}

/** Tells each change of a run on stderr until it runs no more or the command is interrupted; the run itself goes on then. */
export async function followRun(
  { errors, interruption }: Cli,
  context: SessionContext,
  sessionId: string,
): Promise<Followed> {
  let told = "";
  for (;;) {
    const loaded = await loadSession(context.store, sessionId);
    if (!loaded) throw new Error(`Session ${sessionId} has gone from the store`);
    const { session } = loaded;
    const { keys } = await readProgress(context.store, session);
    const now = {
      done: count(keys.completed_count),
      total: count(keys.total_count),
      step: String(keys.activity ?? ""),
    };
    const line = `${now.done ?? "?"} of ${now.total ?? "?"} steps done${now.step === "" ? "" : `; ${oneLine(now.step)}`}`;
    if (line !== told) await errors.write(`${line}\n`);
    told = line;
    const followed = { status: session.status, reason: session.reason, steps_done: now.done, steps_total: now.total };
    if (session.status !== "running" || interruption.signal.aborted) return followed;
    await delay(LOOK_EVERY_MS, interruption.signal);
  }
}

function count(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
