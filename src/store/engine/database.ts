import type { InValue, ResultSet } from "@libsql/client/sqlite3";

/** One SQL statement with positional (`?`) or named (`:name`) arguments. */
export interface Statement {
  readonly sql: string;
  readonly args?: InValue[] | Record<string, InValue>;
}

export type SqlValue = InValue;
export type Rows = ResultSet;

/**
 * SQL on either engine. There are no interactive transactions: a read is one snapshot, a write one immediate
 * transaction that is applied whole or not at all. A statement that changes nothing does not stop the ones after it.
 */
export interface Database extends AsyncDisposable {
  readonly engine: "file" | "remote";
  /** Where it is, as a person may read it. */
  readonly where: string;
  /** When its first statement was sent (`performance.now()`): loading the driver before that is no matter of the store's size. */
  readonly firstStatementAt: number;
  /** Why it cannot be written, where a server has said so. */
  readonly readOnlyBecause?: string | undefined;
  /** Runs all statements against one snapshot. */
  read(statements: readonly Statement[]): Promise<Rows[]>;
  /** Runs all statements in one write transaction; throws and changes nothing when one of them fails. */
  write(statements: readonly Statement[]): Promise<Rows[]>;
  /** Makes tables that only this connection sees, and makes them again (empty) whenever it had to be replaced. */
  useTemporary(statements: readonly Statement[]): Promise<void>;
  /** Runs statements that write temporary tables only, without taking the store's write lock. */
  scratch(statements: readonly Statement[]): Promise<Rows[]>;
  /** Set-up that writes to the file itself: only once it is known to be ours and meant to be written. */
  prepareForWriting(): Promise<void>;
  /** Moves what it can from the write-ahead log into the file; a no-op on a server. */
  checkpoint(mode: "PASSIVE" | "TRUNCATE"): Promise<void>;
  /** Runs a statement outside any transaction; a failure is thrown as it is. For set-up and maintenance only. */
  pragma(sql: string): Promise<Rows>;
}

/** Reads one statement's rows. */
export async function query(database: Database, sql: string, args: Statement["args"] = []): Promise<Rows["rows"]> {
  const [result] = await database.read([{ sql, args }]);
  return result?.rows ?? [];
}

/** Statements in the shape the driver's batch wants. */
export function toBatch(statements: readonly Statement[]): { sql: string; args: NonNullable<Statement["args"]> }[] {
  return statements.map(({ sql, args }) => ({ sql, args: args ?? [] }));
}
