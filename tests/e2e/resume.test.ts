import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeStore } from "../../scripts/make-store.ts";
import { isRunning, until } from "../support/agent-processes.ts";
import { type Interrupted, interrupted, writeRows } from "../support/interrupted-session.ts";
import { claudePrint } from "./support/claude.ts";
import { hasClient } from "./support/clients.ts";
import { openModelApi } from "./support/fake-model-api.ts";
import { BINARY } from "./support/ouroboros-server.ts";
import { realPart } from "./support/real-part.ts";
import { openRuns, serversOf } from "./support/runs.ts";
import { openSandbox } from "./support/sandbox.ts";
import { type SdkMode, sdkTour } from "./support/sdk-client.ts";
import type { ServerEntry } from "./support/server-entry.ts";
import { giveStore } from "./support/test-store.ts";

/** The size of the store that started this project: 1.4 GB, 165,000 rows; a given file saves the minute of making it. */
const IS_FULL = process.env.SOAK === "1" || process.env.OUROBOROS_E2E_FULL === "1";
const GIVEN_STORE = process.env.OUROBOROS_E2E_STORE;
const SERVER: ServerEntry = { name: "ouroboros", command: BINARY, args: ["mcp", "serve"], env: {} };
const RESUME = "ouroboros_resume_session";

let folder: string;
let smallStore: string;
let claudeStore: string;
/** Interrupted before the stores were made, with two of five criteria done; the two are told apart by where they work. */
let session: Interrupted;

setDefaultTimeout(600_000);

beforeAll(async () => {
  if (!existsSync(BINARY)) throw new Error(`Cannot test ${BINARY}: build it first`);
  folder = await mkdtemp(join(tmpdir(), "ouroboros-resume-e2e-"));
  session = interrupted("parallel", { done: [0, 3] });
  smallStore = join(folder, "small.db");
  makeStore({ out: smallStore, events: 2000, sessions: 12, orphans: { stale: 2, young: 1 } });
  claudeStore = smallStore;
  if (IS_FULL) {
    claudeStore = join(folder, "full.db");
    if (GIVEN_STORE) await cp(GIVEN_STORE, claudeStore);
    else
      makeStore({ out: claudeStore, events: 165_000, sessions: 109, payload: "real", orphans: { stale: 2, young: 1 } });
  }
  for (const store of new Set([smallStore, claudeStore])) writeRows(store, session.rows);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("Claude Code", () => {
  const claude = realPart("claude", hasClient("claude"));

  claude(
    "one headless turn of Claude Code resumes an interrupted session, and its work outlives the server that was asked",
    async () => {
      await using sandbox = await openSandbox();
      await giveStore(sandbox, claudeStore);
      await using runs = await openRuns(sandbox);
      const { session_id, execution_id, seed } = session;
      await runs.hold();
      // The very first call after the start.
      await using model = await openModelApi([
        { tool: `mcp__ouroboros__${RESUME}`, input: { session_id, seed_content: seed, cwd: sandbox.project } },
        { text: "resumed" },
      ]);
      const { code, stderr, events } = await claudePrint(sandbox, SERVER, model.url);
      expect(code, stderr).toBe(0);
      const told = model.requests.at(-1)?.toolResults[0] ?? "";
      const worker = runs.owner(session_id);
      expect(told).toContain(session_id);
      expect(told).toMatch(/resumed/i);
      expect(events.findLast(({ type }) => type === "result")).toMatchObject({
        is_error: false,
        result: "resumed",
        permission_denials: [],
      });

      await until(() => serversOf(sandbox).length === 0, "Claude Code's server has ended");
      expect(isRunning(worker)).toBe(true);
      expect(runs.journal()).toEqual([]);
      await runs.letGo();
      await until(() => runs.statusOf(session_id) === "completed", "the run has completed");

      expect(runs.journal()).toEqual(["2", "3", "5"]);
      const scopes = [0, 1, 2, 3, 4].map((index) => `${execution_id}_ac_${index}`);
      const completed = runs.rows(...scopes).filter(({ event_type }) => event_type === "execution.session.completed");
      expect(completed.map(({ aggregate_id }) => aggregate_id.at(-1))).toEqual(["0", "3", "1", "2", "4"]);
      // The clean-up of this very start may have ended the session; its claim then is the row that voids that end.
      const claims = runs.rows(session_id).filter(({ payload }) => payload.claimed_at !== undefined);
      expect(runs.rows(session_id).at(-1)?.event_type).toBe("orchestrator.session.completed");
      expect(claims).toHaveLength(1);
      const host_session_id = events.find(({ subtype }) => subtype === "init")?.session_id;
      expect(claims[0]?.payload).toMatchObject({
        by: "mcp_tool",
        pid: worker,
        host_session_id,
        project_dir: sandbox.project,
      });
      const job = runs.rows(String(claims[0]?.payload.job_id)).map(({ event_type }) => event_type);
      expect(job).toEqual(["mcp.job.created", "mcp.job.completed"]);
    },
  );
});

describe("the SDKs' own clients", () => {
  for (const mode of ["v1", "v2-pinned"] satisfies SdkMode[]) {
    const sdk = realPart(`SDK client ${mode}`, hasClient(mode === "v1" ? "sdk-v1" : "sdk-v2"));
    sdk(`the ${mode} client lists, resumes, attaches on its second call, and cancels`, async () => {
      await using sandbox = await openSandbox();
      await giveStore(sandbox, smallStore);
      await using runs = await openRuns(sandbox);
      await runs.hold();
      const { session_id, execution_id, seed } = session;
      const resume = { name: RESUME, arguments: { session_id, seed_content: seed, cwd: sandbox.project } };
      const { results } = await sdkTour(mode, sandbox, SERVER, {
        calls: [
          { name: RESUME, arguments: {} },
          { name: RESUME, arguments: { session_id } },
          resume,
          resume,
          { name: "ouroboros_cancel_execution", arguments: { execution_id, reason: "enough" } },
          { name: RESUME, arguments: { session_id } },
        ],
        reads: [],
        complete: { template: "ouroboros://session/{id}", argument: "id", value: session_id },
      });
      expect(results.map(({ isError }) => isError ?? false)).toEqual([false, true, false, false, false, true]);
      const [listed, asked, resumed, attached, cancelled, refused] = results.map((one) => one.structuredContent);
      expect(listed?.outcome).toBe("listed");
      expect(listed?.sessions).toContainEqual(expect.objectContaining({ session_id, would: "needs_seed" }));
      expect(JSON.stringify(results[1])).toContain("needs_seed");
      expect(asked).toBeUndefined();
      expect(resumed).toMatchObject({ outcome: "resumed", session_id, execution_id, steps_total: 5, steps_done: 2 });
      expect(attached).toMatchObject({ outcome: "attached", session_id, job_id: resumed?.job_id });
      expect(cancelled).toMatchObject({ session_id, new_status: "cancelled", previous_status: "running" });
      expect(refused).toBeUndefined();
      expect(JSON.stringify(results[5])).toContain("it is cancelled");
      const worker = runs.owner(session_id);
      await until(() => !isRunning(worker), "the worker has ended");
      expect(runs.journal()).toEqual([]);
      expect(runs.statusOf(session_id)).toBe("cancelled");
    });
  }
});
