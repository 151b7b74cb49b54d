import * as v from "valibot";
import { newId } from "../base/ids.ts";
import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import type { StoredEvent } from "../domain/event.ts";
import { toSeed } from "../domain/seed/seed.ts";
import { seedHash } from "../domain/seed/seed-hash.ts";
import { isSeedId } from "../domain/seed/seed-id.ts";
import { fromYaml } from "../domain/seed/seed-yaml.ts";
import { append, isThere, mustBeWritable } from "./append.ts";
import { blobStatement, getBlob } from "./blobs.ts";
import { query } from "./engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "./row.ts";
import { SEED_ID_HINT } from "./seed-files.ts";
import type { Store } from "./store.ts";
import { readStream } from "./streams.ts";

const SEED_CREATED = "seed.created";

const Decision = v.object({ path: v.string(), by: v.string(), sources: v.pipe(v.array(v.string()), v.readonly()) });
/** Who decided one part of a seed (its dotted path or a criterion's key), and the answers or files it came from. */
export type Decision = Readonly<v.InferOutput<typeof Decision>>;

const SeedRecord = v.object({
  seed_id: v.string(),
  goal: v.string(),
  /** What it demands (`seedHash`), however it is written. As its writer says: whoever approves a seed hashes what was read. */
  content_hash: v.string(),
  /** The very text, as a blob. */
  yaml_hash: v.string(),
  interview_id: v.nullish(v.string(), null),
  parent_seed_id: v.nullish(v.string(), null),
  ambiguity_score: v.nullish(v.number(), null),
  /** Made although the interview was not clear enough. */
  forced: v.nullish(v.boolean(), false),
  created_by: v.nullish(v.string(), ""),
  decided: v.nullish(v.array(Decision), []),
});
/** What the store knows of a seed without reading it. */
export type SeedRecord = Readonly<v.InferOutput<typeof SeedRecord>> & { readonly created_at: string };

/**
 * Stores a seed for ever, its text beside the event that names it. The same content under the same id is the seed that is
 * there already, in the words it was first stored in; another content under that id is refused.
 */
export async function saveSeed(
  store: Store,
  seed: {
    /** The seed's text, stored as it is; its metadata names the id, the interview and the parent. */
    readonly yaml: string;
    readonly createdBy: string;
    readonly forced?: boolean | undefined;
    readonly decided?: readonly Decision[] | undefined;
  },
): Promise<SeedRecord | Refusal> {
  const read = recordOf(seed.yaml);
  if (isRefusal(read)) return read;
  const { forced = false, decided = [], createdBy } = seed;
  for (;;) {
    const { events, newestRowid } = await readStream(store, "seed", read.seed_id);
    const present = events.map(toRecord).find((one) => one !== undefined);
    if (present) return present.content_hash === read.content_hash ? present : otherSeed(read.seed_id);
    mustBeWritable(store);
    const id = newId();
    const at = store.stamp();
    const { hash, statement } = blobStatement(store, new TextEncoder().encode(seed.yaml), isThere(id));
    const payload = { ...read, yaml_hash: hash, forced, created_by: createdBy, decided };
    const event = { id, aggregate_type: "seed", aggregate_id: read.seed_id, event_type: SEED_CREATED, payload, at };
    // Somebody else's seed of this id, or anything else in its stream, came in between: look again.
    const expected = { kind: "newest", aggregateType: "seed", aggregateId: read.seed_id, rowid: newestRowid } as const;
    await append(store, expected, [event], [statement]);
  }
}

/** A seed by its id, with its text; undefined when it was never stored. */
export async function readSeed(
  store: Store,
  seedId: string,
): Promise<(SeedRecord & { readonly yaml: string }) | undefined> {
  const { events } = await readStream(store, "seed", seedId);
  const record = events.map(toRecord).find((one) => one !== undefined);
  const body = record && (await getBlob(store, record.yaml_hash));
  return record && body && { ...record, yaml: new TextDecoder().decode(body) };
}

/** Seeds, newest first. */
export async function listSeeds(
  store: Store,
  { limit = 100, offset = 0 }: { readonly limit?: number; readonly offset?: number } = {},
): Promise<SeedRecord[]> {
  const sql = `SELECT ${EVENT_COLUMNS} FROM events WHERE event_type = ? ORDER BY rowid DESC LIMIT ? OFFSET ?`;
  const rows = await query(store.database, sql, [SEED_CREATED, limit, offset]);
  return rows.map((row) => toRecord(toStoredEvent(row))).filter((record) => record !== undefined);
}

function recordOf(yaml: string) {
  const document = fromYaml(yaml);
  if (isRefusal(document)) return document;
  const seed = toSeed(document);
  if (isRefusal(seed)) return seed;
  const { seed_id, goal, metadata } = seed;
  if (seed_id === null || !isSeedId(seed_id)) {
    const why = seed_id === null ? "its metadata has no seed_id" : `${JSON.stringify(seed_id)} is no seed id`;
    return refuse("bad_seed_id", `Cannot store this seed: ${why}`, SEED_ID_HINT);
  }
  const { interview_id, parent_seed_id, ambiguity_score } = metadata;
  return { seed_id, goal, content_hash: seedHash(document), interview_id, parent_seed_id, ambiguity_score };
}

function otherSeed(seedId: string): Refusal {
  return refuse(
    "seed_exists",
    `Cannot store this seed: there is another one called ${seedId}, and seeds do not change`,
    "Give this one another seed_id, and name the other as its parent_seed_id if it follows from it",
    { seed_id: seedId },
  );
}

/** What an event says of its seed; undefined for other events, and for what cannot be read as one. */
function toRecord({ event_type, aggregate_id, payload, timestamp }: StoredEvent): SeedRecord | undefined {
  if (event_type !== SEED_CREATED) return undefined;
  const parsed = v.safeParse(SeedRecord, payload);
  return parsed.success && parsed.output.seed_id === aggregate_id
    ? { ...parsed.output, created_at: timestamp }
    : undefined;
}
