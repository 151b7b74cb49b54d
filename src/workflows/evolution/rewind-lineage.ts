import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Lineage } from "../../domain/evolution/lineage.ts";
import { LINEAGE_REWOUND } from "../../domain/evolution/lineage-events.ts";
import { isHeld, judgeSession, type SessionContext } from "../../sessions/session-context.ts";
import { changeLineage, readLineage, unknownLineage } from "../../store/lineages.ts";
import { followBranch } from "./follow-branch.ts";

export interface Rewound {
  readonly lineage: Lineage;
  readonly from: number;
  readonly to: number;
  /** Why the lineage's branch could not be moved back; null where it was. */
  readonly branch_note: string | null;
}

/**
 * Goes back to an earlier generation: the lineage goes on from there, and its branch names that generation's work. What is given up stays
 * on its own branches and on record; no file of anybody's is touched.
 */
export async function rewindLineage(
  context: SessionContext,
  { lineageId, to, by }: { readonly lineageId: string; readonly to: number; readonly by: string },
  signal: AbortSignal,
): Promise<Rewound | Refusal> {
  const lineage = await readLineage(context.store, lineageId);
  if (!lineage) return unknownLineage(lineageId);
  for (const session of [lineage.conductor, lineage.generations.at(-1)?.session_id]) {
    const judged = session ? await judgeSession(context, session) : undefined;
    if (!judged || !isHeld(judged.facts, context.identity)) continue;
    const next = `Cancel it first: ouroboros cancel ${session}`;
    return refuse("in_use", `${lineageId} is being worked on by ${session}`, next, { lineage_id: lineageId });
  }
  let from = 0;
  const rewound = await changeLineage(context.store, lineageId, (now) => {
    const numbers = now.generations.map(({ number }) => number);
    from = numbers.at(-1) ?? 0;
    const earlier = numbers.slice(0, -1);
    if (earlier.includes(to)) return [[LINEAGE_REWOUND, { from_generation: from, to_generation: to, by }]];
    const next = earlier.length === 0 ? "There is none before it" : `Choose one of ${earlier.join(", ")}`;
    const message = `${lineageId} cannot go back from generation ${from} to ${to}`;
    return refuse("bad_generation", message, next, { lineage_id: lineageId, from_generation: from });
  });
  if (isRefusal(rewound)) return rewound;
  return { lineage: rewound, from, to, branch_note: await followBranch(context, lineageId, signal) };
}
