import { type Refusal, refuse } from "../../base/refusal.ts";
import type { Lineage } from "../../domain/evolution/lineage.ts";
import { LINEAGE_CONDUCTED } from "../../domain/evolution/lineage-events.ts";
import { isHeld, judgeSession, type SessionContext } from "../../sessions/session-context.ts";
import { changeLineage, readLineage, unknownLineage } from "../../store/lineages.ts";

/** Puts on record which session has a lineage go on: the one that was told to last, unless another one is at it now. */
export async function becomeConductor(
  context: SessionContext,
  lineageId: string,
  sessionId: string,
): Promise<Lineage | Refusal> {
  const lineage = await readLineage(context.store, lineageId);
  if (!lineage) return unknownLineage(lineageId);
  const { conductor } = lineage;
  if (conductor === sessionId) return lineage;
  const other = conductor === null ? undefined : await judgeSession(context, conductor);
  if (other && isHeld(other.facts, context.identity)) return conductedByOther(lineage);
  return changeLineage(context.store, lineageId, (now) => {
    if (now.conductor !== conductor) return conductedByOther(now);
    return [[LINEAGE_CONDUCTED, { session_id: sessionId }]];
  });
}

/** Two would only be in each other's way. */
export function conductedByOther({ lineage_id, conductor }: Lineage): Refusal {
  return refuse(
    "conducted_already",
    `Another session has ${lineage_id} go on: ${conductor}`,
    `Follow it with \`ouroboros watch ${conductor}\`, or cancel it first`,
    { lineage_id, session_id: conductor },
  );
}
