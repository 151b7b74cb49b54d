import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startServer } from "../e2e/support/json-rpc-client.ts";
import { freePort } from "../support/loopback-server.ts";
import { type CliHome, copyHome, environment, openHome } from "./support/ouroboros.ts";

let seen: CliHome;

beforeAll(async () => {
  seen = await openHome({
    events: 500,
    sessions: 8,
    orphans: { stale: 2, young: 1, paused: 1, failed: 1 },
    damage: { payload_broken: 2 },
  });
});
afterAll(() => seen[Symbol.asyncDispose]());

describe("looking", () => {
  test("sessions lists newest first, pages by cursor without gap or repetition, and judges what runs", async () => {
    const whole = JSON.parse((await seen.run(["sessions", "--json", "--limit", "1000"])).stdout);
    expect(whole.sessions.map((one: { session_id: string }) => one.session_id).sort()).toEqual(
      seen.truth.map((one) => one.session_id).sort(),
    );
    const times = whole.sessions.map((one: { started_at: string }) => one.started_at);
    expect(times).toEqual([...times].sort().reverse());
    const paged = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page = await seen.run([
        "sessions",
        "--json",
        "--limit",
        "5",
        ...(cursor === "" ? [] : ["--cursor", cursor]),
      ]);
      const { sessions, cursor: next } = JSON.parse(page.stdout);
      paged.push(...sessions);
      cursor = next;
    }
    expect(paged.map((one) => one.session_id)).toEqual(
      whole.sessions.map((one: { session_id: string }) => one.session_id),
    );
    const liveness = Object.fromEntries(paged.map((one) => [one.session_id, one.liveness]));
    expect(liveness[seen.sessionOf("stale")]).toBe("stale");
    expect(liveness[seen.sessionOf("young")]).toBe("live");
    expect(liveness[seen.sessionOf("paused")]).toBeNull();
  });

  test("sessions --status filters; plain lines for programs, a table cut to the width only for people", async () => {
    const paused = await seen.run(["sessions", "--status", "paused"]);
    expect(paused.stdout.trim().split("\t").slice(0, 3)).toEqual(["paused", "", seen.sessionOf("paused")]);
    expect(paused.stdout).not.toContain("\x1b[");
    const table = await seen.run(["sessions"], { FORCE_COLOR: "1" });
    expect(table.stdout).toContain("\x1b[");
    expect(table.stdout).toContain("GOAL");
    const widths = table.stdout.split("\n").map((line) => Bun.stripANSI(line).length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(100);
  });

  test("status tells one session's truth by its own id and by its execution's", async () => {
    const made = seen.truth.find((one) => one.kind === "stale");
    const byExecution = await seen.run(["status", "--json", made?.execution_id ?? ""]);
    expect(JSON.parse(byExecution.stdout)).toMatchObject({
      session_id: made?.session_id,
      status: "running",
      liveness: "stale",
    });
    const text = await seen.run(["status", made?.session_id ?? ""]);
    expect(text.code).toBe(0);
    expect(text.stdout).toContain(`Session: ${made?.session_id}\nStatus: running\nLiveness: stale: `);
  });

  test("why prints the verdict with its evidence, and that a failure may come back", async () => {
    const running = JSON.parse((await seen.run(["why", "--json", seen.sessionOf("stale")])).stdout);
    expect(running).toMatchObject({ decided: null, bring_back: null, verdict: { sweep: "cancel", rule: "silent" } });
    expect(running.verdict.evidence.lock.state).toBe("absent");
    const text = await seen.run(["why", seen.sessionOf("stale")]);
    expect(text.stdout).toContain("A clean-up: would cancel it");
    expect(text.stdout).toContain("threshold_seconds: 3600");
    const failed = JSON.parse((await seen.run(["why", "--json", seen.sessionOf("failed")])).stdout);
    expect(failed.bring_back.possible).toBe(true);
    expect(failed.decided.event_type).toBe("orchestrator.session.failed");
  });

  test("events pages newest first, of one session or type, with whole payloads in JSON", async () => {
    const page = JSON.parse((await seen.run(["events", "--json", "--limit", "4", "--offset", "1"])).stdout);
    const rowids = page.events.map((event: { rowid: number }) => event.rowid);
    expect(rowids).toEqual([...rowids].sort((one, other) => other - one));
    expect(page).toMatchObject({ has_more: true, offset: 1, limit: 4 });
    const id = seen.sessionOf("paused");
    const started = await seen.run(["events", "--json", "--session", id, "--type", "orchestrator.session.started"]);
    expect(JSON.parse(started.stdout).events).toMatchObject([
      { aggregate_id: id, payload: { seed_goal: expect.any(String) } },
    ]);
    const lines = (await seen.run(["events", "--session", id])).stdout.trim().split("\n");
    expect(lines.at(-1)).toContain("orchestrator.session.started");
  });

  test("store info counts what is there; store check finds the damaged rows and exits with 1", async () => {
    const info = JSON.parse((await seen.run(["store", "info", "--json"])).stdout);
    expect(info).toMatchObject({
      engine: "file",
      access: "write",
      shape: { generation: "v0.27", missing_indexes: [] },
    });
    expect(Object.values<number>(info.counts.sessions).reduce((sum, n) => sum + n, 0)).toBe(seen.truth.length);
    expect(info.counts.events).toBe(JSON.parse(seen.dump()).length);
    const check = await seen.run(["store", "check", "--json"]);
    expect(check.code).toBe(1);
    expect(JSON.parse(check.stdout)).toMatchObject({
      ok: false,
      rows: info.counts.events,
      quarantined: 2,
      quick_check: [],
    });
    const text = await seen.run(["store", "check"]);
    expect(text.stdout.match(/payload is not a JSON object/g)).toHaveLength(2);
  });

  test("store check exits with 0 on a sound store", async () => {
    await using sound = await openHome({ events: 100, sessions: 2 });
    const check = await sound.run(["store", "check", "--json"]);
    expect(check.code).toBe(0);
    expect(JSON.parse(check.stdout)).toMatchObject({ ok: true, quarantined_rows: [] });
  });

  test("store check reports a file whose pages are damaged", async () => {
    await using home = await copyHome(seen);
    const bytes = Buffer.from(await Bun.file(home.path).arrayBuffer());
    bytes.fill(0xff, 4096 * 20, 4096 * 24);
    await writeFile(home.path, bytes);
    const check = await home.run(["store", "check", "--json"]);
    expect(check.code).toBe(1);
    const said = JSON.parse(check.stdout);
    expect(said.error?.code === "store_corrupt" || said.quick_check?.length > 0).toBe(true);
  });

  test("doctor names unknown configuration keys with a next step, and is content without", async () => {
    await using home = await copyHome(seen);
    const content = JSON.parse((await home.run(["doctor", "--json"])).stdout);
    expect(content).toMatchObject({ ok: true, where: home.path, store: { engine: "file", sweeper: null, starts: [] } });
    expect(content.locks.folder).toBe(join(home.home, "locks"));
    await writeFile(join(home.home, "config.yaml"), "orphans:\n  treshold_hours: 2\n");
    const text = await home.run(["doctor"]);
    expect(text.code).toBe(0);
    expect(text.stdout).toContain('"orphans.treshold_hours"');
    expect(text.stdout).toContain("→ Correct its spelling");
  });

  test("mcp info lists the tools with the sizes of their definitions", async () => {
    const info = JSON.parse((await seen.run(["mcp", "info", "--json"])).stdout);
    expect(info.tools.map((tool: { name: string }) => tool.name)).toContain("ouroboros_session_status");
    const sum = info.tools.reduce(
      (bytes: number, tool: { definition_bytes: number }) => bytes + tool.definition_bytes,
      0,
    );
    expect(info.definitions_bytes).toBe(sum);
    expect((await seen.run(["mcp", "info"])).stdout).toContain("Protocol versions: 2026-07-28, ");
  });

  test("mcp info names exactly the protocol versions that the server speaks", async () => {
    const { protocol_versions } = JSON.parse((await seen.run(["mcp", "info", "--json"])).stdout);
    const spoken = await Promise.all(
      protocol_versions.map(async (version: string) => {
        const main = join(import.meta.dirname, "../../src/main.ts");
        const command = { command: process.execPath, args: [main, "mcp", "serve"], env: environment(seen.home) };
        await using server = startServer(command);
        const params = { protocolVersion: version, capabilities: {}, clientInfo: { name: "test", version: "1" } };
        const { result } = await server.request("initialize", params);
        return result?.protocolVersion;
      }),
    );
    // The newest knows no initialize; a server answers it with the newest version that does.
    expect(spoken).toEqual([protocol_versions[1], ...protocol_versions.slice(1)]);
    const meta = {
      "io.modelcontextprotocol/protocolVersion": protocol_versions[0],
      "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const main = join(import.meta.dirname, "../../src/main.ts");
    const args = [main, "mcp", "serve"];
    await using server = startServer({ command: process.execPath, args, env: environment(seen.home) });
    const { result } = await server.request("server/discover", { _meta: meta });
    expect(result?.supportedVersions).toContain(protocol_versions[0]);
  });

  test("what the store holds cannot reach the terminal as control characters", async () => {
    await using home = await copyHome(seen);
    const goal = "wipe \u001b[2J\u001b]0;owned\u0007 the screen";
    {
      using store = new Database(home.path);
      store
        .query(
          "INSERT INTO events (id, aggregate_type, aggregate_id, event_type, payload, timestamp) VALUES (?,?,?,?,?,?)",
        )
        .run(
          "odd",
          "session",
          "orch_odd",
          "orchestrator.session.started",
          JSON.stringify({ seed_goal: goal }),
          "2026-01-01 00:00:00.000000",
        );
    }
    const text = await home.run(["status", "orch_odd"]);
    expect(text.stdout).toContain("Goal: wipe [2J ]0;owned the screen\n");
    expect(JSON.parse((await home.run(["status", "--json", "orch_odd"])).stdout).goal).toBe(goal);
  });
});

describe("acting", () => {
  test("cleanup --dry-run lists verdicts and writes no event", async () => {
    await using home = await copyHome(seen);
    const before = home.dump();
    const rehearsed = JSON.parse((await home.run(["cleanup", "--dry-run", "--json"])).stdout);
    expect(rehearsed).toMatchObject({ dry_run: true, batch_id: null, examined: 3, undo: null });
    expect(rehearsed.counts).toEqual({ would_be_cancelled: 2, spared: 1 });
    expect((await home.run(["cleanup", "--dry-run"])).stdout).toContain(
      `would be cancelled\tstale\t${home.sessionOf("stale")}`,
    );
    expect(home.dump()).toBe(before);
  });

  test("cleanup cancels under a batch, why shows what it recorded, and undo restores all but what moved on", async () => {
    await using home = await copyHome(seen);
    const done = JSON.parse((await home.run(["cleanup", "--json"])).stdout);
    expect(done.counts).toEqual({ cancelled: 2, spared: 1 });
    expect(done.undo).toBe(`ouroboros cleanup --undo ${done.batch_id}`);
    const [one, other] = home.truth.filter(({ kind }) => kind === "stale").map(({ session_id }) => session_id);
    const why = JSON.parse((await home.run(["why", "--json", one ?? ""])).stdout);
    expect(why.decided).toMatchObject({ by: "auto_cleanup", batch_id: done.batch_id, evidence: { rule: "silent" } });
    expect(why.bring_back.how).toContain(done.undo);
    const undone = JSON.parse((await home.run(["cleanup", "--undo", done.batch_id, "--json"])).stdout);
    expect([...undone.restored].sort()).toEqual([one, other].sort());
    expect(JSON.parse((await home.run(["status", "--json", one ?? ""])).stdout).status).toBe("paused");
    const again = await home.run(["cleanup", "--undo"]);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain(`Undid ${done.batch_id}: 0 restored, 2 left as they are.`);
    expect((await home.run(["cleanup", "--undo", "batch_none"])).code).toBe(2);
  });

  test("cancel records the person and the reason, and refuses a second time with 2", async () => {
    await using home = await copyHome(seen);
    const id = home.sessionOf("young");
    const done = JSON.parse((await home.run(["cancel", id, "--reason", "enough", "--json"])).stdout);
    expect(done).toMatchObject({ session_id: id, new_status: "cancelled", reason: "enough", cancelled_by: "user" });
    const again = await home.run(["cancel", id, "--json"]);
    expect(again.code).toBe(2);
    expect(JSON.parse(again.stdout).error.code).toBe("already_ended");
    expect(again.stderr).toContain("it is already cancelled");
    const why = await home.run(["why", id]);
    expect(why.stdout).toContain("Can it come back: no. It was cancelled by user");
  });
});

describe("refusing and failing", () => {
  test("a store that a newer program has changed can be looked at, and acting on it is a failure that writes nothing", async () => {
    await using home = await copyHome(seen);
    await home.run(["sessions"]);
    {
      using store = new Database(home.path);
      store.run("UPDATE ouro_meta SET value = '99' WHERE key = 'min_reader'");
    }
    const before = home.dump();
    expect((await home.run(["sessions", "--status", "paused"])).stdout).toContain(home.sessionOf("paused"));
    for (const args of [["cancel", home.sessionOf("young")], ["cleanup"], ["cleanup", "--undo"]]) {
      const ran = await home.run([...args, "--json"]);
      expect(ran.code).toBe(1);
      expect(JSON.parse(ran.stdout).error.code).toBe("store_read_only");
    }
    expect(home.dump()).toBe(before);
    const doctor = JSON.parse((await home.run(["doctor", "--json"])).stdout);
    expect(doctor.problems.map((problem: { code: string }) => problem.code)).toContain("store_read_only");
  });

  test("wrong usage is told with the way to help, and exits with 2", async () => {
    await Promise.all(
      [
        ["sesions"],
        ["sessions", "--limit", "0"],
        ["status"],
        ["sessions", "--status", "dead"],
        ["sessions", "--nope"],
      ].map(async (args) => {
        const ran = await seen.run([...args, "--json"]);
        expect(ran.code).toBe(2);
        expect(ran.stderr).toContain("--help");
        expect(JSON.parse(ran.stdout).error.code).toBe("wrong_usage");
      }),
    );
  });

  test("help and version are understood as words too, a far-off word is not answered with a guess", async () => {
    const [help, ofRun, version, far] = await Promise.all(
      [["help"], ["help", "run"], ["version"], ["list", "--json"]].map((args) => seen.run(args)),
    );
    expect([help?.code, ofRun?.code, version?.code, far?.code]).toEqual([0, 0, 0, 2]);
    expect(help?.stdout).toContain("COMMANDS");
    expect(ofRun?.stdout).toContain("--dry-run");
    expect(version?.stdout).toBe((await seen.run(["--version"])).stdout);
    expect(far?.stderr).not.toContain("did you mean");
    expect((await seen.run(["--json", "sessions"])).stderr).toContain("Flags stand after the command");
  });

  test("mcp serve answers wrong flags and toolsets with 2 instead of serving", async () => {
    expect((await seen.run(["mcp", "serve", "--transport", "telepathy"])).code).toBe(2);
    const toolset = await seen.run(["mcp", "serve", "--toolsets", "nonsense"]);
    expect(toolset.code).toBe(2);
    expect(toolset.stderr).toContain("There are: sessions, authoring, evaluation, evolution, or all");
    expect((await seen.run(["mcp", "serve", "--help"])).stdout).toContain("--read-only");
  });

  test("an unknown session is refused with 2", async () => {
    await Promise.all(
      [["status"], ["why"], ["cancel"], ["events", "--session"]].map(async (args) => {
        const ran = await seen.run([...args, "orch_nobody"]);
        expect(ran.code).toBe(2);
        expect(ran.stderr).toContain("not found: orch_nobody. `ouroboros sessions`");
      }),
    );
  });

  test("an id of another kind is refused with the command that shows what it is", async () => {
    const wrong: readonly (readonly [args: string[], next: string])[] = [
      [["status", "seed_1"], "an id of a seed: `ouroboros seed show seed_1`"],
      [["resume", "interview_1"], "an id of an interview: `ouroboros interview status interview_1`"],
      [["run", "orch_1"], "an id of a session: `ouroboros status orch_1`"],
      [["evaluate", "seed_1"], "an id of a seed: `ouroboros seed show seed_1`"],
      [["interview", "status", "lin_1"], "an id of a lineage: `ouroboros lineage show lin_1`"],
      [["lineage", "show", "job_1"], "an id of a job: `ouroboros job status job_1`"],
    ];
    await Promise.all(
      wrong.map(async ([args, next]) => {
        const ran = await seen.run(args);
        expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining(next)]);
      }),
    );
    expect((await seen.run(["evaluate", "nobody"])).stderr).toContain("--seed FILE");
  });

  test("a missing store is a failure that creates nothing", async () => {
    await using home = await openHome();
    await Promise.all(
      [["sessions"], ["doctor"], ["cleanup"], ["store", "check"]].map(async (args) => {
        const ran = await home.run([...args, "--json"]);
        expect(ran.code).toBe(1);
        const said = JSON.parse(ran.stdout);
        expect(said.error?.code ?? said.problems[0].code).toBe("store_missing");
      }),
    );
    expect(existsSync(home.path)).toBe(false);
  });

  test("a server that does not answer is not ready: 3", async () => {
    const ran = await seen.run(["sessions", "--json", "--db", `http://127.0.0.1:${await freePort()}`]);
    expect(ran.code).toBe(3);
    expect(JSON.parse(ran.stdout).error.code).toBe("store_unreachable");
  });

  test("a store name that is none is wrong usage: 2", async () => {
    expect((await seen.run(["sessions", "--db", "gopher://old"])).code).toBe(2);
  });
});
