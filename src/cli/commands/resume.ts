import { resolve } from "node:path";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { HOST } from "../../runtimes/runtime-settings.ts";
import { readHostBinding } from "../../sessions/resume/host-binding.ts";
import { resumeSession } from "../../sessions/resume/resume-session.ts";
import { readSeedFile } from "../../sessions/resume/seed-lookup.ts";
import { type ResumableView, resumableSessions } from "../../views/resumable.ts";
import type { Answer, Cli } from "../command.ts";
import { act, look } from "../open.ts";
import { lines, table } from "../render.ts";
import { statusColour } from "../status-colour.ts";
import { type ConsentFlags, withConsent } from "./approve/with-consent.ts";
import { conclusionOf, inBackground, waitsForHost } from "./run/conclusion.ts";
import { followRun } from "./run/follow-run.ts";
import { unreadableSeed } from "./seed/seed-source.ts";

export type ResumeFlags = ConsentFlags & {
  readonly seed?: string | undefined;
  readonly cwd?: string | undefined;
  readonly runtime?: string | undefined;
  readonly limit?: number | undefined;
  readonly force: boolean;
  readonly wait: boolean;
};

const STANDARD_LIMIT = 20;

/** `ouroboros resume [ID]`: without an id, what can be resumed and what that would do; with one, resumes it. */
export function resume(cli: Cli, flags: ResumeFlags, id?: string): Promise<Answer | Refusal | number> {
  return id === undefined ? list(cli, flags) : one(cli, flags, id);
}

function list({ style }: Cli, flags: ResumeFlags): Promise<Answer> {
  return look(flags, async (context) => {
    const sessions = await resumableSessions(context, flags.limit ?? STANDARD_LIMIT);
    const rows = table<ResumableView>(
      style,
      [
        { heading: "SESSION", cell: (view) => view.session_id },
        { heading: "STATUS", cell: (view) => view.status, colour: (view) => statusColour(view.status) },
        {
          heading: "DONE",
          cell: (view) => (view.steps_total === null ? "" : `${view.steps_done ?? 0}/${view.steps_total}`),
        },
        { heading: "WOULD", cell: (view) => view.would },
        { heading: "GOAL", cell: (view) => view.goal ?? "", grows: true },
        { heading: "WHY", cell: (view) => view.why, grows: true },
      ],
      sessions,
    );
    const text = sessions.length === 0 && style.forPeople ? lines(["Nothing to resume."]) : rows;
    return { json: { sessions }, text };
  });
}

function one(cli: Cli, flags: ResumeFlags, id: string): Promise<Answer | Refusal | number> {
  return act(flags, async (context) => {
    const seed = flags.seed === undefined ? undefined : await readSeedFile(flags.seed);
    if (flags.seed !== undefined && seed === undefined) return unreadableSeed(flags.seed);
    const request = {
      sessionId: id,
      by: "user",
      host: readHostBinding(process.env),
      force: flags.force,
      seed,
      cwd: flags.cwd === undefined ? undefined : resolve(flags.cwd),
      runtime: flags.runtime,
    };
    const done = await withConsent(cli, flags, context, () => resumeSession(context, request, cli.interruption.signal));
    if (isRefusal(done) || typeof done === "number") return done;
    const howFar =
      done.steps_total === null ? "" : ` ${done.steps_done} of ${done.steps_total} steps were done before.`;
    const first =
      done.outcome === "resumed"
        ? `Resumed ${id} (${done.why}).${howFar}`
        : `${id} is being worked on already: ${done.why}.`;
    const inWords = done.runtime === HOST ? waitsForHost : inBackground;
    if (!flags.wait) return { json: done, text: inWords(first, id) };
    await cli.errors.write(`${first}\n`);
    return conclusionOf(done, await followRun(cli, context, id));
  });
}
