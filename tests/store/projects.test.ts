// Upstream's registry of repositories, in a store of either program and on either engine.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { makeStore } from "../../scripts/make-store.ts";
import {
  findProject,
  listProjects,
  registerFound,
  registerProject,
  setDefault,
  setDefaults,
} from "../../src/store/projects.ts";
import { type LibsqlServer, libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { filePlace, type Place, serverPlace } from "../support/store-contract/place.ts";
import { rowsOf } from "../support/store-contract/rows.ts";

setDefaultTimeout(30_000);

const ONE = { path: "/p/one", name: "one" };
const TWO = { path: "/p/two", name: "two" };

registry("a file", filePlace);

const available = libsqlServerAvailable();
describe.skipIf(!available)(`with a real libSQL server${available ? "" : " (skipped: no binary here)"}`, () => {
  let server: LibsqlServer;
  beforeAll(async () => {
    server = await startLibsqlServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  registry("a server", () => serverPlace(server.url));
});

function registry(engine: string, fresh: () => Promise<Place>): void {
  describe(`the registry on ${engine}`, () => {
    test("is empty and makes nothing as long as it is only read", async () => {
      await using place = await fresh();
      await using store = await place.open();
      expect(await listProjects(store)).toEqual({ projects: [], total: 0 });
      expect(await findProject(store, ONE.path)).toBeUndefined();
      expect(await rowsOf(store, "SELECT name FROM sqlite_master WHERE name LIKE '%brownfield%'")).toEqual([]);
    });

    test("keeps what a person said of a repository when it is found again", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await registerFound(store, [ONE, TWO]);
      const said = await registerProject(store, { path: ONE.path, name: "Shop", desc: "sells", otherwise: "one" });
      expect(said).toEqual({ id: 1, path: ONE.path, name: "Shop", desc: "sells", is_default: false });
      await setDefault(store, ONE.path, true);
      await registerFound(store, [{ path: "/p/three", name: "three" }, ONE]);
      const { projects, total } = await listProjects(store);
      expect(projects).toEqual([
        { id: 1, path: ONE.path, name: "Shop", desc: "sells", is_default: true },
        { id: 2, ...TWO, desc: null, is_default: false },
        { id: 3, path: "/p/three", name: "three", desc: null, is_default: false },
      ]);
      expect(total).toBe(3);
      // Registered again without a name, it keeps the one it has.
      expect(await registerProject(store, { path: ONE.path, otherwise: "one" })).toMatchObject({
        name: "Shop",
        desc: "sells",
      });
      expect(await registerProject(store, { path: "/p/new", otherwise: "new" })).toMatchObject({
        name: "new",
        desc: null,
      });
    });

    test("pages, and lists the defaults alone", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await registerFound(
        store,
        Array.from({ length: 7 }, (_, at) => ({ path: `/p/${at}`, name: `n${at}` })),
      );
      await setDefaults(store, [2, 5]);
      const names = async (query: object) => {
        const { projects, total } = await listProjects(store, query);
        return [projects.map(({ name }) => name), total];
      };
      expect(await names({ offset: 5 })).toEqual([["n5", "n6"], 7]);
      expect(await names({ offset: 1, limit: 2 })).toEqual([["n1", "n2"], 7]);
      expect(await names({ defaultOnly: true })).toEqual([["n1", "n4"], 2]);
      expect(await names({ offset: 99 })).toEqual([[], 7]);
    });

    test("defaults are set one by one, or all at once and then all known or none changed", async () => {
      await using place = await fresh();
      await using store = await place.open();
      await registerFound(store, [ONE, TWO]);
      const defaults = async () => (await listProjects(store, { defaultOnly: true })).projects.map(({ id }) => id);
      expect(await setDefault(store, TWO.path, true)).toMatchObject({ name: "two", is_default: true });
      expect(await setDefault(store, ONE.path, true)).toMatchObject({ is_default: true });
      expect(await setDefault(store, TWO.path, false)).toMatchObject({ is_default: false });
      expect(await setDefault(store, "/p/nobody", true)).toBeUndefined();
      expect(await defaults()).toEqual([1]);
      expect(await setDefaults(store, [2, 2])).toBe(true);
      expect(await defaults()).toEqual([2]);
      expect(await setDefaults(store, [1, 99])).toBe(false);
      expect(await defaults()).toEqual([2]);
      expect(await setDefaults(store, [])).toBe(true);
      expect(await defaults()).toEqual([]);
    });

    test("hostile texts stay texts", async () => {
      await using place = await fresh();
      await using store = await place.open();
      const path = `/p/'); DROP TABLE brownfield_repos; --\n"\u0000☃`;
      const { name, desc } = await registerProject(store, { path, name: path, desc: path, otherwise: "" });
      expect([name, desc, (await findProject(store, path))?.path]).toEqual([path, path, path]);
    });

    test("a store that is only read refuses to be told anything", async () => {
      await using place = await fresh();
      {
        await using store = await place.open();
        await registerFound(store, [ONE]);
      }
      await using store = await place.open({ readOnly: true });
      const refusal = { code: "store_read_only" };
      await expect(registerFound(store, [TWO])).rejects.toMatchObject(refusal);
      await expect(registerProject(store, { path: "/p", otherwise: "p" })).rejects.toMatchObject(refusal);
      await expect(setDefault(store, ONE.path, true)).rejects.toMatchObject(refusal);
      await expect(setDefaults(store, [])).rejects.toMatchObject(refusal);
      expect((await listProjects(store)).projects).toMatchObject([{ ...ONE, is_default: false }]);
    });
  });
}

describe("upstream's table", () => {
  test("is made letter for letter as upstream makes it", async () => {
    await using place = await filePlace();
    await using theirs = await filePlace();
    makeStore({ out: theirs.path, sessions: 0, events: 0, spelling: "migration" });
    const schema = (path: string) => {
      using file = new Database(path, { readonly: true });
      const sql =
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'brownfield_repos' AND sql IS NOT NULL ORDER BY name";
      return file.query(sql).all();
    };
    {
      await using store = await place.open();
      await registerFound(store, [ONE]);
    }
    expect(schema(place.path)).toHaveLength(2);
    expect(schema(place.path)).toEqual(schema(theirs.path));
  });

  test("is used as it is found, with its rows and without the index it lacks", async () => {
    await using place = await filePlace();
    makeStore({ out: place.path, sessions: 0, events: 0 });
    {
      using file = new Database(place.path);
      file.run(
        "INSERT INTO brownfield_repos (path, name, is_default, registered_at) VALUES ('/p/py', 'py', 1, '2026-01-02 03:04:05.000006')",
      );
      // Damage that must not end the process.
      file.run(`INSERT INTO brownfield_repos (path, name, "desc") VALUES (CAST(x'2fff' AS TEXT), 'odd', '')`);
    }
    await using store = await place.open();
    await registerFound(store, [ONE]);
    expect((await listProjects(store)).projects).toEqual([
      { id: 1, path: "/p/py", name: "py", desc: null, is_default: true },
      { id: 2, path: "/\ufffd", name: "odd", desc: null, is_default: false },
      { id: 3, ...ONE, desc: null, is_default: false },
    ]);
    expect(await rowsOf(store, "SELECT name FROM sqlite_master WHERE name = 'ix_brownfield_repos_is_default'")).toEqual(
      [],
    );
    expect(
      await rowsOf(
        store,
        "SELECT registered_at GLOB '20??-??-?? ??:??:??' AS ok FROM brownfield_repos WHERE rowid = 3",
      ),
    ).toEqual([{ ok: 1 }]);
  });
});
