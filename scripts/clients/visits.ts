import type { ClientRow, Visit } from "./report.ts";
import type { Road } from "./road.ts";
import { type Given, openStage } from "./stage.ts";

interface Circumstances {
  readonly binary: string;
  readonly stores: { readonly empty: Given; readonly large: Given | null };
  readonly say: (line: string) => void;
}

/** Has each client go its road once for each store: the first time that it, and anybody, meets that copy. */
export async function visitAll(roads: readonly Road[], { binary, stores, say }: Circumstances): Promise<ClientRow[]> {
  const rows: ClientRow[] = [];
  for (const road of roads) {
    const { client, version, transport, setup } = road;
    const empty = await visitOne(binary, road, stores.empty);
    say(`${client} ${version} over ${transport}, empty store: ${inWords(empty)}`);
    const large = stores.large && (await visitOne(binary, road, stores.large));
    if (large) say(`${client} ${version} over ${transport}, large store: ${inWords(large)}`);
    rows.push({ client, version, transport, setup, empty, large });
  }
  return rows;
}

async function visitOne(binary: string, road: Road, given: Given): Promise<Visit> {
  try {
    await using stage = await openStage(binary, road.transport, given);
    return await road.visit(stage);
  } catch (error) {
    const said = error instanceof Error ? error.message.slice(0, 300) : String(error);
    const no = { ok: false, said };
    return { connected: no, listed: no, called: no, connectMs: null, printed: [] };
  }
}

function inWords({ connected, listed, called, connectMs }: Visit): string {
  const time = connectMs === null ? "" : ` in ${connectMs.toFixed(0)} ms`;
  return `connected ${connected.said}${time}; tools ${listed.said}; ${called.ok ? "" : "CALL FAILED "}${called.said}`;
}
