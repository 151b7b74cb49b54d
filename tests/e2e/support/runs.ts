import { Database } from "bun:sqlite";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRunning, until } from "../../support/agent-processes.ts";
import { AGENT_CONFIG } from "../../support/resumable-home.ts";
import type { Sandbox } from "./sandbox.ts";

/** What a test says of the runs in a sandbox's store, read from outside: the programs under test have it open. */
export interface Runs extends AsyncDisposable {
  /** The steps the agent has done, in order, as it noted them itself. */
  journal(): string[];
  hold(): Promise<void>;
  letGo(): Promise<void>;
  /** Rows of a session and its execution, in commit order. */
  rows(...ids: string[]): { aggregate_id: string; event_type: string; payload: Record<string, unknown> }[];
  statusOf(sessionId: string): string | undefined;
  /** The process that owns a session by its lease; it has to be gone before the sandbox is. */
  owner(sessionId: string): number;
}

/** Configures the little agent in a sandbox that has a store already. */
export async function openRuns({ home, project }: Sandbox): Promise<Runs> {
  const folder = join(home, ".ouroboros");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.yaml"), AGENT_CONFIG);
  const [journal, hold, path] = [join(project, "journal"), join(project, "hold"), join(folder, "ouroboros.db")];
  const owners = new Set<number>();
  const read = <T>(sql: string, args: string[]): T[] => {
    using store = new Database(path);
    store.run("PRAGMA busy_timeout = 5000");
    return store.query<T, string[]>(sql).all(...args);
  };
  const letGo = async () => Bun.file(hold).delete();
  return {
    journal: () => (existsSync(journal) ? readFileSync(journal, "utf8").trim().split("\n") : []),
    hold: () => writeFile(hold, ""),
    letGo,
    rows: (...ids) =>
      read<{ aggregate_id: string; event_type: string; payload: string }>(
        `SELECT aggregate_id, event_type, payload FROM events WHERE aggregate_id IN (${ids.map(() => "?")}) ORDER BY rowid`,
        ids,
      ).map((row) => ({ ...row, payload: JSON.parse(row.payload) })),
    statusOf: (id) => read<{ status: string }>("SELECT status FROM ouro_session WHERE session_id = ?", [id])[0]?.status,
    owner(id) {
      const [lease] = read<{ pid: number }>("SELECT pid FROM ouro_lease WHERE session_id = ?", [id]);
      if (!lease) throw new Error(`Nobody owns ${id}`);
      owners.add(lease.pid);
      return lease.pid;
    },
    async [Symbol.asyncDispose]() {
      if (existsSync(hold)) await letGo();
      try {
        await until(() => ![...owners].some(isRunning), "the workers have ended");
      } finally {
        for (const pid of [...owners].filter(isRunning)) process.kill(pid, "SIGKILL");
      }
    },
  };
}

/** Processes of a sandbox that serve MCP. */
export function serversOf({ home }: Sandbox): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isRunning(pid) && servesFrom(pid, home));
}

function servesFrom(pid: number, home: string): boolean {
  try {
    const parts = (file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0");
    return parts("environ").includes(`HOME=${home}`) && /\bmcp serve\b/.test(parts("cmdline").join(" "));
  } catch {
    return false; // It has gone meanwhile.
  }
}
