// A team's libSQL server with a replica, as the store sees it: what a replica says late decides nothing.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, setSystemTime, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@libsql/client/http";
import { newId, newShortId } from "../../src/base/ids.ts";
import { examineServer } from "../../src/cli/commands/doctor/examine-server.ts";
import type { Problem } from "../../src/cli/commands/doctor/problem.ts";
import { append } from "../../src/store/append.ts";
import { query } from "../../src/store/engine/database.ts";
import type { StoreTarget } from "../../src/store/engine/store-target.ts";
import { queryEvents } from "../../src/store/event-queries.ts";
import { openStore } from "../../src/store/open-store.ts";
import { catchUp } from "../../src/store/session/catch-up.ts";
import { readLease, renewal } from "../../src/store/session/leases.ts";
import { readProgress } from "../../src/store/session/session-progress.ts";
import { listSessions, loadSession } from "../../src/store/session/sessions.ts";
import type { Store } from "../../src/store/store.ts";
import { libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { listen } from "../support/loopback-server.ts";
import { startTeam, type Team } from "../support/sqld-team.ts";
import { given } from "../support/store-contract/rows.ts";

const ROUNDS = 100;
const PAGE = join(import.meta.dirname, "../../docs/teams.md");
const hasOpenssl = /^OpenSSL 3/.test(spawnSync("sh", ["-c", "openssl version"], { encoding: "utf8" }).stdout ?? "");
const WRITER = { readOnly: false, create: true };
setDefaultTimeout(30_000);

describe.skipIf(!libsqlServerAvailable())("a store on a libSQL server with a replica", () => {
  let team: Team;
  let here: Store;
  let near: Store;
  beforeAll(async () => {
    team = await startTeam();
    here = await openStore(team.target(team.primary.url), WRITER);
    near = await openStore(team.target(team.replica.url), WRITER);
  });
  afterAll(async () => {
    await near?.[Symbol.asyncDispose]();
    await here?.[Symbol.asyncDispose]();
    await team?.[Symbol.asyncDispose]();
  });

  test("a replica by itself answers from before what was written through it: that is what all this is about", async () => {
    const plain = createClient({ url: team.replica.url, authToken: team.token("rw") });
    try {
      await until(async () => {
        const event = given();
        await append(near, { kind: "any" }, [event]);
        const [found] = await plain.batch([{ sql: "SELECT 1 FROM events WHERE id = ?", args: [event.id] }], "read");
        return found?.rows.length === 0;
      });
    } finally {
      plain.close();
    }
  });

  test("what was written on either side is seen at once on both", async () => {
    const missed: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const [writer, other] = round % 2 === 0 ? [here, near] : [near, here];
      const event = given();
      await append(writer, { kind: "any" }, [event]);
      for (const [who, store] of Object.entries({ writer, other })) {
        if ((await query(store.database, "SELECT 1 FROM events WHERE id = ?", [event.id])).length === 0)
          missed.push(who);
      }
    }
    expect(missed).toEqual([]);
  });

  test("a lease renewed or lost on one side is renewed or lost on the other, at once", async () => {
    const wrong: unknown[] = [];
    for (let epoch = 1; epoch <= ROUNDS; epoch++) {
      const [taker, holder] = epoch % 2 === 0 ? [here, near] : [near, here];
      await taker.database.write([
        {
          sql: `INSERT INTO ouro_lease (session_id, epoch, purpose, owner_id, expires_at) VALUES ('orch_x', ?, 'run', 'owner', unixepoch('subsec') + 30)
ON CONFLICT (session_id) DO UPDATE SET epoch = excluded.epoch`,
          args: [epoch],
        },
      ]);
      const { lease, now } = await readLease(holder, "orch_x");
      const [late] = await holder.database.write([renewal("orch_x", epoch - 1, "owner", 30)]);
      if (lease?.epoch !== epoch || (lease.expiresAt ?? 0) < now || late?.rowsAffected !== 0)
        wrong.push({ epoch, lease });
    }
    expect(wrong).toEqual([]);
  });

  test("of two who append behind the same row, one through the replica, one is written and the other sees it", async () => {
    for (let round = 0; round < 20; round++) {
      const stream = newShortId("exec");
      const events = [here, near].map(() => ({ ...given(), aggregate_type: "execution", aggregate_id: stream }));
      const expected = { kind: "newest", aggregateType: "execution", aggregateId: stream, rowid: 0 } as const;
      const outcomes = await Promise.all(
        [here, near].map((store, n) => append(store, expected, [{ ...given(), ...events[n], id: newId() }])),
      );
      expect(outcomes.sort()).toEqual(["conflict", "written"]);
      const seen = await Promise.all([here, near].map((store) => rowsOf(store, stream)));
      expect(seen).toEqual([1, 1]);
    }
  });

  describe.each(["primary", "replica"] as const)("with a token that may only read, by the %s", (side) => {
    test("everything can be looked at, whoever has to fold it, and a write says which token it takes", async () => {
      const id = newShortId("orch");
      await append(here, { kind: "any" }, [given({ aggregate_id: id })]);
      await using store = await openStore(team.target(team[side].url, "ro"), { readOnly: false, create: false });
      expect(store).toMatchObject({ access: "read", readOnlyBecause: "the token may only read" });
      await until(async () => (await loadSession(store, id)) !== undefined);
      const loaded = await loadSession(store, id);
      expect(loaded?.session.status).toBe("running");
      if (loaded) expect(await readProgress(store, loaded.session)).toMatchObject({ messages: 0 });
      await catchUp(here);
      await until(async () => (await listSessions(store, { limit: 50 })).sessions.some((one) => one.session_id === id));
      await expect(append(store, { kind: "any" }, [given()])).rejects.toMatchObject({
        code: "store_read_only",
        message: expect.stringContaining("the token may only read"),
        next: expect.stringContaining("a token that may write"),
      });
    });

    test("no table is made, and an empty server says that it is empty", async () => {
      await using empty = await startTeam();
      const opening = openStore(empty.target(empty[side].url, "ro"), WRITER);
      await expect(opening).rejects.toMatchObject({ code: "store_missing" });
    });
  });

  test("an answer larger than the server gives is named, with the setting of the server's", async () => {
    const stream = newShortId("orch");
    const payload = { text: "x".repeat(2 ** 20) };
    for (let n = 0; n < 11; n++) await append(here, { kind: "any" }, [given({ aggregate_id: stream, payload })]);
    await expect(queryEvents(here, { sessionId: stream, limit: 50, offset: 0 })).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("--max-response-size"),
    });
  });

  test.each(["primary", "replica"] as const)(
    "a token that has run out is named as that, by the %s, and never shown",
    async (side) => {
      const token = team.token("rw", -3600);
      const opening = openStore({ kind: "remote", url: team[side].url, token }, WRITER);
      const failure = await opening.catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "store_unauthorized", message: expect.stringContaining("expired") });
      expect(Bun.inspect(failure)).not.toContain(token);
    },
  );
});

