import { messageOf, OuroborosError } from "../../base/errors.ts";

/** The ways a store fails, as callers tell them apart. */
export type StoreErrorCode =
  | "store_busy"
  | "store_corrupt"
  | "store_failed"
  | "store_full"
  | "store_is_a_directory"
  | "store_missing"
  | "store_no_engine"
  | "store_no_folder"
  | "store_not_a_database"
  | "store_not_ours"
  | "store_read_only"
  | "store_unauthorized"
  | "store_unreachable";

/** The store could not do what was asked; `next` says what to do about it. */
export class StoreError extends OuroborosError {
  declare readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(code, message, NEXT[code], cause);
    this.name = "StoreError";
  }
}

/** A server answered that it will not: its status, and its own words where it has any. */
export class ServerRefusal extends Error {
  readonly status: number;

  constructor(status: number, words: string) {
    super(words || `HTTP status ${status}`);
    this.name = "ServerRefusal";
    this.status = status;
  }
}

const NEXT: Record<StoreErrorCode, string> = {
  store_busy:
    "Another program is writing to it. Wait a moment and try again; if it stays so, close what has the file open",
  store_corrupt: "Stop all programs that use it, keep a copy of the file and run `ouroboros store check`",
  store_failed: "Try again; if it stays, run `ouroboros doctor`",
  store_full: "Free some space on that disk; nothing that was acknowledged is lost",
  store_is_a_directory: "Name the database file itself, for example by adding /ouroboros.db",
  store_missing:
    "Nothing was begun here yet? An interview, a run or `ouroboros mcp serve` makes it; else check the path",
  store_no_engine: "Set OUROBOROS_HOME or TMPDIR to a folder that can be written and executed from",
  store_no_folder: "Create the folder first, or name another path with --db",
  store_not_a_database: "Name another file with --db; this one is left as it is",
  store_not_ours: "Name another file with --db; this one is left as it is",
  store_read_only:
    "Make the file and its folder writable for this user (on a server: use a token that may write), or use --read-only, for which the folder alone must be writable",
  store_unauthorized: "Set OUROBOROS_DATABASE_TOKEN to a token that this server accepts",
  store_unreachable: "Check that the server of OUROBOROS_DATABASE_URL runs and can be reached",
};

/** What a driver's error means. `code` is SQLite's or the client's own word. */
export function toStoreError(error: unknown, where: string): StoreError {
  if (error instanceof StoreError) return error;
  if (isTokenThatReads(error)) {
    const message = `Cannot write to the store ${where}: the token may only read (${messageOf(error)})`;
    return new StoreError("store_read_only", message, error);
  }
  const [code, words] = classify(error);
  return new StoreError(code, `Cannot use the store ${where}: ${words} (${messageOf(error)})`, error);
}

/** Is this the driver's way of saying that somebody else is writing? */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) return true;
  // A replica keeps the words of its primary and not the code.
  return code === "PROXY_ERROR" && /database (table )?is locked/.test(messageOf(error));
}

/** Is this how a server says that a token does not allow writing? A replica says it in its primary's words. */
export function isTokenThatReads(error: unknown): boolean {
  return /Authorization forbidden.*\bWrite permission\b/.test(messageOf(error));
}

function classify(error: unknown): [StoreErrorCode, string] {
  const code = codeOf(error);
  if (isBusy(error)) return ["store_busy", "it is locked by another writer"];
  if (code.startsWith("SQLITE_NOTADB")) return ["store_not_a_database", "the file is not an SQLite database"];
  if (code.startsWith("SQLITE_CORRUPT")) return ["store_corrupt", "the file is damaged"];
  if (code.startsWith("SQLITE_FULL")) return ["store_full", "the disk is full"];
  if (code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_CANTOPEN") || code.startsWith("SQLITE_PERM")) {
    return ["store_read_only", "it cannot be opened for writing by this user"];
  }
  if (code.startsWith("SQLITE_IOERR")) {
    return isOutOfSpace(error) ? ["store_full", "the disk is full"] : ["store_failed", "reading or writing it failed"];
  }
  // The embedded driver throws a bare Error without a code when it cannot open the file: 14 is SQLITE_CANTOPEN.
  if (/Unable to open connection to local database/.test(messageOf(error))) {
    return ["store_read_only", "it cannot be opened by this user"];
  }
  if (code === "RESPONSE_TOO_LARGE") return ["store_failed", "its server answers no more than its --max-response-size"];
  if (code.startsWith("HRANA_")) return ["store_unreachable", "what answers there is no libSQL server"];
  const status = httpStatus(error);
  if (status === 401 || status === 403) return ["store_unauthorized", "the server refuses this token"];
  if (seenIn(error, CERTIFICATE)) return ["store_unreachable", UNTRUSTED];
  if (status !== undefined || error instanceof SyntaxError || seenIn(error, NETWORK))
    return ["store_unreachable", "the server does not answer"];
  return ["store_failed", "the driver failed"];
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

function isOutOfSpace(error: unknown): boolean {
  return /no space|ENOSPC|disk (is )?full/i.test(messageOf(error));
}

function httpStatus(error: unknown): number | undefined {
  for (let seen = error; typeof seen === "object" && seen !== null; seen = "cause" in seen ? seen.cause : undefined) {
    if ("status" in seen && typeof seen.status === "number") return seen.status;
  }
  const match = /HTTP status (\d{3})/.exec(messageOf(error));
  return match ? Number(match[1]) : undefined;
}

const NETWORK = /fetch failed|ECONN|ENOTFOUND|EPIPE|socket|network|Unable to connect|closed unexpectedly|timed? ?out/i;
const CERTIFICATE = /certificate|ERR_TLS_CERT/i;
const UNTRUSTED =
  "its certificate is not trusted here; NODE_EXTRA_CA_CERTS may name the file of an authority of your own";

/** Do these words stand in what was thrown, or in what caused it? */
function seenIn(error: unknown, words: RegExp): boolean {
  for (let seen = error; typeof seen === "object" && seen !== null; seen = "cause" in seen ? seen.cause : undefined) {
    if (words.test(messageOf(seen)) || words.test(codeOf(seen))) return true;
  }
  return false;
}
