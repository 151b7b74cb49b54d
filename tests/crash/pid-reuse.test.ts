import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readProcessStat } from "../../src/process/process-stat.ts";
import { holds } from "./support/crash.ts";
import { CrashHome } from "./support/crash-home.ts";

setDefaultTimeout(120_000);

const INNOCENT = join(import.meta.dirname, "../fixtures/agents/innocent.sh");

describe.skipIf(process.platform !== "linux")("an owner whose number belongs to another process by now", () => {
  test("is judged dead; resuming goes on without a signal to that process", async () => {
    await using given = await givenReuse();
    const { home, id } = given;
    expect(await home.call("status", id, "--json")).toMatchObject({ code: 0, json: { liveness: "stale" } });
    expect(await home.call("resume", id, "--wait", "--json")).toMatchObject({ code: 0, json: { status: "completed" } });
    given.isUntouched();
    await given.endsAs("completed");
  });

  test("is judged dead; cancelling ends the session without a signal to that process", async () => {
    await using given = await givenReuse();
    const { home, id } = given;
    expect(await home.call("cancel", id, "--json")).toMatchObject({ code: 0, json: { new_status: "cancelled" } });
    given.isUntouched();
    await given.endsAs("cancelled");
  });
});

/** A dead run whose owner's, agent's and guard's numbers, by every record of them, are now those of somebody else. */
async function givenReuse() {
  const home = new CrashHome();
  const id = await home.deadRun();
  await home.until("its agent has ended", () => home.processes().length === 0);
  const innocent = spawn(INNOCENT, { cwd: home.home, detached: true, stdio: ["pipe", "pipe", "inherit"] });
  await once(innocent.stdout, "data");
  const pid = Number(innocent.pid);
  const ticks = String(Number(readProcessStat(pid)?.startTicks) - 1);
  home.sql(
    "UPDATE ouro_lease SET pid = ?, start_ticks = ?, expires_at = unixepoch('subsec') + 30 WHERE session_id = ?",
    ...[pid, ticks, id],
  );
  const numbers = { pid, start_ticks: ticks, guard_pid: pid, guard_start_ticks: ticks };
  home.sql(
    "UPDATE events SET payload = json_patch(payload, ?) WHERE event_type = 'execution.agent.started'",
    JSON.stringify({ group: numbers }),
  );
  return {
    home,
    id,
    isUntouched() {
      expect({ code: innocent.exitCode, signal: innocent.signalCode }).toEqual({ code: null, signal: null });
      expect(readProcessStat(pid)?.state).toBe("S");
      expect(existsSync(join(home.home, "signalled"))).toBe(false);
    },
    endsAs: (status: "completed" | "cancelled") => holds(home, { id, status, steps: 2 }),
    async [Symbol.asyncDispose]() {
      innocent.stdin.end();
      await once(innocent, "exit");
      home[Symbol.dispose]();
    },
  };
}
