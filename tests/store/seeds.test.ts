// Seeds are for ever: stored once however often and by however many they are stored, and never in other words.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRefusal } from "../../src/base/refusal.ts";
import { findSeed } from "../../src/sessions/resume/seed-lookup.ts";
import { getBlob } from "../../src/store/blobs.ts";
import { query } from "../../src/store/engine/database.ts";
import { openStore } from "../../src/store/open-store.ts";
import { seedFile, writeSeedFile } from "../../src/store/seed-files.ts";
import { listSeeds, readSeed, type SeedRecord, saveSeed } from "../../src/store/seeds.ts";
import type { Store } from "../../src/store/store.ts";
import { startDroppingProxy } from "../support/dropping-proxy.ts";
import { givenStore } from "../support/given-store.ts";
import { type LibsqlServer, libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { filePlace, type Place, serverPlace } from "../support/store-contract/place.ts";

setDefaultTimeout(60_000);

const DECIDED = [{ path: "constraints.0", by: "user", sources: ["interview_1 round 2"] }];

seeds("a file", filePlace);

const available = libsqlServerAvailable();
const reason = available ? "" : " (skipped: no libSQL server binary for this platform)";

describe.skipIf(!available)(`with a real libSQL server${reason}`, () => {
  let server: LibsqlServer;
  beforeAll(async () => {
    server = await startLibsqlServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  seeds("a server", () => serverPlace(server.url));

  test.each(["dropReplies", "refuse"] as const)("a network that fails once (%s) doubles no seed", async (way) => {
    await using direct = await serverPlace(server.url);
    await using watcher = await direct.open();
    await using proxy = await startDroppingProxy(server.url);
    await using store = await openStore(
      { kind: "remote", url: proxy.url, token: undefined },
      { readOnly: false, create: true },
    );
    let left = 1;
    proxy[way]((body) => body.includes("ouro_blob") && left-- > 0);
    expect(await saved(store, yamlOf("seed_a"))).toMatchObject({ seed_id: "seed_a" });
    expect(left).toBeLessThan(1);
    expect(await createdRows(watcher)).toBe(1);
    expect((await readSeed(watcher, "seed_a"))?.yaml).toBe(yamlOf("seed_a"));
  });
});

function seeds(engine: string, fresh: () => Promise<Place>): void {
  describe(`seeds on ${engine}`, () => {
    test("a seed is stored with its text, who decided what, and where it comes from", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const yaml = yamlOf("seed_a", { parent_seed_id: "seed_0", interview_id: "interview_1", ambiguity_score: 0.31 });
      const record = await saved(store, yaml, { forced: true, decided: DECIDED });
      expect(record).toMatchObject({
        seed_id: "seed_a",
        goal: "Lend tools",
        interview_id: "interview_1",
        parent_seed_id: "seed_0",
        ambiguity_score: 0.31,
        forced: true,
        created_by: "tester",
        decided: DECIDED,
      });
      expect(record.content_hash).toMatch(/^[0-9a-f]{64}$/);
      expect(new TextDecoder().decode(await getBlob(store, record.yaml_hash))).toBe(yaml);
      expect(await readSeed(store, "seed_a")).toEqual({ ...record, yaml });
      expect(await readSeed(store, "seed_b")).toBeUndefined();
    });

    test("the same demand again is the seed that is there; another one under its id is refused and leaves nothing", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const first = await saved(store, yamlOf("seed_a"));
      expect(await saved(store, `# with a note\n${yamlOf("seed_a", { created_at: "later" })}`)).toEqual(first);
      const blobs = await blobCount(store);
      const other = await saveSeed(store, { yaml: yamlOf("seed_a").replace("Lend", "Sell"), createdBy: "tester" });
      expect(isRefusal(other) && other.code).toBe("seed_exists");
      expect([await createdRows(store), await blobCount(store)]).toEqual([1, blobs]);
      expect((await readSeed(store, "seed_a"))?.yaml).toBe(yamlOf("seed_a"));
    });

    test("of many who store different seeds under one id, one has it and the others are told", async () => {
      await using place = await fresh();
      const stores = await Promise.all(Array.from({ length: 4 }, () => place.open()));
      const outcomes = await Promise.all(
        stores.flatMap((store, n) =>
          [n, n % 2].map((goal) => saveSeed(store, { yaml: yamlOf("seed_a", {}, `Goal ${goal}`), createdBy: `${n}` })),
        ),
      );
      const [store] = stores;
      const winner = store && (await readSeed(store, "seed_a"));
      for (const [at, outcome] of outcomes.entries()) {
        const mine = `Goal ${[Math.floor(at / 2), Math.floor(at / 2) % 2][at % 2]}`;
        expect(isRefusal(outcome) ? outcome.code : outcome.goal).toBe(mine === winner?.goal ? mine : "seed_exists");
      }
      expect(store && (await createdRows(store))).toBe(1);
      for (const one of stores) await one[Symbol.asyncDispose]();
    });

    test("they are listed newest first, page by page, and damaged rows are passed over", async () => {
      await using place = await fresh();
      await using store = await place.open();
      for (const id of ["seed_a", "seed_b", "seed_c"]) await saved(store, yamlOf(id));
      await store.database.write([
        {
          sql: "UPDATE events SET payload = '{' WHERE aggregate_id = ?",
          args: ["seed_b"],
        },
      ]);
      const ids = async (page?: { limit?: number; offset?: number }) =>
        (await listSeeds(store, page)).map(({ seed_id }) => seed_id);
      expect(await ids()).toEqual(["seed_c", "seed_a"]);
      expect(await ids({ limit: 1 })).toEqual(["seed_c"]);
      expect(await ids({ offset: 2 })).toEqual(["seed_a"]);
      expect(await readSeed(store, "seed_b")).toBeUndefined();
    });

    test.each([
      ["no id", yamlOf("null"), "bad_seed_id"],
      ["an id that is a path", yamlOf("../seed"), "bad_seed_id"],
      ["no seed", "goal: g", "bad_seed"],
    ])("refuses %s, and writes nothing", async (_what, yaml, code) => {
      await using place = await fresh();
      await using store = await place.open();
      const outcome = await saveSeed(store, { yaml, createdBy: "tester" });
      expect(isRefusal(outcome) && outcome.code).toBe(code);
      expect([await createdRows(store), await blobCount(store)]).toEqual([0, 0]);
    });
  });
}

describe("the file of a seed", () => {
  test("is there whole and for its user only, again without a change, and never in other words", async () => {
    await using home = await folder();
    const path = await writeSeedFile(home.path, "seed_a", "goal: é\n");
    expect(path).toBe(join(home.path, "seeds", "seed_a.yaml"));
    if (isRefusal(path)) throw new Error(path.message);
    expect(await readFile(path, "utf8")).toBe("goal: é\n");
    if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o600);
    const before = await stat(path);
    expect(await writeSeedFile(home.path, "seed_a", "goal: é\n")).toBe(path);
    expect((await stat(path)).ino).toBe(before.ino);
    const other = await writeSeedFile(home.path, "seed_a", "goal: b\n");
    expect(isRefusal(other) && other.code).toBe("seed_exists");
    expect(await readdir(join(home.path, "seeds"))).toEqual(["seed_a.yaml"]);
  });

  test("leaves nothing behind when it cannot be given its name", async () => {
    await using home = await folder();
    await mkdir(join(home.path, "seeds", "seed_a.yaml", "in the way"), { recursive: true });
    await expect(writeSeedFile(home.path, "seed_a", "x")).rejects.toThrow();
    expect(await readdir(join(home.path, "seeds"))).toEqual(["seed_a.yaml"]);
    await using blocked = await folder();
    await writeFile(join(blocked.path, "seeds"), "a file");
    await expect(writeSeedFile(blocked.path, "seed_a", "x")).rejects.toThrow();
  });

  test("is named by an id, and by nothing that leads elsewhere", async () => {
    await using home = await folder();
    for (const id of ["../x", "a/../../x", "/etc/x", "..", "", "a\u0000b", "con"]) {
      expect(seedFile(home.path, id)).toBeUndefined();
      const outcome = await writeSeedFile(home.path, id, "x");
      expect(isRefusal(outcome) && outcome.code).toBe("bad_seed_id");
    }
    expect(await readdir(home.path)).toEqual([]);
  });
});

