import { resolve } from "node:path";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { mustBeWritable } from "../../store/append.ts";
import { type Compacted, compact, type Forecast, type Freed, forecast } from "../../store/care/compact.ts";
import type { RetentionPolicy } from "../../store/care/compaction-plan.ts";
import { heldAndLapsed } from "../../store/care/held-and-lapsed.ts";
import { freeInside, shrink } from "../../store/care/shrink.ts";
import type { Store } from "../../store/store.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { act, look } from "../open.ts";
import { startProgress } from "../progress.ts";
import { bytes, lines } from "../render.ts";
import { showAge } from "./store/age.ts";
import { sealCopy } from "./store/sealed-copy.ts";
import { sizesOf } from "./store/store-facts.ts";
import { upstreamLocks } from "./store/upstream-locks.ts";

export type CompactFlags = SharedFlags & {
  readonly olderThan?: number | undefined;
  readonly project?: string | undefined;
  readonly keepLast?: number | undefined;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly noBackup: boolean;
  readonly shrink: boolean;
};

const STANDARD_AGE_MS = 30 * 86_400_000;
/** What is done where nothing may go: no copy, and no event about it. */
const NOTHING: Compacted = { sessions: 0, rows: 0, bytes: 0, blobs: 0, moved_on: [], complete: true };

/** `ouroboros store compact`: says what could go of sessions that ended long ago, and with `--yes` drops it. */
export async function storeCompact(cli: Cli, flags: CompactFlags): Promise<Answer | Refusal | number> {
  const policy = {
    olderThanMs: flags.olderThan ?? STANDARD_AGE_MS,
    project: flags.project === undefined ? undefined : resolve(flags.project),
    keepLast: flags.keepLast ?? 0,
  };
  if (flags.yes && !flags.dryRun) return act(flags, (context) => carryOut(cli, flags, policy, context));
  if (flags.noBackup || flags.shrink) {
    const next = "Add --yes, or leave both out to see what would be done";
    return refuse("wrong_usage", "Cannot rehearse --no-backup or --shrink: they are about what is really done", next);
  }
  return look(flags, (context) => rehearse(cli, policy, context));
}

async function rehearse(cli: Cli, policy: RetentionPolicy, { store }: SessionContext): Promise<Answer | number> {
  const found = await foresee(store, policy, cli.interruption.signal);
  if (cli.interruption.signal.aborted) return EXIT.interrupted;
  const json = { dry_run: true, ...named(policy), ...counts(found), held: found.held };
  const text = lines([
    `Could go: ${sumOf(found)} that ended more than ${showAge(policy.olderThanMs)} ago.`,
    "Nothing was changed. With --yes a checked copy of the store is made first, then they are dropped.",
  ]);
  return { json, text };
}

async function carryOut(
  { interruption: { signal } }: Cli,
  flags: CompactFlags,
  policy: RetentionPolicy,
  context: SessionContext,
): Promise<Answer | Refusal | number> {
  const { store } = context;
  const { target } = store;
  mustBeWritable(store);
  if (target.kind === "remote") return onServer(store);
  const found = await foresee(store, policy, signal);
  const refused = await whyNot(context, flags, found);
  if (refused) return refused;
  if (signal.aborted) return EXIT.interrupted;
  const isNothing = found.rows + found.blobs === 0;
  const copy = flags.noBackup || isNothing ? null : await sealCopy(store, target, signal);
  if (copy === undefined) return EXIT.interrupted;
  if (isRefusal(copy)) return copy;
  // The copy may have taken its time. Who begins only from here on ends the compaction of its session by that.
  const late = copy && (await whyNot(context, flags, await foresee(store, policy, signal)));
  if (late) return late;
  const done = isNothing ? NOTHING : await drop(store, policy, copy?.path ?? null, signal);
  const isShrunk = flags.shrink && done.complete && (await heldAndLapsed(store)).held.length === 0;
  if (isShrunk) await shrink(store);
  const json = {
    dry_run: false,
    ...named(policy),
    ...counts(done),
    complete: done.complete,
    moved_on: done.moved_on,
    copy,
    is_shrunk: isShrunk,
    sizes: await sizesOf(target),
    free_bytes: await freeInside(store),
  };
  const text = lines([
    `Dropped: ${sumOf(done)}.`,
    ...(done.moved_on.length > 0 ? [`Taken up again meanwhile, and left: ${done.moved_on.join(", ")}`] : []),
    ...(done.complete ? [] : ["Interrupted: the rest was left. The same command goes on."]),
    ...(copy ? [`What the store was before: ${copy.path}`] : []),
    isShrunk
      ? `The file has shrunk to ${bytes(json.sizes?.file_bytes ?? 0)}.`
      : `${bytes(json.free_bytes ?? 0)} of the file are free for new rows; --shrink gives them back to the disk while no run is at work.`,
  ]);
  return { json, text, exitCode: done.complete ? EXIT.ok : EXIT.interrupted };
}

/** Who is in the way; nobody is asked to wait for a copy that would then be in vain. */
async function whyNot(
  { store, locksFolder }: SessionContext,
  flags: CompactFlags,
  found: Forecast,
): Promise<Refusal | undefined> {
  const { live } = upstreamLocks(locksFolder);
  if (live.length > 0) {
    return refuse(
      "in_use",
      `Cannot compact the store: a program of upstream's is at work (${live.join(", ")} in ${locksFolder})`,
      "Wait until it has ended, or end it; a lock whose program is gone for good may be removed",
      { locks: live },
    );
  }
  const held = flags.shrink ? (await heldAndLapsed(store)).held : found.held;
  if (held.length === 0) return undefined;
  return refuse(
    "in_use",
    `Cannot compact the store: somebody is at work on ${held.join(", ")}`,
    flags.shrink
      ? "Wait until it has ended, or leave out --shrink, for which nobody may be at work"
      : "Wait until it has ended; `ouroboros why ID` tells who it is",
    { sessions: held },
  );
}

function onServer(store: Store): Refusal {
  return refuse(
    "remote_store",
    `Cannot compact ${store.database.where} from here: no sealed copy can be made of a store on a server`,
    "Compact a copy of its data where it is kept, with `--db FILE`, while the server is stopped",
    { where: store.database.where },
  );
}

async function foresee(store: Store, policy: RetentionPolicy, signal: AbortSignal): Promise<Forecast> {
  const progress = startProgress(process.stderr, "Looking at sessions …");
  try {
    return await forecast(store, policy, signal, (n, of) => progress.tell(`${n} of ${of} sessions looked at`));
  } finally {
    progress.done();
  }
}

async function drop(
  store: Store,
  policy: RetentionPolicy,
  copy: string | null,
  signal: AbortSignal,
): Promise<Compacted> {
  const progress = startProgress(process.stderr, "Dropping rows …");
  try {
    return await compact(store, policy, copy, signal, (rows) => progress.tell(`${rows} rows dropped`));
  } finally {
    progress.done();
  }
}

function named({ olderThanMs, project, keepLast }: RetentionPolicy) {
  return { older_than_hours: olderThanMs / 3_600_000, project: project ?? null, keep_last: keepLast };
}

function counts({ sessions, rows, bytes: size, blobs }: Freed) {
  return { sessions, rows, bytes: size, blobs };
}

function sumOf({ sessions, rows, bytes: size, blobs }: Freed): string {
  const bodies = blobs > 0 ? `${blobs} bodies that nothing names, and ` : "";
  return `${bodies}${rows} rows (${bytes(size)}) of ${sessions} ${sessions === 1 ? "session" : "sessions"}`;
}
