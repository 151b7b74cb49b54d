import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { undoCleanup } from "../../sessions/sweep/undo-cleanup.ts";
import { mustBeWritable } from "../../store/append.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { act, look } from "../open.ts";
import { startProgress } from "../progress.ts";
import { lines, table } from "../render.ts";
import type { Style } from "../style.ts";
import { type CleanedUp, cleanUp, rehearse } from "./cleanup/clean-up.ts";

export type CleanupFlags = SharedFlags & {
  readonly dryRun: boolean;
  /** Empty for the latest batch. */
  readonly undo?: string | undefined;
};

/** `ouroboros cleanup`, its rehearsal, and its way back. */
export async function cleanup(cli: Cli, flags: CleanupFlags): Promise<Answer | Refusal> {
  if (flags.undo === undefined) {
    const work = (context: SessionContext) => run(cli, context, flags);
    return flags.dryRun ? look(flags, work) : act(flags, work);
  }
  const { undo, dryRun } = flags;
  if (dryRun) {
    const next = "`ouroboros why ID` tells whether a session can be brought back";
    return refuse("wrong_usage", "Cannot rehearse an undo: --dry-run and --undo exclude each other", next);
  }
  return act(flags, async (context) => {
    mustBeWritable(context.store);
    const done = await undoCleanup(context, undo === "" ? undefined : undo);
    if (isRefusal(done)) return done;
    const left = done.left.map((one) => `Left ${one.session_id} (${one.status}): ${one.why}`);
    const restored = done.restored.map((id) => `Restored ${id}, paused`);
    const sum = `Undid ${done.batch_id}: ${done.restored.length} restored, ${done.left.length} left as they are.`;
    return { json: done, text: lines([...restored, ...left, sum]) };
  });
}

async function run({ style, interruption }: Cli, context: SessionContext, flags: CleanupFlags): Promise<Answer> {
  const progress = startProgress(process.stderr, "Judging sessions …");
  const tell = (judged: number) => progress.tell(`${judged} sessions judged`);
  try {
    const done = flags.dryRun
      ? await rehearse(context, interruption.signal, tell)
      : await cleanUp(context, interruption.signal, tell);
    return { json: done, text: describe(style, done, flags) };
  } finally {
    progress.done();
  }
}

function describe(style: Style, done: CleanedUp, { db }: CleanupFlags): string {
  const counts = Object.entries(done.counts).map(([outcome, count]) => `${count} ${outcome.replaceAll("_", " ")}`);
  const judged = `${done.examined} running ${done.examined === 1 ? "session" : "sessions"} judged`;
  const sum = `${judged}${counts.length > 0 ? `: ${counts.join(", ")}` : ""}.`;
  const rows = table(
    style,
    [
      { heading: "OUTCOME", cell: (one) => one.outcome.replaceAll("_", " ") },
      { heading: "LIVENESS", cell: (one) => one.liveness ?? "" },
      { heading: "SESSION", cell: (one) => one.session_id },
      { heading: "WHY", cell: (one) => one.why ?? "", grows: true },
    ],
    done.sessions,
  );
  if (!style.forPeople) return rows + (done.batch_id === null ? "" : lines([`batch\t${done.batch_id}`]));
  const where = db === undefined ? "" : ` --db '${db}'`;
  const after = done.dry_run
    ? ["Nothing was written."]
    : [
        ...(done.jobs_closed > 0 ? [`${done.jobs_closed} jobs of ended sessions closed.`] : []),
        ...(done.batch_id === null ? [] : [`Batch ${done.batch_id}.`]),
        ...(done.undo === null ? [] : [`To undo it: ${done.undo}${where}`]),
      ];
  return (
    (done.sessions.length > 0 ? rows : "") +
    lines([sum, ...(done.complete ? [] : ["Interrupted: the rest was not looked at."]), ...after])
  );
}