describe("the seed of a session", () => {
  test("is found by its hash, else by its id: in the store, then among upstream's files, and nowhere else", async () => {
    await using given = await givenStore();
    const { context, home } = given;
    const find = (seedId: string | null, seedHash: string | null = null) => findSeed(context, { seedHash, seedId });
    await writeSeedFile(home, "seed_a", "in a file");
    await writeFile(join(home, "outside.yaml"), "not for them");
    expect(await find("seed_a")).toBe("in a file");
    const { yaml_hash } = await saved(context.store, yamlOf("seed_a"));
    expect(await find("seed_a")).toBe(yamlOf("seed_a"));
    expect(await find("seed_b", yaml_hash)).toBe(yamlOf("seed_a"));
    expect(await find("seed_a", "0".repeat(64))).toBe(yamlOf("seed_a"));
    for (const nowhere of [null, "seed_b", "../outside", "../seeds/seed_a"])
      expect(await find(nowhere)).toBeUndefined();
  });
});

function yamlOf(seedId: string, metadata: Readonly<Record<string, unknown>> = {}, goal = "Lend tools"): string {
  const entries = Object.entries(metadata).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
  return `goal: ${goal}\nacceptance_criteria:\n- A tool can be lent\nmetadata:\n  seed_id: ${seedId}\n${entries.join("")}`;
}

async function saved(
  store: Store,
  yaml: string,
  rest: Partial<Parameters<typeof saveSeed>[1]> = {},
): Promise<SeedRecord> {
  const outcome = await saveSeed(store, { yaml, createdBy: "tester", ...rest });
  if (isRefusal(outcome)) throw new Error(outcome.message);
  return outcome;
}

async function createdRows(store: Store): Promise<number> {
  const [row] = await query(store.database, "SELECT count(*) AS n FROM events WHERE event_type = 'seed.created'");
  return Number(row?.n);
}

async function blobCount(store: Store): Promise<number> {
  return Number((await query(store.database, "SELECT count(*) AS n FROM ouro_blob"))[0]?.n);
}

async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "ouroboros-seeds-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
