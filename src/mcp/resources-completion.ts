import { OuroborosError } from "../base/errors.ts";
import { LINEAGE_CREATED } from "../domain/evolution/lineage-events.ts";
import { INTERVIEW_IMPORTED, INTERVIEW_STARTED } from "../domain/interview/interview-events.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import type { StartUp } from "../startup/start-up.ts";
import { listSeeds } from "../store/seeds.ts";
import { completeSessionId, listSessions } from "../store/session/sessions.ts";
import { streamsBegunBy } from "../store/streams.ts";
import { seedIdsOnDisk } from "../workflows/seed/find-seed.ts";

/** What ids are completed for. */
export type IdKind = "session" | "interview" | "seed" | "lineage";

type Completion = { values: string[]; hasMore: boolean };

const NONE: Completion = { values: [], hasMore: false };
const MOST = 20;
/** How far back is looked: whoever wants something older knows its id. */
const RECENT = 500;

/** Ids that begin with what was typed, newest first; none while the store is not there, since completion must never wait. */
export async function completeId(kind: IdKind, typed: string, { context }: StartUp): Promise<Completion> {
  if (!context) return NONE;
  try {
    return completeAmong(await IDS[kind](context, typed), typed);
  } catch (error) {
    if (error instanceof OuroborosError) return NONE; // a call of a tool says what is wrong with the store
    throw error;
  }
}

/** Of these, in their order, those that begin with what was typed. */
export function completeAmong(words: readonly string[], typed: string): Completion {
  const meant = [...new Set(words)].filter((word) => word.startsWith(typed));
  return { values: meant.slice(0, MOST), hasMore: meant.length > MOST };
}

const IDS: Readonly<Record<IdKind, (context: SessionContext, typed: string) => Promise<readonly string[]>>> = {
  async session({ store }, typed) {
    const { sessions } = await listSessions(store, { limit: RECENT });
    return [...sessions.map(({ session_id }) => session_id), ...(await completeSessionId(store, typed, MOST + 1))];
  },
  interview: ({ store }) => streamsBegunBy(store, [INTERVIEW_STARTED, INTERVIEW_IMPORTED], RECENT),
  async seed({ store, home }) {
    const stored = await listSeeds(store, { limit: RECENT });
    return [...stored.map(({ seed_id }) => seed_id), ...(await seedIdsOnDisk(home))];
  },
  lineage: ({ store }) => streamsBegunBy(store, [LINEAGE_CREATED], RECENT),
};
