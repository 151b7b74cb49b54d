import { ownerState, type SessionContext } from "../../../sessions/session-context.ts";
import { SWEEPER_SEAT } from "../../../sessions/sweep/sweeper-election.ts";
import { listReceipts } from "../../../store/receipts.ts";
import { catchUp } from "../../../store/session/catch-up.ts";
import { readLease } from "../../../store/session/leases.ts";
import { countSessions } from "../../../store/session/sessions.ts";
import { metQuarantined } from "../store/met-quarantined.ts";
import { sizesOf, toShape } from "../store/store-facts.ts";
import { examineServer, type ServerFindings } from "./examine-server.ts";
import { examineUpkeep, type UpkeepFindings } from "./examine-upkeep.ts";
import type { Problem } from "./problem.ts";

/** What the doctor found in a store that could be opened. */
export interface StoreFindings {
  readonly engine: "file" | "remote";
  readonly access: "write" | "read";
  readonly shape: ReturnType<typeof toShape>;
  readonly server: ServerFindings | null;
  readonly sizes: { readonly file_bytes: number; readonly wal_bytes: number } | null;
  readonly sessions: Readonly<Record<string, number>>;
  /** Who holds the seat of the one process that cleans up, or held it last. */
  readonly sweeper: {
    readonly held: boolean;
    readonly pid: number | null;
    readonly owner: string;
    readonly why: string;
    readonly expires_in_seconds: number | null;
  } | null;
  /** Receipts of the latest starts, as they were written. */
  readonly starts: readonly Readonly<Record<string, unknown>>[];
  /** Undecodable rows met while catching up, now and by those starts. */
  readonly quarantined: number;
  readonly upkeep: UpkeepFindings;
}

const STARTS = 5;
const LARGE_LOG_BYTES = 256 * 1024 ** 2;

/** Examines an open store. */
export async function examineStore(context: SessionContext, problems: Problem[]): Promise<StoreFindings> {
  const { store } = context;
  const { quarantined } = await catchUp(store);
  const sizes = await sizesOf(store.target);
  const starts = await listReceipts(store, STARTS);
  const met = await metQuarantined(store, quarantined);
  const [latest] = starts;
  if (String(latest?.phase).startsWith("degraded")) {
    problems.push({
      code: "degraded_start",
      message: `The latest start of a server, at ${latest?.scheduled_at}, could not do all it should: ${latest?.phase}`,
      next: "Its host's log says why; `ouroboros cleanup` does what it could not",
    });
  }
  if (store.readOnlyBecause !== undefined) {
    problems.push({
      code: "store_read_only",
      message: `The store is only read: ${store.readOnlyBecause}`,
      next: "Sessions can be looked at; to act on them, use the ouroboros that changed it, or a token that may write",
    });
  }
  if (store.shape.missingIndexes.length > 0) {
    problems.push({
      code: "missing_indexes",
      message: `The table of events lacks indexes: ${store.shape.missingIndexes.join(", ")}`,
      next: "Everything works, only slower; a program of upstream's that opens the store adds them",
    });
  }
  if (met > 0) {
    problems.push({
      code: "quarantined_rows",
      message: `Rows that cannot be decoded were met while catching up: ${met}`,
      next: "`ouroboros store check` lists them; they are skipped and nothing is lost",
    });
  }
  if (sizes && sizes.wal_bytes > LARGE_LOG_BYTES) {
    problems.push({
      code: "large_log",
      message: `The write-ahead log has grown to ${sizes.wal_bytes} bytes`,
      next: "End programs that keep the store open for reading; the next one to close it empties the log",
    });
  }
  return {
    engine: store.database.engine,
    access: store.access,
    shape: toShape(store.shape),
    server: await examineServer(store, problems),
    sizes,
    sessions: await countSessions(store),
    sweeper: await examineSeat(context),
    starts,
    quarantined: met,
    upkeep: await examineUpkeep(store, sizes, problems),
  };
}

async function examineSeat(context: SessionContext): Promise<StoreFindings["sweeper"]> {
  const { lease, now } = await readLease(context.store, SWEEPER_SEAT);
  if (!lease) return null;
  const { state, why, pid } = ownerState(lease, context.identity);
  const left = lease.expiresAt === null ? null : Math.round(lease.expiresAt - now);
  return { held: left !== null && left > 0 && state !== "dead", pid, owner: state, why, expires_in_seconds: left };
}
