// Hosted servers refuse some PRAGMAs, and not all of them the same ones: the store is to work without.
import { expect, setDefaultTimeout, test } from "bun:test";
import { append } from "../../src/store/append.ts";
import { queryEvents } from "../../src/store/event-queries.ts";
import { openStore } from "../../src/store/open-store.ts";
import { libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { given } from "../support/store-contract/rows.ts";

setDefaultTimeout(30_000);

test.skipIf(!libsqlServerAvailable())(
  "a server that refuses the PRAGMA for reading at the primary is read and written all the same (Linux x64)",
  async () => {
    await using server = await startLibsqlServer();
    const asked: string[] = [];
    // As long as the one that is asked for, and refused by every libSQL server in words of its own.
    const refused = { "PRAGMA data_version": "PRAGMA data_versioX" };
    await using door = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        const { pathname } = new URL(request.url);
        let body = Buffer.from(await request.arrayBuffer()).toString("latin1");
        asked.push(body);
        for (const [from, to] of Object.entries(refused)) body = body.replaceAll(from, to);
        const { method, headers } = request;
        const sent = method === "POST" ? { body: Buffer.from(body, "latin1") } : {};
        const answer = await fetch(`${server.url}${pathname}`, { method, headers, ...sent });
        const type = answer.headers.get("content-type") ?? "";
        return new Response(await answer.arrayBuffer(), { status: answer.status, headers: { "content-type": type } });
      },
    });
    const target = { kind: "remote" as const, url: `http://127.0.0.1:${door.port}`, token: undefined };
    await using store = await openStore(target, { readOnly: false, create: true });
    const event = given();
    await append(store, { kind: "any" }, [event]);
    const { events } = await queryEvents(store, { limit: 10, offset: 0 });
    expect(events.map(({ id }) => id)).toEqual([event.id]);
    expect(store.access).toBe("write");
    // It is asked once: what is refused once is refused always.
    expect(asked.filter((body) => body.includes("PRAGMA data_version"))).toHaveLength(1);
  },
);
