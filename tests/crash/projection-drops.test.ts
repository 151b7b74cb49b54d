import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { holds } from "./support/crash.ts";
import { CrashHome } from "./support/crash-home.ts";

const IS_SOAK = process.env.SOAK === "1";
setDefaultTimeout(IS_SOAK ? 600_000 : 120_000);

const SERVER = join(import.meta.dirname, "../fixtures/agents/crash-server.ts");
const DROPS = IS_SOAK ? 1_000 : 100;
const STEPS = 10;

describe.skipIf(process.platform !== "linux")("the projection", () => {
  test(`may be dropped ${DROPS} times under a running worker and a sweeping server`, async () => {
    // Renewed at every look, and with each renewal the worker reads how its session stands.
    using home = new CrashHome({ steps: STEPS, leaseSeconds: 3 });
    await home.makeStore();
    const server = home.spawn([process.execPath, SERVER]);
    for (let step = 1; step <= STEPS; step++) home.mark("hold", step);
    let drops = 0;
    const drop = async () => {
      await home.until("the projection is there again", () => isDropped(home));
      drops++;
    };
    await drop();
    const running = home.call("run", home.seed, "--cwd", home.work, "--in-place", "--wait", "--json");
    for (let step = 1; step <= STEPS; step++) {
      while (!home.journal().some((line) => line.startsWith(`begin ${step} `))) await drop();
      while (drops < (DROPS * step) / STEPS) await drop();
      home.letThrough();
    }
    while (home.countOf("orchestrator.session.completed") === 0) await drop();
    expect(drops).toBeGreaterThanOrEqual(DROPS);
    expect(await running).toMatchObject({ code: 0, json: { status: "completed", steps_done: STEPS } });
    server.child.kill("SIGKILL");
    await server.said;

    expect(await home.call("sessions", "--json")).toMatchObject({ code: 0 });
    const kept = home.sql("SELECT * FROM ouro_session");
    expect(isDropped(home)).toBe(true);
    expect(await home.call("sessions", "--json")).toMatchObject({ code: 0 });
    // How far reading for progress has come is kept beside the fold, and is no part of it.
    expect(home.sql("SELECT * FROM ouro_session").map(withoutProgress)).toEqual(kept.map(withoutProgress));
    await holds(home, { id: home.sessionIds()[0] ?? "", status: "completed", steps: STEPS });
    expect(home.countOf("orchestrator.session.started")).toBe(1);
    expect(home.journal()).toHaveLength(2 * STEPS);
  });
});

/** Drops it as any other program could, if it is there. */
function isDropped(home: CrashHome): boolean {
  try {
    home.sql("DROP TABLE ouro_session");
    return true;
  } catch (error) {
    if (/no such table/.test(String(error))) return false;
    throw error;
  }
}

function withoutProgress(row: Record<string, unknown>): Record<string, unknown> {
  const { progress: _progress, messages: _messages, progress_rowid: _rowid, folded_rowid: _folded, ...fold } = row;
  return fold;
}
