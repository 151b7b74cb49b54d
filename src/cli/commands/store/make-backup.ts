import { stat } from "node:fs/promises";
import * as v from "valibot";
import { OuroborosError } from "../../../base/errors.ts";
import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import { runOwnChild } from "../../../process/own-child.ts";
import { StoreError } from "../../../store/engine/store-error.ts";
import type { StoreTarget } from "../../../store/engine/store-target.ts";
import { startProgress } from "../../progress.ts";
import { bytes, oneLine } from "../../render.ts";
import { partialOf, publish, removeLeftovers, removePartial, unfitForBackup } from "./backup-file.ts";
import { sizesOf } from "./store-facts.ts";

type FileTarget = Extract<StoreTarget, { kind: "file" }>;

/** A backup that has its name. */
export interface Backup {
  readonly path: string;
  readonly bytes: number;
  readonly events: number;
  readonly sessions: number;
}

/** What the child prints, one a line: the step it enters, and at last what it did or why it could not. */
const Said = v.union([
  v.object({ step: v.picklist(["copying", "checking"]) }),
  v.object({ events: v.number(), sessions: v.number() }),
  v.object({ error: v.object({ code: v.string(), message: v.string(), next: v.string() }) }),
]);
const Line = v.pipe(v.string(), v.parseJson(), Said);

const LOOK_EVERY_MS = 200;

/** Copies a store into a file that is not there yet, by a child of its own; undefined when it was interrupted. */
export async function makeBackup(
  target: FileTarget,
  file: string,
  signal: AbortSignal,
): Promise<Backup | Refusal | undefined> {
  const size = await sizeOfStore(target);
  const unfit = await unfitForBackup(file, target.path, size);
  if (unfit) return unfit;
  await removeLeftovers(file, target.path);
  const done = await copy(target, file, size, signal);
  if (done === undefined || isRefusal(done)) return done;
  return { path: file, bytes: (await stat(file)).size, events: done.events, sessions: done.sessions };
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
    `Cannot copy the store to ${file}: the process that made the copy ended early (${how})${said}`,
    "Try again; the store itself is as it was",
  );
}
