// Times the two commonest reads inside one process: query-worker.ts STORE HOME ROUNDS, one line of JSON on stdout.
import { createSessionContext } from "../../src/sessions/session-context.ts";
import { openStore } from "../../src/store/open-store.ts";
import { listSessions } from "../../src/store/session/sessions.ts";
import { sessionStatus } from "../../src/views/session-status.ts";

const [, , path = "", home = "", rounds = "0"] = process.argv;
const WARM_UP = 20;
const PAGE = 50;

await using store = await openStore({ kind: "file", path, createFolder: false }, { readOnly: false, create: false });
const context = createSessionContext(store, home, { thresholdMicros: 3600e6, action: "default" });
const ids = (await listSessions(store, { limit: PAGE })).sessions.map(({ session_id }) => session_id);
if (ids.length === 0) throw new Error(`Cannot time reads of ${path}: it lists no session`);

const list = await times((_round) => listSessions(store, { limit: PAGE }));
const status = await times((round) => sessionStatus(context, ids[round % ids.length] ?? ""));
process.stdout.write(`${JSON.stringify({ list, status, ids })}\n`);

async function times(work: (round: number) => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let round = -WARM_UP; round < Number(rounds); round++) {
    const began = performance.now();
    await work(round + WARM_UP);
    if (round >= 0) taken.push(performance.now() - began);
  }
  return taken;
}
