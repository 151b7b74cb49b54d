import { isRefusal } from "../base/refusal.ts";
import type { Finding } from "../domain/seed/lint/finding.ts";
import { parseSeed, type Seed } from "../domain/seed/seed.ts";
import { readSeedFile } from "../sessions/resume/seed-lookup.ts";
import { seedFile } from "../store/seed-files.ts";
import { listSeeds, type SeedRecord } from "../store/seeds.ts";
import { type FoundSeed, type SeedHome, seedIdsOnDisk } from "../workflows/seed/find-seed.ts";

/** One seed as it is listed. */
export interface ListedSeed {
  readonly seed_id: string;
  readonly goal: string;
  /** In the store; the others are files of upstream's folder, taken in when they are first used. */
  readonly in_store: boolean;
  readonly interview_id: string | null;
  readonly parent_seed_id: string | null;
  readonly ambiguity_score: number | null;
  readonly forced: boolean;
  readonly created_at: string | null;
  /** Why a file cannot be used. */
  readonly problem: string | null;
}

/** Seeds of the store, newest first, and behind them those that are only in upstream's folder. */
export async function viewSeeds({ store, home }: SeedHome, limit: number): Promise<ListedSeed[]> {
  const stored = await listSeeds(store, { limit });
  const known = new Set((await listSeeds(store, { limit: MOST_KNOWN })).map(({ seed_id }) => seed_id));
  const others = (await seedIdsOnDisk(home))
    .filter((id) => !known.has(id))
    .slice(0, Math.max(0, limit - stored.length));
  return [...stored.map(ofRecord), ...(await Promise.all(others.map((id) => ofFile(home, id))))];
}

const MOST_KNOWN = 10_000;

function ofRecord(record: SeedRecord): ListedSeed {
  const { seed_id, goal, interview_id, parent_seed_id, ambiguity_score, forced, created_at } = record;
  const common = { seed_id, goal, interview_id, parent_seed_id, ambiguity_score };
  return { ...common, forced: forced ?? false, created_at, in_store: true, problem: null };
}

async function ofFile(home: string, seed_id: string): Promise<ListedSeed> {
  const text = await readSeedFile(seedFile(home, seed_id) ?? "");
  const seed = text === undefined ? undefined : parseSeed(text);
  const none = { interview_id: null, parent_seed_id: null, ambiguity_score: null, forced: false, created_at: null };
  if (seed === undefined) return { seed_id, goal: "", in_store: false, ...none, problem: "it cannot be read" };
  if (isRefusal(seed)) return { seed_id, goal: "", in_store: false, ...none, problem: seed.message };
  const { interview_id, parent_seed_id, ambiguity_score, created_at } = seed.metadata;
  const facts = { interview_id, parent_seed_id, ambiguity_score, created_at };
  return { seed_id, goal: seed.goal, in_store: false, ...none, ...facts, problem: null };
}

/** A seed with everything that is known of it, and what a linter says. */
export interface SeedView {
  readonly seed: Seed;
  readonly record: SeedRecord | null;
  readonly findings: readonly Finding[];
  readonly yaml: string;
}

/** One seed, whole. */
export function viewSeed({ seed, record, yaml }: FoundSeed, findings: readonly Finding[]): SeedView {
  return { seed, record, findings, yaml };
}
