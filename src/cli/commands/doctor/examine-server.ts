import { SWEEPER_SEAT } from "../../../sessions/sweep/sweeper-election.ts";
import { readLease } from "../../../store/session/leases.ts";
import type { Store } from "../../../store/store.ts";
import type { Problem } from "./problem.ts";

/** How far a server is, in both senses; null for a file. */
export interface ServerFindings {
  readonly round_trip_ms: number;
  /** By how much its clock is ahead of this machine's. */
  readonly clock_ahead_seconds: number;
}

const CLOCKS_APART_SECONDS = 10;

/** Examines the road to a server, its clock, and whether the token is safe on that road. */
export async function examineServer(store: Store, problems: Problem[]): Promise<ServerFindings | null> {
  const { target } = store;
  if (target.kind === "file") return null;
  const [sentAt, from] = [Date.now(), performance.now()];
  const { now } = await readLease(store, SWEEPER_SEAT);
  const took = performance.now() - from;
  const ahead = Math.round(now - (sentAt + took / 2) / 1000);
  if (Math.abs(ahead) > CLOCKS_APART_SECONDS) {
    problems.push({
      code: "clocks_apart",
      message: `The server's clock is ${Math.abs(ahead)} seconds ${ahead > 0 ? "ahead of" : "behind"} this machine's`,
      next: "Have both set by the network: leases go by the server's clock alone, times in lists by everybody's own",
    });
  }
  if (target.token !== undefined && isInTheClear(target.url)) {
    problems.push({
      code: "token_in_the_clear",
      message: "The token travels to the server without encryption",
      next: "Put a proxy with TLS before the server, and https:// into OUROBOROS_DATABASE_URL",
    });
  }
  return { round_trip_ms: Math.round(took), clock_ahead_seconds: ahead };
}

function isInTheClear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}
