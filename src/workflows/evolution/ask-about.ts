import { isRefusal, type Refusal } from "../../base/refusal.ts";
import type { Lineage } from "../../domain/evolution/lineage.ts";
import type { Answered, Question } from "../../minds/mind.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { lineageScope } from "../../store/lineages.ts";
import type { Needed } from "../caller.ts";
import { thinkOn } from "../think-on.ts";
import type { EvolutionCall } from "./evolution-call.ts";

/**
 * Puts a question about a lineage to a mind; `null` while it is still thinking and this caller waits no longer. What comes of the
 * answer, `use` has to store: nobody may be there any more when it comes.
 */
export async function askAbout<T, Used>(
  { store, minds }: SessionContext,
  { lineage_id }: Lineage,
  { caller }: EvolutionCall,
  question: Question<T>,
  use: (answer: Answered<T>) => Promise<Used>,
  signal: AbortSignal,
): Promise<Used | Needed | Refusal | null> {
  const about = `${question.kind} ${lineage_id}`;
  const { hasHost, mind: word, continuation, patienceMs } = caller;
  const found = await thinkOn(
    store,
    about,
    { patienceMs, signal },
    async (thinking): Promise<Used | Needed | Refusal> => {
      const host = { store, scope: lineageScope(lineage_id), continuation };
      const mind = await minds.open({ role: question.role, hasHost, word, host });
      if (isRefusal(mind)) return mind;
      const answer = await mind.ask(question, thinking);
      if (isRefusal(answer)) return answer;
      return answer.status === "needs_host" ? { needs: answer.work } : use(answer);
    },
  );
  return found ?? null;
}
