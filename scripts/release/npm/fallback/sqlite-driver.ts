import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

type Arguments = SQLInputValue[] | Record<string, SQLInputValue>;

/** What the client tells SQLite's own failures by. */
class SqliteError extends Error {
  readonly code: string;
  readonly rawCode: number;

  constructor(message: string, rawCode: number) {
    super(message);
    this.name = "SqliteError";
    this.rawCode = rawCode;
    this.code = (rawCode & 0xff) === CANNOT_OPEN ? "SQLITE_CANTOPEN" : `SQLITE_${rawCode}`;
  }
}
const CANNOT_OPEN = 14;

/**
 * The part of libSQL's driver that @libsql/client uses, over the SQLite that Node and Bun carry: the plain JavaScript of
 * the npm package has no native addon. What one engine writes the other reads; both may have a store open at once, in
 * different processes.
 */
export class SqliteDriver {
  static readonly SqliteError = SqliteError;
  open = true;
  readonly #database: DatabaseSync;

  constructor(path: string, { timeout = 0 }: { readonly timeout?: number } = {}) {
    const { DatabaseSync } = loadQuietly();
    this.#database = told(() => new DatabaseSync(path === "file::memory:" ? ":memory:" : path, { timeout }));
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  prepare(sql: string): SqliteStatement {
    return told(() => new SqliteStatement(this.#database.prepare(sql)));
  }

  exec(sql: string): void {
    told(() => this.#database.exec(sql));
  }

  close(): void {
    this.#database.close();
    this.open = false;
  }
}

class SqliteStatement {
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    statement.setAllowUnknownNamedParameters(true);
    this.#statement = statement;
  }

  safeIntegers(enabled: boolean): void {
    this.#statement.setReadBigInts(enabled);
  }

  /** Rows as arrays. Throws where there are never rows: the client asks by trying. */
  raw(enabled: boolean): void {
    if (this.columns().length === 0) throw new TypeError("This statement returns no rows");
    this.#statement.setReturnArrays(enabled);
  }

  columns(): ReturnType<StatementSync["columns"]> {
    return this.#statement.columns();
  }

  all(args: Arguments): unknown[][] {
    const rows = told(() => this.#statement.all(...bound(args))) as unknown as unknown[][]; // raw(true) was called
    return rows.map((row) => row.map((value) => (value instanceof Uint8Array ? wholeBuffer(value) : value)));
  }

  run(args: Arguments): { changes: number; lastInsertRowid: number | bigint } {
    const { changes, lastInsertRowid } = told(() => this.#statement.run(...bound(args)));
    return { changes: Number(changes), lastInsertRowid };
  }
}

/** Node 22 and 24 take some empty bytes for NULL: those with no memory behind them. */
const EMPTY = new Uint8Array(1).subarray(0, 0);

function bound(args: Arguments): SQLInputValue[] {
  const held = (value: SQLInputValue) => (value instanceof Uint8Array && value.length === 0 ? EMPTY : value);
  if (Array.isArray(args)) return args.map(held);
  const named = Object.fromEntries(Object.entries(args).map(([name, value]) => [name, held(value)]));
  return [named as unknown as SQLInputValue]; // the first argument may name the others
}

/** The client hands on the memory behind a Buffer, which must hold nothing else. */
function wholeBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.slice().buffer);
}

/** Node says of every use of its SQLite, on standard error, that it is an experiment. */
function loadQuietly(): typeof import("node:sqlite") {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}

function told<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && "errcode" in error && typeof error.errcode === "number") {
      throw new SqliteError(error.message, error.errcode);
    }
    throw error;
  }
}
