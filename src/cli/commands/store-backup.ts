import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import * as v from "valibot";
import { OuroborosError } from "../../base/errors.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { readConfig } from "../../config.ts";
import { runOwnChild } from "../../process/own-child.ts";
import { StoreError } from "../../store/engine/store-error.ts";
import { describeTarget, type StoreTarget } from "../../store/engine/store-target.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { startProgress } from "../progress.ts";
import { bytes, fields, oneLine } from "../render.ts";
import {
  partialOf,
  publish,
  removeLeftovers,
  removePartial,
  standardBackupFile,
  unfitForBackup,
} from "./store/backup-file.ts";
import { sizesOf } from "./store/store-facts.ts";

type FileTarget = Extract<StoreTarget, { kind: "file" }>;

/** What the child prints, one a line: the step it enters, and at last what it did or why it could not. */
const Said = v.union([
  v.object({ step: v.picklist(["copying", "checking"]) }),
  v.object({ events: v.number(), sessions: v.number() }),
  v.object({ error: v.object({ code: v.string(), message: v.string(), next: v.string() }) }),
]);
const Line = v.pipe(v.string(), v.parseJson(), Said);

const LOOK_EVERY_MS = 200;

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
  const size = await sizeOfStore(target);
  const unfit = await unfitForBackup(file, target.path, size);
  if (unfit) return unfit;
  await removeLeftovers(file, target.path);
  const done = await copy(target, file, size, interruption.signal);
  if (done === undefined) return EXIT.interrupted;
  if (isRefusal(done)) return done;
  const seconds = Math.round(performance.now() - began) / 1000;
  const json = { path: file, bytes: (await stat(file)).size, events: done.events, sessions: done.sessions, seconds };
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
    "Back it up where it is kept. Your own libSQL server: stop it and copy its data folder, or run it with --enable-bottomless-replication. Turso: `turso db export`, whose file may lack the newest rows, or its point-in-time recovery",
    { where: describeTarget(target) },
  );
}

/** The most a copy can take: what is still in the log may all be new. */
async function sizeOfStore(target: FileTarget): Promise<number> {
  const sizes = await sizesOf(target);
  if (!sizes || sizes.file_bytes + sizes.wal_bytes === 0) {
    throw new StoreError(
      "store_missing",
      `Cannot back up the store ${target.path}: there is no such file, or an empty one`,
    );
  }
  return sizes.file_bytes + sizes.wal_bytes;
}

/** Has a child make the copy, tells how far it is, and gives the copy its name. */
async function copy(target: FileTarget, file: string, size: number, signal: AbortSignal) {
  const progress = startProgress(process.stderr, "Copying the store …");
  let partial: string | undefined;
  let heard: v.InferOutput<typeof Said> | undefined;
  const look = setInterval(tell, LOOK_EVERY_MS);
  try {
    const {
      code,
      signal: killedBy,
      errors,
    } = await runOwnChild(["store", "backup-child", "--json", "--db", target.path, file], {
      signal,
      onStart(pid) {
        partial = partialOf(file, pid);
      },
      onLine(line) {
        const said = v.safeParse(Line, line);
        if (!said.success) return; // whatever it is, it is not the child's answer
        heard = said.output;
        if ("step" in heard && heard.step === "checking") progress.tell("Checking the copy …");
      },
    });
    if (signal.aborted) return undefined;
    if (heard && "error" in heard) throw new OuroborosError(heard.error.code, heard.error.message, heard.error.next);
    if (partial === undefined || !heard || !("events" in heard) || code !== 0) {
      throw childDied(file, killedBy ?? `exit code ${code}`, errors);
    }
    return (await publish(partial, file)) ?? heard;
  } finally {
    clearInterval(look);
    progress.done();
    if (partial !== undefined) await removePartial(partial);
  }

  function tell(): void {
    if (partial === undefined || !heard || !("step" in heard) || heard.step !== "copying") return;
    stat(partial).then(
      (found) => progress.tell(`${bytes(found.size)} of about ${bytes(size)} copied`),
      () => undefined, // not begun yet
    );
  }
}

function childDied(file: string, how: string, errors: string): OuroborosError {
  const said = errors === "" ? "" : `; it said: ${oneLine(errors)}`;
  return new OuroborosError(
    "backup_failed",
    `Cannot back up to ${file}: the process that made the copy ended early (${how})${said}`,
    "Try again; the store itself is as it was",
  );
}
