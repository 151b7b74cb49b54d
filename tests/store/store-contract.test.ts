// One set of promises, held by both engines: what passes here on a file passes on a server, word for word.
import { afterAll, beforeAll, describe } from "bun:test";
import { type LibsqlServer, libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { filePlace, serverPlace } from "../support/store-contract/place.ts";
import { storeContract } from "../support/store-contract.ts";

storeContract("a file", filePlace);

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
  storeContract("a server", () => serverPlace(server.url));
});
