// A team on a libSQL server, with the real programs: people with a home and a token each, a primary, a replica, networks that
// are cut, and a computer that is somebody else's.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import type { StoredEvent } from "../../src/domain/event.ts";
import { openStore } from "../../src/store/open-store.ts";
import { buildClockLibrary, HOUR_MS, whyNoShiftedClocks } from "../races/support/shifted-clock.ts";
import { until } from "../support/agent-processes.ts";
import { libsqlServerAvailable } from "../support/libsql-server.ts";
import { Workplace } from "../support/sqld-colleague.ts";
import { openNetwork } from "../support/sqld-cut.ts";
import { startTeam, type Team } from "../support/sqld-team.ts";
import { allEvents } from "../support/store-contract/rows.ts";

const ANOTHER_MACHINE = "0123456789abcdef0123456789abcdef";
const canBeElsewhere = spawnSync("unshare", ["-m", "mount", "--bind", "/etc/hostname", "/etc/machine-id"]).status === 0;
setDefaultTimeout(60_000);

describe.skipIf(!libsqlServerAvailable())("a team on a libSQL server", () => {
  let team: Team;
  beforeAll(async () => {
    team = await startTeam();
  });
  afterAll(() => team?.[Symbol.asyncDispose]());

  test.concurrent("who has no token, a foreign one or one that has run out is told so, by primary and replica, and sees nothing", async () => {
    await using work = new Workplace(1);
    const tokens = { none: undefined, foreign: team.foreignToken(), expired: team.token("rw", -3600) };
    const asked = [team.primary, team.replica].flatMap(({ url }) =>
      Object.entries(tokens).map(async ([what, token]) => {
        const { code, json, words } = await work
          .colleague({ url, ...(token !== undefined && { token }) })
          .ask("sessions");
        expect(code).toBe(1);
        expect(json).toMatchObject({
          error: { code: "store_unauthorized", next: expect.stringContaining("OUROBOROS_DATABASE_TOKEN") },
        });
        if (what === "expired") expect(words).toContain("expired");
        if (token !== undefined) expect(words).not.toContain(token);
      }),
    );
    await Promise.all(asked);
  });

  test.concurrent.skipIf(!canBeElsewhere)(
    "(needs unshare) a run begun here is seen through the replica from another machine, is not resumed there, and is cancelled from there",
    async () => {
      await using work = new Workplace(2);
      const [hers, his] = [team.token("rw"), team.token("rw", 7200)];
      const ana = work.colleague({ url: team.primary.url, token: hers });
      const ben = work.colleague({ url: team.replica.url, token: his }, ANOTHER_MACHINE);
      const id = await ana.begin();
      const said = [await ben.ask("sessions"), await ben.ask("status", id), await ben.ask("why", id)];
      expect(said[1]?.json).toMatchObject({ session_id: id, status: "running", liveness: "live" });
      expect((await ben.ask("doctor")).json).toMatchObject({
        store: { server: { round_trip_ms: expect.any(Number), clock_ahead_seconds: expect.any(Number) } },
      });
      const resumed = await ben.ask("resume", id);
      expect(resumed.code).toBe(2);
      expect(resumed.json).toMatchObject({ error: { code: "elsewhere" } });
      await work.agentWorks();
      const readable = work.readable();
      expect(readable).toContain("agent.sh");
      const cancelled = await ben.ask("cancel", id);
      expect(cancelled.code).toBe(0);
      await until(() => work.running().length === 0, "its worker and its agents have ended");
      expect((await ana.ask("status", id)).json).toMatchObject({ status: "cancelled" });
      expect(work.lines("finished")).toEqual([]);

      const written = JSON.stringify(await eventsOf(team, id)) + ana.files() + ben.files();
      const shown = [...said, resumed, cancelled].map(({ words }) => words).join("\n");
      for (const token of [hers, his]) expect(written + shown + readable).not.toContain(token);
    },
  );

  test.concurrent("with a token that only reads everything is looked at, and nothing is acted on", async () => {
    await using work = new Workplace(1);
    const ana = work.colleague({ url: team.primary.url, token: team.token("rw") });
    const id = await ana.begin();
    for (const { url } of [team.primary, team.replica]) {
      const guest = work.colleague({ url, token: team.token("ro") });
      await until(async () => (await guest.ask("status", id)).json.status === "running", "the guest sees the run");
      const looked = await Promise.all([guest.ask("sessions"), guest.ask("why", id), guest.ask("store", "info")]);
      expect(looked.map(({ code }) => code)).toEqual([0, 0, 0]);
      const refused = await guest.ask("cancel", id);
      expect(refused).toMatchObject({ code: 1, json: { error: { code: "store_read_only" } } });
    }
    work.letAgentsFinish();
    await hasEnded(work);
    await endedOnce(team, id, { epoch: 1, begun: ["1"] }, work);
  });

  test.concurrent("a cut of a moment is not noticed; one longer than the lease suspends the agents, and they go on when it heals", async () => {
    await using network = await openNetwork(team.primary.url);
    await using work = new Workplace(2);
    const ana = work.colleague({ url: network.url, token: team.token("rw") });
    const id = await ana.begin();
    await work.agentWorks();
    network.cut();
    network.heal();
    await work.agentWorks();
    network.cut();
    await work.agentsStandStill();
    network.heal();
    await work.agentWorks();
    work.letAgentsFinish();
    await hasEnded(work);
    await endedOnce(team, id, { epoch: 1, begun: ["1", "2"] }, work);
  });

  test.concurrent("an owner that was cut off and replaced through the replica stops, what it sent arrives late and changes nothing, and no step is done twice", async () => {
    await using network = await openNetwork(team.primary.url);
    await using work = new Workplace(2);
    const ana = work.colleague({ url: network.url, token: team.token("rw") });
    const ben = work.colleague({ url: team.replica.url, token: team.token("rw") });
    const id = await ana.begin();
    await work.agentWorks();
    network.cut();
    await work.agentsStandStill();
    await until(async () => (await ben.ask("status", id)).json.liveness === "stuck", "her lease is over");
    const resumed = await ben.ask("resume", id);
    expect(resumed.json).toMatchObject({ outcome: "resumed", epoch: 2 });
    network.healLate();
    await work.agentWorks();
    await oneWorker(work, resumed.json.worker_pid);
    work.letAgentsFinish();
    await hasEnded(work);
    await endedOnce(team, id, { epoch: 2, begun: ["1", "1", "2"] }, work);
  });

  test.concurrent.skipIf(!canBeElsewhere)(
    "(needs unshare) a run whose machine is gone is not judged, swept or resumed by another one, and a person there may cancel it",
    async () => {
      await using work = new Workplace(2);
      const ana = work.colleague({ url: team.primary.url, token: team.token("rw") });
      const ben = work.colleague({ url: team.replica.url, token: team.token("rw") }, ANOTHER_MACHINE);
      const id = await ana.begin();
      await work.agentWorks();
      work.kill(work.running());
      await until(async () => (await ben.ask("status", id)).json.liveness === "unknown", "its lease is over");
      expect((await ben.ask("resume", id, "--force")).json).toMatchObject({ error: { code: "elsewhere" } });
      expect((await ben.ask("cleanup")).code).toBe(0);
      expect((await ben.ask("status", id)).json).toMatchObject({ status: "running", liveness: "unknown" });
      expect((await ben.ask("cancel", id)).json).toMatchObject({ new_status: "cancelled" });
      expect((await ana.ask("resume", id)).json).toMatchObject({ error: { code: "ended" } });
    },
  );

  test.concurrent.skipIf(whyNoShiftedClocks() !== undefined)(
    "(needs a C compiler) by a replica whose clock is an hour ahead a live owner is live, and nobody takes its run",
    async () => {
      using clocks = buildClockLibrary();
      const ahead = clocks.clock();
      ahead.shift(HOUR_MS);
      await using team = await startTeam(ahead.env);
      await using work = new Workplace(2);
      const ana = work.colleague({ url: team.primary.url, token: team.token("rw") });
      const ben = work.colleague({ url: team.replica.url, token: team.token("rw", 2 * 3600) });
      const id = await ana.begin();
      await work.agentWorks();
      expect((await ben.ask("status", id)).json).toMatchObject({ liveness: "live" });
      expect((await ben.ask("resume", id)).json).toMatchObject({ outcome: "attached" });
      work.letAgentsFinish();
      await hasEnded(work);
      await endedOnce(team, id, { epoch: 1, begun: ["1", "2"] }, work);
    },
  );

  test.concurrent("a token that is taken back in mid-run stops the agents; with a new one the run is resumed", async () => {
    await using team = await startTeam();
    await using work = new Workplace(2);
    const ana = work.colleague({ url: team.primary.url, token: team.token("rw") });
    const id = await ana.begin();
    await work.agentWorks();
    await team.changeKey();
    await work.agentsStandStill();
    const renewed = work.colleague({ url: team.primary.url, token: team.token("rw") });
    await until(async () => (await renewed.ask("status", id)).json.liveness === "stuck", "the lease is over");
    const resumed = await renewed.ask("resume", id);
    expect(resumed.json).toMatchObject({ outcome: "resumed", epoch: 2 });
    await oneWorker(work, resumed.json.worker_pid);
    work.letAgentsFinish();
    await hasEnded(work);
    await endedOnce(team, id, { epoch: 2, begun: ["1", "1", "2"] }, work);
  });

  test.concurrent("of people who resume one session at once, through primary and replica, one does and the others attach", async () => {
    await using work = new Workplace(2);
    const people = [team.primary, team.replica, team.primary, team.replica].map(({ url }) =>
      work.colleague({ url, token: team.token("rw") }),
    );
    const [first] = people;
    const id = (await first?.begin()) ?? "";
    await work.agentWorks();
    work.kill(work.workers());
    const answers = await Promise.all(people.map((one) => one.ask("resume", id)));
    expect(answers.map(({ json }) => json.outcome).sort()).toEqual(["attached", "attached", "attached", "resumed"]);
    await oneWorker(work, answers.find(({ json }) => json.outcome === "resumed")?.json.worker_pid);
    work.letAgentsFinish();
    await hasEnded(work);
    await endedOnce(team, id, { epoch: 2, begun: ["1", "1", "2"] }, work);
  });

  test.concurrent("a primary that dies and comes back: runs beside it and through the replica lose nothing and do nothing twice", async () => {
    await using team = await startTeam();
    await using near = new Workplace(2);
    await using far = new Workplace(2);
    const ana = near.colleague({ url: team.primary.url, token: team.token("rw") });
    const ben = far.colleague({ url: team.replica.url, token: team.token("rw") });
    const ids = await Promise.all([ana.begin(), ben.begin()]);
    await Promise.all([near.agentWorks(), far.agentWorks()]);
    await team.primary.kill();
    // Her first step is done while nobody can write that down; his agent has to wait.
    near.letAgentsFinish();
    await far.agentsStandStill();
    expect(["", "1"]).toContain(near.lines("finished").join());
    await team.primary.startAgain();
    far.letAgentsFinish();
    await Promise.all([hasEnded(near), hasEnded(far)]);
    for (const [n, work] of [near, far].entries())
      await endedOnce(team, ids[n] ?? "", { epoch: 1, begun: ["1", "2"] }, work);
  });
});

