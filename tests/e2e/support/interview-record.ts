import { Database } from "bun:sqlite";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { INTERVIEW_ID } from "./interview-road.ts";
import { STORY, WISH } from "./interview-story.ts";

export interface InterviewEvent {
  readonly event_type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** All that stands in the store of the interview, in commit order; read from outside, as servers have it open. */
export function eventsOfInterview(home: string): InterviewEvent[] {
  using store = new Database(join(home, ".ouroboros/ouroboros.db"));
  store.run("PRAGMA busy_timeout = 5000");
  return store
    .query<{ event_type: string; payload: string }, [string]>(
      "SELECT event_type, payload FROM events WHERE aggregate_id = ? ORDER BY rowid",
    )
    .all(INTERVIEW_ID)
    .map(({ event_type, payload }) => ({ event_type, payload: JSON.parse(payload) }));
}

/** How often each kind of event stands there. */
export function countsOf(events: readonly InterviewEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { event_type } of events) counts[event_type] = (counts[event_type] ?? 0) + 1;
  return counts;
}

interface SeedFile {
  readonly goal: string;
  readonly acceptance_criteria: readonly { readonly description: string }[];
  readonly metadata: {
    readonly interview_id: string;
    readonly ambiguity_score: number;
    readonly decision_provenance: readonly { readonly path: string; readonly sources: readonly string[] }[];
  };
}

/** The one seed under this home, and the criteria of it that cite nothing that was said in the story. */
export function readOnlySeed(home: string): { readonly seed: SeedFile; readonly uncited: readonly string[] } {
  const folder = join(home, ".ouroboros/seeds");
  const [file, ...others] = readdirSync(folder);
  if (file === undefined || others.length > 0) throw new Error(`Expected one seed, there are ${readdirSync(folder)}`);
  const seed = parse(readFileSync(join(folder, file), "utf8")) as SeedFile;
  const said = [WISH, ...STORY.map(({ answer }) => answer)];
  const isSaid = (source: string) => said.some((text, round) => source === `${INTERVIEW_ID} round ${round}: ${text}`);
  const uncited = seed.acceptance_criteria.flatMap(({ description }, index) => {
    const sources = seed.metadata.decision_provenance.find(
      ({ path }) => path === `acceptance_criteria.${index}`,
    )?.sources;
    return sources && sources.length > 0 && sources.every(isSaid) ? [] : [description];
  });
  return { seed, uncited };
}
