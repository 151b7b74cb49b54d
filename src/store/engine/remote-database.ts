import type { Client } from "@libsql/client/http";
import { delay } from "../../base/delay.ts";
import { messageOf } from "../../base/errors.ts";
import { type Database, type Rows, type Statement, toBatch } from "./database.ts";
import { isBusy, isTokenThatReads, ServerRefusal, toStoreError } from "./store-error.ts";
import { describeTarget } from "./store-target.ts";

const PATIENCE_MS = 5_000;
const NO_TEMPORARY = "A libSQL server has no temporary tables: a store there is read as it stands";
const REQUEST_MS = 15_000;
const MOST_WORDS = 300;
/**
 * Takes a read to the primary without a lock: every libSQL server counts it among the statements that only a primary may run.
 * A replica answers plain reads itself, from a moment ago and by a clock of its own, and neither may decide about a lease.
 */
const AT_THE_PRIMARY: Statement = { sql: "PRAGMA data_version" };

/** Opens a libSQL server (sqld, Turso) over HTTP. Nothing is sent before the first statement. */
export async function openRemoteDatabase(url: string, token: string | undefined): Promise<Database> {
  const { createClient } = await import("@libsql/client/http");
  const where = describeTarget({ kind: "remote", url, token });
  try {
    const authToken = token === undefined ? {} : { authToken: token };
    const send = (request: Request) => boundedFetch(request, token);
    return new RemoteDatabase(createClient({ url, ...authToken, fetch: send }), where);
  } catch (error) {
    throw toStoreError(error, where);
  }
}

/** The driver waits for ever on a server that accepts and never answers, and drops the server's words when it refuses. */
async function boundedFetch(request: Request, token: string | undefined): Promise<Response> {
  const response = await fetch(request, { signal: AbortSignal.timeout(REQUEST_MS) });
  if (response.ok || request.method !== "POST") return response;
  throw new ServerRefusal(response.status, wordsOf(await response.text(), token));
}

/** What the server says is wrong; never what a proxy's page may repeat of the request. */
function wordsOf(body: string, token: string | undefined): string {
  let words = "";
  try {
    const { error } = JSON.parse(body);
    if (typeof error === "string") words = error;
  } catch {
    // Somebody else's page.
  }
  return (token ? words.replaceAll(token, "…") : words).slice(0, MOST_WORDS);
}

class RemoteDatabase implements Database {
  readonly engine = "remote";
  readonly where: string;
  readonly firstStatementAt: number;
  readonly #client: Client;
  /** Who cannot write decides nothing, and is allowed no statement of the primary's either. */
  #mayWrite = true;
  /** Servers that others host refuse some PRAGMAs: there a read takes the lock of a writer, which only a primary gives. */
  #takesPragma = true;

  constructor(client: Client, where: string) {
    this.#client = client;
    this.firstStatementAt = performance.now();
    this.where = where;
  }

  get readOnlyBecause(): string | undefined {
    return this.#mayWrite ? undefined : "the token may only read";
  }

  async read(statements: readonly Statement[]): Promise<Rows[]> {
    try {
      if (this.#mayWrite && this.#takesPragma) {
        const there = toBatch([AT_THE_PRIMARY, ...statements]);
        return (await this.#run(() => this.#client.batch(there, "read"))).slice(1);
      }
      return await this.#run(() => this.#client.batch(toBatch(statements), this.#mayWrite ? "write" : "read"));
    } catch (error) {
      const isRefused = this.#takesPragma && /SQL_PARSE_ERROR.*\bPRAGMA\b/i.test(messageOf(error));
      if (!isRefused && !(this.#mayWrite && isTokenThatReads(error))) throw error;
      if (isRefused) this.#takesPragma = false;
      else this.#mayWrite = false;
      return this.read(statements);
    }
  }

  write(statements: readonly Statement[]): Promise<Rows[]> {
    return this.#run(() => this.#client.batch(toBatch(statements), "write"));
  }

  useTemporary(): Promise<void> {
    throw new Error(NO_TEMPORARY);
  }

  scratch(): Promise<Rows[]> {
    throw new Error(NO_TEMPORARY);
  }

  async prepareForWriting(): Promise<void> {
    // The server looks after its own log.
  }

  pragma(sql: string): Promise<Rows> {
    return this.#run(() => this.#client.execute(sql));
  }

  async checkpoint(): Promise<void> {
    // The server looks after its own log.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let pause = 10; ; pause = Math.min(pause * 2, 250)) {
      try {
        return await work();
      } catch (error) {
        // Only a refusal for a lock is retried here: after a lost reply the caller must ask what became of its write.
        if (!isBusy(error) || performance.now() > deadline) throw toStoreError(error, this.where);
        await delay(pause / 2 + Math.random() * pause);
      }
    }
  }
}
