import { resolve } from "node:path";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { readConfig } from "../../config.ts";
import { describeTarget, type StoreTarget } from "../../store/engine/store-target.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { bytes, fields } from "../render.ts";
import { standardBackupFile } from "./store/backup-file.ts";
import { makeBackup } from "./store/make-backup.ts";

/** `ouroboros store backup`: this process never opens the store, so that it may look at files as it likes. */
export async function storeBackup(
  { style, interruption }: Cli,
  flags: SharedFlags,
  named?: string,
): Promise<Answer | Refusal | number> {
  const began = performance.now();
  const { target } = await readConfig({ db: flags.db });
  if (target.kind === "remote") return serverLooksAfterIt(target);
  const file = resolve(named ?? standardBackupFile(target.path, new Date()));
  const done = await makeBackup(target, file, interruption.signal);
  if (done === undefined) return EXIT.interrupted;
  if (isRefusal(done)) return done;
  const json = { ...done, seconds: Math.round(performance.now() - began) / 1000 };
  const text = fields(style, [
    ["Backup", json.path],
    ["Size", bytes(json.bytes)],
    ["Events", json.events],
    ["Sessions", json.sessions],
    ["Seconds", json.seconds],
  ]);
  return { json, text };
}

function serverLooksAfterIt(target: StoreTarget): Refusal {
  return refuse(
    "remote_store",
    `Cannot back up ${describeTarget(target)} from here: the store is on a server`,
    "Back it up where it is kept. Your own libSQL server: its primary gives a dump at /dump, with the token as Authorization: Bearer, which sqlite3 makes a store of. Turso: `turso db export`, whose file may lack the newest rows, or its point-in-time recovery",
    { where: describeTarget(target) },
  );
}
