import { dirname } from "node:path";
import { heldAndLapsed } from "../../../store/care/held-and-lapsed.ts";
import { freeInside } from "../../../store/care/shrink.ts";
import { type Growth, storeGrowth } from "../../../store/care/store-growth.ts";
import type { Store } from "../../../store/store.ts";
import { bytes } from "../../render.ts";
import { backupsBeside, freeBytes } from "../store/backup-file.ts";
import type { Problem } from "./problem.ts";

/** What a store takes and who holds it; null for what a server looks after itself. */
export interface UpkeepFindings {
  readonly growth: Growth | null;
  readonly free_bytes: number | null;
  readonly disk_free_bytes: number | null;
  /** Beside the store, under a standard name; their times in UTC. */
  readonly backups: {
    readonly count: number;
    readonly bytes: number;
    readonly oldest: string | null;
    readonly newest: string | null;
  } | null;
  readonly leases: { readonly held: readonly string[]; readonly lapsed: readonly string[] };
}

const DAYS = 7;
const GIB = 1024 ** 3;
const LARGE_STORE_BYTES = GIB;
const LOW_DISK_BYTES = GIB / 4;
const LARGE_BACKUPS_BYTES = 4 * GIB;

/** Examines what becomes a problem slowly. */
export async function examineUpkeep(
  store: Store,
  sizes: { readonly file_bytes: number } | null,
  problems: Problem[],
): Promise<UpkeepFindings> {
  const growth = await storeGrowth(store, DAYS);
  const leases = await heldAndLapsed(store);
  const free = await freeInside(store);
  if (sizes && free !== null) problems.push(...sizeProblems(sizes.file_bytes, free));
  if (leases.lapsed.length > 0) {
    problems.push({
      code: "lapsed_leases",
      message: `Owners have let their time run out without a word: ${leases.lapsed.join(", ")}`,
      next: "`ouroboros why ID` tells whether the owner is dead or stuck; `ouroboros resume ID` goes on with the session",
    });
  }
  if (store.target.kind === "remote") {
    return { growth, free_bytes: null, disk_free_bytes: null, backups: null, leases };
  }
  const disk = await freeBytes(dirname(store.target.path));
  if (disk !== undefined && disk < LOW_DISK_BYTES) {
    problems.push({
      code: "low_disk",
      message: `The store's disk has ${bytes(disk)} free`,
      next: "Free some space there: without any, nothing can be recorded and runs stand still",
    });
  }
  return {
    growth,
    free_bytes: free,
    disk_free_bytes: disk ?? null,
    backups: await examineBackups(store.target.path, problems),
    leases,
  };
}

function sizeProblems(size: number, free: number): Problem[] {
  if (size < LARGE_STORE_BYTES) return [];
  if (free > size / 2) {
    return [
      {
        code: "loose_store",
        message: `Of the store's ${bytes(size)}, ${bytes(free)} are free inside the file`,
        next: "`ouroboros store compact --yes --shrink` gives them back to the disk; new rows use them otherwise",
      },
    ];
  }
  return [
    {
      code: "large_store",
      message: `The store has grown to ${bytes(size)}`,
      next: "`ouroboros store info` shows what takes it; `ouroboros store compact` what could go. It is as quick as a small one",
    },
  ];
}

async function examineBackups(path: string, problems: Problem[]): Promise<UpkeepFindings["backups"]> {
  const found = await backupsBeside(path);
  const size = found.reduce((sum, backup) => sum + backup.bytes, 0);
  const [oldest] = found;
  if (found.length > 1 && oldest && size > LARGE_BACKUPS_BYTES) {
    problems.push({
      code: "large_backups",
      message: `${found.length} backups beside the store take ${bytes(size)}; the oldest is ${oldest.path}`,
      next: "Move or remove those that nobody needs; `ouroboros store restore FILE --verify` tells whether one can be relied on",
    });
  }
  return { count: found.length, bytes: size, oldest: timeOf(oldest?.path), newest: timeOf(found.at(-1)?.path) };
}

/** The time in a standard name. */
function timeOf(path: string | undefined): string | null {
  const [, day, time] = /\.backup-(\d{8})-(\d{6})\.db$/.exec(path ?? "") ?? [];
  if (day === undefined || time === undefined) return null;
  const date = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
  return `${date}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`;
}
