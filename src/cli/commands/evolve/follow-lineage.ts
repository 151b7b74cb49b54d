import { delay } from "../../../base/delay.ts";
import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import { pauseWords } from "../../../domain/session/pause-reason.ts";
import type { SessionContext } from "../../../sessions/session-context.ts";
import { viewLineage } from "../../../views/lineage.ts";
import { lineageGraph, lineageText } from "../../../views/lineage-text.ts";
import { loadLineage } from "../../../views/load-lineage.ts";
import { sessionStatus } from "../../../views/session-status.ts";
import type { ConductorStarted } from "../../../workflows/evolution/start-conductor.ts";
import type { Answer, Cli } from "../../command.ts";
import { EXIT } from "../../exit-code.ts";
import { lines, oneLine } from "../../render.ts";

const LOOK_EVERY_MS = 500;

/** Tells each change of a lineage on stderr until its session runs no more or the command is interrupted; it goes on then. */
export async function followLineage(
  { errors, interruption }: Cli,
  context: SessionContext,
  started: ConductorStarted,
): Promise<Answer | Refusal> {
  const told = new Set<string>();
  for (;;) {
    // The session first: what it wrote before its end is then there.
    const session = await sessionStatus(context, started.session_id);
    if (isRefusal(session)) return session;
    const lineage = await loadLineage(context.store, started.lineage_id);
    if (isRefusal(lineage)) return lineage;
    for (const line of lineageGraph(lineage).filter((one) => !told.has(one))) {
      told.add(line);
      await errors.write(`${line}\n`);
    }
    const isDead = session.status === "running" && session.liveness === "stale";
    if (session.status !== "running" || isDead || interruption.signal.aborted) {
      const { status, reason } = session;
      const why = reason === null ? "" : ` (${pauseWords(reason)})`;
      const state = isDead ? `has died: ${session.why}` : `is ${status}${why}`;
      const next = status === "paused" || isDead ? [`Go on: ouroboros resume ${started.session_id}`] : [];
      const json = { ...started, session_status: status, session_reason: reason, ...viewLineage(lineage) };
      const text = `${lineageText(lineage)}\n${lines([oneLine(`${started.session_id} ${state}.`), ...next])}`;
      const isFine = status === "completed" || (status === "running" && !isDead);
      return { json, text, exitCode: isFine ? EXIT.ok : EXIT.failure };
    }
    await delay(LOOK_EVERY_MS, interruption.signal);
  }
}
