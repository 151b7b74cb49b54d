import { failpoint } from "../../base/failpoint.ts";
import { AUTO_CLEANUP, isTerminal, type SessionStatus } from "../../domain/session/session.ts";
import { parseTimestamp } from "../../domain/timestamp.ts";
import { isAnswered, noneAnswered } from "../../store/orders/open-orders.ts";
import { concludeOwned, reopenOwned, type Term } from "../../store/session/conclude-session.ts";
import { readLease, release } from "../../store/session/leases.ts";
import { loadSession } from "../../store/session/sessions.ts";
import type { SessionContext } from "../session-context.ts";
import { type OwnerEnd, ownerConclusion, ownerReopening } from "./owner-conclusions.ts";

/**
 * Ends a run on its owner's behalf and lets go of the session; resolves with the status it has then, or undefined when it is
 * somebody else's by now. A person's request to cancel, even one that comes at this moment, goes before every other end.
 *
 * A run that waits for answers is not paused over one (`running`: go on). No wake-up is lost: a submission is stored either
 * before the pause, whose own batch then finds it and writes nothing; or after it, and whoever resumes on the strength of
 * that submission looks at the session later still, and so finds it paused and let go of.
 */
export async function endRun(
  context: SessionContext,
  term: Term,
  { end: wanted, jobId }: { readonly end: OwnerEnd; readonly jobId: string | null },
): Promise<SessionStatus | undefined> {
  const { store } = context;
  for (;;) {
    const { lease } = await readLease(store, term.sessionId);
    if (lease?.epoch !== term.epoch || lease.ownerId !== term.ownerId) return undefined;
    const end = lease.cancelRequestedBy === null ? wanted : cancelled(lease.cancelRequestedBy, lease.cancelReason);
    const loaded = await loadSession(store, term.sessionId);
    if (!loaded) return undefined;
    const { session } = loaded;
    const at = store.stamp(parseTimestamp(session.status_at));
    if (session.status === "cancelled" && session.status_by === AUTO_CLEANUP) {
      failpoint("end-run:reopen:before");
      await reopenOwned(store, term, loaded, ownerReopening(session, term, at));
      failpoint("end-run:reopen:after");
      continue;
    }
    if (isTerminal(session.status)) {
      failpoint("end-run:release:before");
      await store.database.write([release(term.sessionId, term.epoch, term.ownerId)]);
      failpoint("end-run:release:after");
      return session.status;
    }
    const conclusion = ownerConclusion(session, term, { end, at, jobId });
    const awaits = end.status === "paused" ? end.awaits : undefined;
    const provided = awaits && noneAnswered(awaits);
    failpoint("end-run:before");
    const written = await concludeOwned(store, term, loaded, conclusion, end.status === "cancelled", provided);
    failpoint("end-run:after");
    if (written === "written") return end.status;
    if (awaits && (await isAnswered(store, awaits))) return "running";
  }
}

function cancelled(by: string, reason: string | null): OwnerEnd {
  return { status: "cancelled", by, reason: reason ?? "Cancelled on request" };
}