/** Others that came too late, or were fenced, have gone. */
function oneWorker(work: Workplace, pid: unknown): Promise<void> {
  return until(() => work.workers().join() === String(pid), `${pid} is the only worker`);
}

async function hasEnded(work: Workplace): Promise<void> {
  await until(() => work.running().length === 0, "the run has ended");
}

/** The session is completed under this epoch, each step once, and since that epoch's claim nobody wrote under an older one. */
async function endedOnce(
  team: Team,
  id: string,
  want: { epoch: number; begun: string[] },
  work: Workplace,
): Promise<void> {
  const events = await eventsOf(team, id);
  const ends = events.filter(({ event_type }) =>
    /^orchestrator\.session\.(completed|failed|cancelled|paused)$/.test(event_type),
  );
  expect(ends.map(({ event_type, payload }) => [event_type, payload.epoch])).toEqual([
    ["orchestrator.session.completed", want.epoch],
  ]);
  expect([work.lines("begun"), work.lines("finished")]).toEqual([want.begun, [...new Set(want.begun)]]);
  const claimed = events.findIndex(({ payload }) => payload.epoch === want.epoch);
  expect(events.slice(claimed).filter(({ payload }) => Number(payload.epoch) < want.epoch)).toEqual([]);
}

/** The rows of a session and of all its scopes. */
async function eventsOf(team: Team, id: string): Promise<StoredEvent[]> {
  await using store = await openStore(team.target(team.primary.url), { readOnly: false, create: false });
  const all = await allEvents(store);
  const execution = String(all.find(({ aggregate_id }) => aggregate_id === id)?.payload.execution_id);
  return all.filter(({ aggregate_id }) => aggregate_id === id || aggregate_id.startsWith(execution));
}
