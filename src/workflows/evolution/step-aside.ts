import { type Refusal, refuse } from "../../base/refusal.ts";
import type { Lineage } from "../../domain/evolution/lineage.ts";
import { LATERAL_TAKEN } from "../../domain/evolution/lineage-events.ts";
import { type Persona, personaFor, type Stagnation } from "../../domain/run/stagnation.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { changeLineage } from "../../store/lineages.ts";

/** Has a lineage that stands still go on with another way of thinking: whoever suits how it stands still and was not tried yet. */
export function stepAside(
  { store }: SessionContext,
  { lineage_id }: Lineage,
  pattern: Stagnation | null,
  persona?: Persona,
): Promise<Lineage | Refusal> {
  return changeLineage(store, lineage_id, (now) => {
    const tried = now.generations.flatMap(({ turns }) =>
      turns.flatMap((turn) => (turn.kind === "lateral" ? [turn.persona] : [])),
    );
    if (now.status !== "active" && now.status !== "stagnated" && now.status !== "stopped") {
      return refuse(
        "lineage_over",
        `${lineage_id} is over (${now.status}), and another way of thinking does not change that`,
        "Rewind it, or begin another lineage",
        { lineage_id, status: now.status },
      );
    }
    const chosen = persona ?? suited(pattern ?? "no_drift", tried);
    return [[LATERAL_TAKEN, { persona: chosen, pattern }]];
  });
}

function suited(pattern: Stagnation, tried: readonly string[]): Persona {
  const trace = { failure_hash: "", tree_hash: null, files_changed: 0, lines_changed: null };
  return personaFor(
    pattern,
    tried.map((persona) => ({ ...trace, persona: persona as Persona })),
  );
}
