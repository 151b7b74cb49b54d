import type { Client } from "@libsql/client/http";
import { delay } from "../../base/delay.ts";
import { type Database, type Rows, type Statement, toBatch } from "./database.ts";
import { isBusy, toStoreError } from "./store-error.ts";
import { describeTarget } from "./store-target.ts";

const PATIENCE_MS = 5_000;
const NO_TEMPORARY = "A libSQL server has no temporary tables: a store there is read as it stands";
const REQUEST_MS = 15_000;

/** Opens a libSQL server (sqld, Turso) over HTTP. Nothing is sent before the first statement. */
export async function openRemoteDatabase(url: string, token: string | undefined): Promise<Database> {
  const { createClient } = await import("@libsql/client/http");
  const where = describeTarget({ kind: "remote", url, token });
  try {
    const authToken = token === undefined ? {} : { authToken: token };
    return new RemoteDatabase(createClient({ url, ...authToken, fetch: boundedFetch }), where);
  } catch (error) {
    throw toStoreError(error, where);
  }
}

/** The driver waits for ever on a server that accepts and never answers. */
function boundedFetch(request: Request): Promise<Response> {
  return fetch(request, { signal: AbortSignal.timeout(REQUEST_MS) });
}

class RemoteDatabase implements Database {
  readonly engine = "remote";
  readonly where: string;
  readonly firstStatementAt: number;
  readonly #client: Client;

  constructor(client: Client, where: string) {
    this.#client = client;
    this.firstStatementAt = performance.now();
    this.where = where;
  }

  read(statements: readonly Statement[]): Promise<Rows[]> {
    return this.#run(() => this.#client.batch(toBatch(statements), "read"));
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
