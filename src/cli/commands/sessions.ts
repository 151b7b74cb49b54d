import type { Session, SessionStatus } from "../../domain/session/session.ts";
import { isTerminal } from "../../domain/session/session.ts";
import { judgeSession } from "../../sessions/session-context.ts";
import { listSessions } from "../../store/session/sessions.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { lines, table } from "../render.ts";
import { statusColour } from "../status-colour.ts";

export type SessionsFlags = SharedFlags & {
  readonly status?: SessionStatus | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
};

const STANDARD_LIMIT = 20;

/** `ouroboros sessions`: a page of them, newest first; those that run are judged now. */
export function sessions({ style }: Cli, flags: SessionsFlags): Promise<Answer> {
  return look(flags, async (context) => {
    const page = await listSessions(context.store, {
      limit: flags.limit ?? STANDARD_LIMIT,
      ...(flags.status === undefined ? {} : { status: flags.status }),
      ...(flags.cursor === undefined ? {} : { cursor: flags.cursor }),
    });
    const listed = [];
    for (const session of page.sessions) {
      const running = session.status === "running";
      const verdict = running ? (await judgeSession(context, session.session_id))?.verdict : undefined;
      listed.push(toListed(session, verdict));
    }
    const next = page.cursor ?? null;
    const more = next === null ? [] : [`More: ouroboros sessions --cursor '${next}'`];
    const none = listed.length === 0 ? ["No sessions."] : [];
    const rows = table(
      style,
      [
        { heading: "STATUS", cell: (one) => one.status, colour: (one) => statusColour(one.status) },
        { heading: "LIVENESS", cell: (one) => one.liveness ?? "" },
        { heading: "SESSION", cell: (one) => one.session_id },
        { heading: "GOAL", cell: (one) => one.goal ?? "", grows: true },
        { heading: "STARTED (UTC)", cell: (one) => toSecond(one.started_at) },
        { heading: "ENDED (UTC)", cell: (one) => toSecond(one.ended_at ?? "") },
      ],
      listed,
    );
    const text = !style.forPeople ? rows : none.length > 0 ? lines(none) : rows + lines(more);
    return { json: { sessions: listed, cursor: next }, text };
  });
}

function toListed(session: Session, verdict: { liveness: string; why: string } | undefined) {
  return {
    session_id: session.session_id,
    status: session.status,
    /** Only of sessions that run: the others have no owner to be alive. */
    liveness: verdict?.liveness ?? null,
    why: verdict?.why ?? null,
    execution_id: session.execution_id,
    seed_id: session.seed_id,
    goal: session.goal,
    started_at: session.started_at,
    ended_at: isTerminal(session.status) ? session.status_at : null,
    status_by: session.status_by,
    reason: session.reason,
    batch_id: session.batch_id,
  };
}

/** Stored times carry microseconds, which nobody compares by eye. */
function toSecond(stored: string): string {
  return stored.replace("T", " ").slice(0, 19);
}
