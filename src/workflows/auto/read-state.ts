import type { Refusal } from "../../base/refusal.ts";
import { standingOf } from "../../domain/auto/auto-phase.ts";
import type { AutoState } from "../../domain/auto/auto-state.ts";
import { sumSpent } from "../../domain/evolution/generation.ts";
import { completedGenerations, type Lineage, spentByLineage } from "../../domain/evolution/lineage.ts";
import { autoScope, readAuto, unknownAuto } from "../../store/autos.ts";
import { interviewScope, readInterview } from "../../store/interviews.ts";
import { readLineage } from "../../store/lineages.ts";
import { readThinking } from "../../store/orders/mind-calls.ts";
import { readRunWorkspace } from "../../store/session/run-workspace.ts";
import { readFacts } from "../../store/session/session-facts.ts";
import type { Store } from "../../store/store.ts";

/** Where an auto stands now. */
export async function readState(store: Store, autoId: string): Promise<AutoState | Refusal> {
  const auto = await readAuto(store, autoId);
  if (!auto) return unknownAuto(autoId);
  const { interview_id, lineage_id } = auto;
  const [interview, lineage, thinking] = await Promise.all([
    readInterview(store, interview_id),
    readLineage(store, lineage_id),
    readThinking(store, [interviewScope(interview_id), autoScope(autoId)]),
  ]);
  const spent = lineage ? sumSpent([thinking, spentByLineage(lineage)]) : thinking;
  const [conductor, place] = await Promise.all([readConductor(store, lineage), readPlace(store, lineage)]);
  return { auto, interview, lineage, conductor, place, thinking, spent, ...standingOf({ auto, interview, lineage }) };
}

/** A folder without git is copied for each generation; the latest copy has the commits of all of them. */
async function readPlace(store: Store, lineage: Lineage | undefined): Promise<AutoState["place"]> {
  const done = lineage ? completedGenerations(lineage).filter(({ commit }) => commit !== null) : [];
  const [first, last] = [done[0]?.execution_id, done.at(-1)?.execution_id];
  if (!first || !last) return null;
  const base = (await readRunWorkspace(store, first))?.base;
  const repository = (await readRunWorkspace(store, last))?.repository;
  return base && repository ? { repository, base } : null;
}

async function readConductor(store: Store, lineage: Lineage | undefined): Promise<AutoState["conductor"]> {
  const facts = lineage?.conductor ? await readFacts(store, lineage.conductor) : undefined;
  if (!facts) return null;
  const { session_id, status, reason } = facts.session;
  return { session_id, status, reason };
}
