import { mustBeWritable } from "./append.ts";
import { query, type Statement } from "./engine/database.ts";
import { storedText } from "./row.ts";
import type { Store } from "./store.ts";

/** A repository in upstream's registry; its id is the row's. */
export interface Project {
  readonly id: number;
  readonly path: string;
  readonly name: string;
  readonly desc: string | null;
  readonly is_default: boolean;
}

/** Upstream's table, letter for letter. Made when absent, never altered: one without its index stays without. */
const CREATION = [
  `CREATE TABLE IF NOT EXISTS brownfield_repos (
	path TEXT NOT NULL, 
	name TEXT NOT NULL, 
	"desc" TEXT, 
	is_default BOOLEAN DEFAULT 0 NOT NULL, 
	registered_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL, 
	PRIMARY KEY (path)
)`,
  "CREATE INDEX IF NOT EXISTS ix_brownfield_repos_is_default ON brownfield_repos (is_default)",
];

/** Texts come as bytes: what is not UTF-8 must not end the process. */
const COLUMNS = `rowid AS id, CAST(path AS BLOB) AS path, CAST(name AS BLOB) AS name, CAST("desc" AS BLOB) AS "desc", is_default`;

interface ProjectQuery {
  readonly defaultOnly?: boolean;
  readonly offset?: number;
  readonly limit?: number;
}

/** Registered repositories in the order of their ids, and how many there are in all. */
export async function listProjects(
  store: Store,
  { defaultOnly = false, offset = 0, limit = -1 }: ProjectQuery = {},
): Promise<{ readonly projects: readonly Project[]; readonly total: number }> {
  if (!(await hasTable(store))) return { projects: [], total: 0 };
  const where = defaultOnly ? "WHERE is_default" : "";
  const [count, page] = await store.database.read([
    { sql: `SELECT count(*) AS total FROM brownfield_repos ${where}` },
    {
      sql: `SELECT ${COLUMNS} FROM brownfield_repos ${where} ORDER BY rowid LIMIT ? OFFSET ?`,
      args: [limit, offset],
    },
  ]);
  return { projects: (page?.rows ?? []).map(toProject), total: Number(count?.rows[0]?.total ?? 0) };
}

/** The repository registered under a path. */
export async function findProject(store: Store, path: string): Promise<Project | undefined> {
  if (!(await hasTable(store))) return undefined;
  const [row] = await query(store.database, `SELECT ${COLUMNS} FROM brownfield_repos WHERE path = ?`, [path]);
  return row && toProject(row);
}

/** Registers repositories that were found; what is known of one that is registered already stays as it is. */
export async function registerFound(
  store: Store,
  found: readonly { readonly path: string; readonly name: string }[],
): Promise<void> {
  const sql = "INSERT INTO brownfield_repos (path, name) VALUES (?, ?) ON CONFLICT (path) DO NOTHING";
  await write(
    store,
    found.map(({ path, name }) => ({ sql, args: [path, name] })),
  );
}

/** Registers one repository, or renames and describes it anew; what is not given stays, and so does its flag. */
export async function registerProject(
  store: Store,
  {
    path,
    name,
    desc,
    otherwise,
  }: { path: string; name?: string | undefined; desc?: string | undefined; otherwise: string },
): Promise<Project> {
  await write(store, [
    {
      sql: `INSERT INTO brownfield_repos (path, name, "desc") VALUES (:path, coalesce(:name, :otherwise), :desc)
ON CONFLICT (path) DO UPDATE SET name = coalesce(:name, name), "desc" = coalesce(:desc, "desc")`,
      args: { path, name: name ?? null, desc: desc ?? null, otherwise },
    },
  ]);
  const project = await findProject(store, path);
  if (!project) throw new Error(`The repository ${path} was removed while it was registered`);
  return project;
}

/** Sets or clears the flag of one repository; undefined when it is not registered. The others keep theirs. */
export async function setDefault(store: Store, path: string, isDefault: boolean): Promise<Project | undefined> {
  const sql = "UPDATE brownfield_repos SET is_default = ? WHERE path = ?";
  await write(store, [{ sql, args: [isDefault ? 1 : 0, path] }]);
  return await findProject(store, path);
}

/** Makes exactly these repositories the defaults; false, and nothing changed, when one of the ids is nobody's. */
export async function setDefaults(store: Store, ids: readonly number[]): Promise<boolean> {
  const wanted = [...new Set(ids)];
  const list = wanted.map(() => "?").join(", ");
  const isKnown = `(SELECT count(*) FROM brownfield_repos WHERE rowid IN (${list})) = ?`;
  const [updated, known] = await write(store, [
    {
      sql: `UPDATE brownfield_repos SET is_default = (rowid IN (${list})) WHERE ${isKnown}`,
      args: [...wanted, ...wanted, wanted.length],
    },
    { sql: `SELECT ${isKnown} AS known`, args: [...wanted, wanted.length] },
  ]);
  return (updated?.rowsAffected ?? 0) > 0 || Number(known?.rows[0]?.known) === 1;
}

async function write(store: Store, statements: readonly Statement[]) {
  mustBeWritable(store);
  if (!(await hasTable(store))) await store.database.write(CREATION.map((sql) => ({ sql })));
  return await store.database.write(statements);
}

async function hasTable(store: Store): Promise<boolean> {
  const sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'brownfield_repos'";
  return (await query(store.database, sql)).length === 1;
}

function toProject(row: Awaited<ReturnType<typeof query>>[number]): Project {
  const desc = row.desc === null ? null : storedText(row.desc);
  return {
    id: Number(row.id),
    path: storedText(row.path),
    name: storedText(row.name),
    desc: desc === "" ? null : desc,
    is_default: Number(row.is_default) === 1,
  };
}
