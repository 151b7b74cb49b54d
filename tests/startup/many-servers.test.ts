import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Receipt } from "../../src/startup/receipt.ts";
import { type RpcServer, startServer } from "../e2e/support/json-rpc-client.ts";
import { makeHome, type StoreHome } from "../support/given-store.ts";
import { until } from "../support/watched-start-up.ts";

const PROGRAM = join(import.meta.dirname, "../../src/main.ts");
const SOAK = process.env.SOAK === "1";
const SERVERS = SOAK ? 12 : 6;
const ORPHANS_TO_KILL_OVER = SOAK ? 2_000 : 400;
const FINISHED_MS = 3_000;
const LIMIT_MS = SOAK ? 300_000 : 60_000;

/** A real server on the store of a home, from the moment it is spawned. */
function serve({ home }: StoreHome): RpcServer {
  const env = { HOME: home, OUROBOROS_HOME: home, PATH: process.env.PATH ?? "" };
  return startServer({ command: process.execPath, args: [PROGRAM, "mcp", "serve"], env, cwd: home });
}

/** Introduces a client, as every host does; the start-up begins after that answer. */
async function introduce(server: RpcServer): Promise<void> {
  const clientInfo = { name: "test", version: "1" };
  await server.request("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
  server.notify("notifications/initialized");
}

async function receiptOf(server: RpcServer): Promise<Receipt> {
  const uri = "ouroboros://startup";
  const { result } = await server.request<{ contents: { text: string }[] }>("resources/read", { uri });
  return JSON.parse(result?.contents[0]?.text ?? "");
}

function settled(server: RpcServer): Promise<Receipt> {
  return until(
    () => receiptOf(server),
    (receipt) => receipt.settled_at !== null,
    LIMIT_MS / 2,
  );
}

async function leave(server: RpcServer): Promise<void> {
  server.closeStdin();
  expect(await server.exited).toEqual({ code: 0, signal: null });
}

interface SessionRows {
  readonly session_id: string;
  readonly cancelled: number;
  readonly terminals: number;
  readonly jobs: number;
  readonly projected: string;
  readonly lease: number;
}

/** What a store holds of each session. Only for when no server is left that has it open. */
function sessionRows({ path, truth }: StoreHome): SessionRows[] {
  using store = new Database(path);
  const count = (type: string) => `(SELECT count(*) FROM events WHERE event_type = '${type}' AND aggregate_id =`;
  const select = store.query<SessionRows, [string, string | null, string | null]>(`SELECT ?1 AS session_id,
${count("orchestrator.session.cancelled")} ?1) AS cancelled, ${count("execution.terminal")} ?2) AS terminals,
${count("mcp.job.interrupted")} ?3) AS jobs, (SELECT status FROM ouro_session WHERE session_id = ?1) AS projected,
(SELECT count(*) FROM ouro_lease WHERE session_id = ?1) AS lease`);
  return truth.map((one) => select.get(one.session_id, one.execution_id, one.job_id)).filter((row) => row !== null);
}

test(
  `of ${SERVERS} servers that start at once exactly one sweeps, and each orphan is cancelled once`,
  async () => {
    const orphans = { stale: 20, child_finished: 5, paused_resumed: 5, bad_row: 5, no_start: 5, young: 3, paused: 2 };
    await using home = await makeHome({ orphans, sessions: 4, events: 200 });
    await using servers = new AsyncDisposableStack();
    const all = Array.from({ length: SERVERS }, () => servers.use(serve(home)));
    await Promise.all(all.map(introduce));
    const receipts = await Promise.all(all.map(settled));

    expect(receipts.map((receipt) => receipt.phase)).toEqual(Array(SERVERS).fill("settled"));
    const sweepers = receipts.filter((receipt) => receipt.role === "sweeper");
    expect(sweepers.map(({ cancelled, paused }) => ({ cancelled, paused }))).toEqual([{ cancelled: 40, paused: 0 }]);
    const bystanders = receipts.filter((receipt) => receipt.role === "bystander");
    const none = { examined: 0, cancelled: 0, paused: 0, skipped: 0, deferred: 0 };
    expect(bystanders).toHaveLength(SERVERS - 1);
    for (const bystander of bystanders)
      expect(bystander).toMatchObject({ ...none, since: { cancelled: 0, paused: 0 } });

    // A call that acts gets past the gate of every one of them.
    const answers = await Promise.all(
      all.map((server) =>
        server.request<{ structuredContent?: unknown; content: { text: string }[] }>("tools/call", {
          name: "ouroboros_cancel_execution",
          arguments: { execution_id: "exec_none" },
        }),
      ),
    );
    for (const { result } of answers) expect(result?.content[0]?.text).toContain("Execution not found: exec_none");
    await Promise.all(all.map(leave));

    const expected = new Map(home.truth.map((one) => [one.session_id, one.expected]));
    for (const row of sessionRows(home).filter(({ session_id }) => expected.get(session_id) === "cancelled")) {
      expect(row).toMatchObject({ cancelled: 1, projected: "cancelled", lease: 1 });
    }
    for (const row of sessionRows(home).filter(({ session_id }) => expected.get(session_id) === "spared")) {
      expect(row).toMatchObject({ cancelled: 0, lease: 0 });
    }
  },
  LIMIT_MS,
);

test(
  "a sweeper killed in the middle leaves whole verdicts only, and the next server finishes the rest soon",
  async () => {
    await using home = await makeHome({ orphans: { stale: ORPHANS_TO_KILL_OVER } });
    let done = 0;
    // One is killed after its first words, the next one half way through: the third is let finish.
    for (const whenDone of [1, ORPHANS_TO_KILL_OVER / 2]) {
      const lines = Math.max(1, whenDone - done);
      await using server = serve(home);
      await introduce(server);
      await until(
        () => server.stderr().match(/^ouroboros: cancelled /gm)?.length ?? 0,
        (said) => said >= lines,
        LIMIT_MS / 3,
      );
      server.kill("SIGKILL");
      expect(await server.exited).toEqual({ code: null, signal: "SIGKILL" });

      const rows = sessionRows(home);
      const whole = { cancelled: 1, terminals: 1, jobs: 1, projected: "cancelled", lease: 1 };
      const untouched = { cancelled: 0, terminals: 0, jobs: 0, projected: "running", lease: 0 };
      for (const row of rows) expect(row).toMatchObject(row.cancelled === 0 ? untouched : whole);
      const cancelled = rows.filter((row) => row.cancelled === 1).length;
      expect(cancelled).toBeWithin(whenDone, ORPHANS_TO_KILL_OVER);
      done = cancelled;
    }

    const spawned = performance.now();
    await using next = serve(home);
    await introduce(next);
    const introduced = performance.now() - spawned;
    const receipt = await settled(next);
    const took = performance.now() - spawned;
    expect(receipt).toMatchObject({ role: "sweeper", examined: ORPHANS_TO_KILL_OVER - done });
    expect(receipt.cancelled).toBe(ORPHANS_TO_KILL_OVER - done);
    // A machine that is busy with other things takes longer for its first answer too, before any store is opened.
    if (!SOAK) expect(took).toBeLessThan(Math.max(FINISHED_MS, 10 * introduced));
    await leave(next);
    for (const row of sessionRows(home)) expect(row).toMatchObject({ cancelled: 1, terminals: 1, jobs: 1, lease: 1 });
  },
  LIMIT_MS,
);
