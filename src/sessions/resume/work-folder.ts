import { hostname } from "node:os";
import { isAbsolute } from "node:path";
import * as v from "valibot";
import { type Refusal, refuse } from "../../base/refusal.ts";
import type { Origin } from "../../domain/run/origin.ts";
import { RUN_PREPARED } from "../../domain/run/steps.ts";
import type { Session } from "../../domain/session/session.ts";
import { readRunRows } from "../../store/session/run-rows.ts";
import type { SessionContext } from "../session-context.ts";
import { isFolder } from "./check-folder.ts";
import { refusalOf } from "./resume-refusals.ts";

const Prepared = v.object({ workspace: v.object({ repository: v.string() }) });

/** The folder of a session's work, once all of it is known to lie on this machine; or what is missing, and where that may be. */
export async function findWorkFolder(
  context: SessionContext,
  session: Session,
  { origin, asked }: { readonly origin: Origin; readonly asked: string | undefined },
): Promise<string | Refusal> {
  const { session_id } = session;
  // Never what the host happens to have open: that may be another project, and an agent would work in it.
  const cwd = session.cwd ?? asked ?? origin.workspace_path ?? undefined;
  if (cwd === undefined || !isAbsolute(cwd)) {
    return refuse(
      "needs_cwd",
      `Cannot resume ${session_id}: it does not say in which folder it works`,
      "Pass cwd, the absolute path of its checkout (--cwd on the command line)",
      { session_id },
    );
  }
  // The repository may be a copy of the folder: without it, work would begin anew and call done what is not there.
  for (const folder of [cwd, await repositoryOf(context, session)]) {
    if (folder === null || (await isFolder(folder))) continue;
    const why = `its folder ${folder} is not there`;
    if (mayLiveElsewhere(context, origin)) return refusalOf({ action: "elsewhere", why }, session, origin);
    return refuse(
      "folder_gone",
      `Cannot resume ${session_id}: ${why}`,
      "Bring the folder back, or start a new run where the project is now",
      { session_id, cwd: folder },
    );
  }
  return cwd;
}

/** The checkout whose repository holds the run's branch, as the run has recorded it. */
async function repositoryOf({ store }: SessionContext, { execution_id }: Session): Promise<string | null> {
  if (execution_id === null) return null;
  const rows = await readRunRows(store, execution_id);
  const prepared = v.safeParse(Prepared, rows.findLast(({ event_type }) => event_type === RUN_PREPARED)?.payload);
  return prepared.success ? prepared.output.workspace.repository : null;
}

/** Where machines have no ids, as in many containers, their names are all there is to tell them apart. */
function mayLiveElsewhere({ identity }: SessionContext, { machine, host }: Origin): boolean {
  const isKnownToBeHere = machine !== null && machine === identity.machine;
  return host !== null && host !== hostname() && !isKnownToBeHere;
}