test.skipIf(!libsqlServerAvailable())(
  "the doctor names clocks that are apart, and a token that anybody on the road may read",
  async () => {
    await using server = await startLibsqlServer();
    await using store = await openStore({ kind: "remote", url: server.url, token: undefined }, WRITER);
    const examined = async (target: StoreTarget) => {
      const problems: Problem[] = [];
      await examineServer({ ...store, target }, problems);
      return problems.map(({ code }) => code);
    };
    const place = (url: string): StoreTarget => ({ kind: "remote", url, token: "s3cret" });
    expect(await examined(place("https://team.example"))).toEqual([]);
    expect(await examined(place(server.url))).toEqual([]);
    expect(await examined(place("http://team.example"))).toEqual(["token_in_the_clear"]);
    setSystemTime(new Date(Date.now() - 3_600_000));
    try {
      expect(await examined(place("https://team.example"))).toEqual(["clocks_apart"]);
    } finally {
      setSystemTime();
    }
  },
);

test.skipIf(!libsqlServerAvailable() || !hasOpenssl)(
  "(needs OpenSSL 3) the commands of the page make a key and tokens that a server takes for what they are",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "ouroboros-team-keys-"));
    try {
      const blocks = [...readFileSync(PAGE, "utf8").matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block);
      const wanted = blocks.filter((block) => /genpkey|^team_token\(\)/m.test(block));
      expect(wanted).toHaveLength(2);
      const script = [...wanted, "team_token rw 90", "team_token ro 90", "team_token rw -1"].join("\n");
      const { status, stdout } = spawnSync("sh", ["-ec", script], { cwd: folder, encoding: "utf8" });
      expect(status).toBe(0);
      const [writes, reads, expired] = stdout.trim().split("\n");
      await using server = await startLibsqlServer({ jwtKey: readFileSync(join(folder, "team-key.pub.pem"), "utf8") });
      const place = (token: string | undefined) => ({ kind: "remote", url: server.url, token }) as const;
      await using store = await openStore(place(writes), WRITER);
      expect(await append(store, { kind: "any" }, [given()])).toBe("written");
      await using looked = await openStore(place(reads), { readOnly: true, create: false });
      expect(await rowsOf(looked, given().aggregate_id)).toBe(1);
      await expect(openStore(place(expired), WRITER)).rejects.toMatchObject({ code: "store_unauthorized" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test.skipIf(!hasOpenssl)(
  "(needs OpenSSL 3) a certificate that nobody here vouches for is named, with what to set",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "ouroboros-team-tls-"));
    const command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out cert -days 1 -subj /CN=localhost";
    expect(spawnSync("sh", ["-c", command], { cwd: folder }).status).toBe(0);
    const [key, cert] = ["key", "cert"].map((name) => readFileSync(join(folder, name)));
    rmSync(folder, { recursive: true, force: true });
    const server = createServer({ key, cert });
    try {
      const url = `https://localhost:${await listen(server)}`;
      await expect(openStore({ kind: "remote", url, token: "s3cret" }, WRITER)).rejects.toMatchObject({
        code: "store_unreachable",
        message: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
      });
    } finally {
      server.close();
    }
  },
);

async function rowsOf(store: Store, stream: string): Promise<number> {
  return (await query(store.database, "SELECT 1 FROM events WHERE aggregate_id = ?", [stream])).length;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) if (performance.now() > deadline) throw new Error(`Waited in vain for ${condition}`);
}
