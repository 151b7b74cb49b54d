import { Database } from "bun:sqlite";

/** What stands in a store about one orphan: how many rows of each kind that one verdict writes. */
export interface VerdictRows {
  readonly session: number;
  readonly execution: number;
  readonly job: number;
  /** The session's status in the projection, where there is one already. */
  readonly projected: string | undefined;
}

export interface Orphan {
  readonly session_id: string;
  readonly execution_id: string | null;
  readonly job_id: string | null;
}

/** Reads a store that nobody has open; throws when the file itself is damaged. */
export function readVerdicts(path: string, orphans: readonly Orphan[]): VerdictRows[] {
  using store = new Database(path);
  const check = store.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get();
  if (check?.integrity_check !== "ok") throw new Error(`The store ${path} is damaged: ${check?.integrity_check}`);
  const count = store.query<{ n: number }, [string | null, string]>(
    "SELECT count(*) AS n FROM events WHERE aggregate_id = ? AND event_type = ?",
  );
  const of = (id: string | null, type: string) => count.get(id, type)?.n ?? 0;
  const hasProjection = store.query("SELECT 1 FROM sqlite_master WHERE name = 'ouro_session'").get() !== null;
  const status = hasProjection
    ? store.query<{ status: string }, [string]>("SELECT status FROM ouro_session WHERE session_id = ?")
    : undefined;
  return orphans.map(({ session_id, execution_id, job_id }) => ({
    session: of(session_id, "orchestrator.session.cancelled"),
    execution: of(execution_id, "execution.terminal"),
    job: of(job_id, "mcp.job.interrupted"),
    projected: status?.get(session_id)?.status,
  }));
}

/** The verdicts that are neither carried out as a whole nor left as a whole. */
export function halfVerdicts(verdicts: readonly VerdictRows[]): VerdictRows[] {
  return verdicts.filter(({ session, execution, job, projected }) => {
    const isWhole = session === 1 && execution === 1 && job === 1 && projected === "cancelled";
    const isUntouched = session === 0 && execution === 0 && job === 0 && projected !== "cancelled";
    return !isWhole && !isUntouched;
  });
}
