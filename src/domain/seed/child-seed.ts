import * as v from "valibot";
import { sha256 } from "../../base/sha256.ts";
import type { Seed } from "./seed.ts";
import { isRecord, type SeedDocument } from "./seed-document.ts";
import { seedHash } from "./seed-hash.ts";

/** Who decided a part of a seed, and where that is written. */
export interface PartDecision {
  readonly path: string;
  readonly by: string;
  readonly sources: string[];
}

interface Birth {
  readonly parentId: string;
  /** ISO time. */
  readonly at: string;
  /** How it came about, as its metadata says: `edited`, `evolved`. */
  readonly mode: string;
  readonly decided: readonly PartDecision[];
  /** What else its metadata is to say. */
  readonly said?: Readonly<Record<string, unknown>>;
}

/** A changed copy as a child of its parent: the same change made again is the same child. */
export function asChild(document: SeedDocument, { parentId, at, mode, decided, said = {} }: Birth): SeedDocument {
  const known = isRecord(document.metadata) ? document.metadata : {};
  const facts = {
    created_at: at,
    parent_seed_id: parentId,
    generation_mode: mode,
    ...(decided.length === 0 ? {} : { decision_provenance: decided }),
    ...said,
  };
  const child = { ...document, metadata: { ...known, ...facts } };
  const seed_id = `seed_${sha256(`${parentId} ${seedHash(child)}`).slice(0, 12)}`;
  return { ...child, metadata: { ...known, seed_id, ...facts } };
}

const Decisions = v.array(v.looseObject({ path: v.string(), by: v.string(), sources: v.array(v.string()) }));

/** Who decided each part of a seed, by the part's path; nothing where it does not say. */
export function decisionsOf({ metadata }: Seed): ReadonlyMap<string, Omit<PartDecision, "path">> {
  const parsed = v.safeParse(Decisions, metadata.decision_provenance);
  return new Map(parsed.success ? parsed.output.map(({ path, by, sources }) => [path, { by, sources }]) : []);
}

/** What the parent says of its parts holds for those that stayed; `changed` says it of the others. Nothing where it says nothing. */
export function inheritDecisions(parent: Seed, child: Seed, changed: Omit<PartDecision, "path">): PartDecision[] {
  const known = decisionsOf(parent);
  if (known.size === 0) return [];
  const before = new Map(
    partsOf(parent).flatMap(([path, text]) => {
      const decision = known.get(path);
      return decision ? [[text, decision] as const] : [];
    }),
  );
  return partsOf(child).map(([path, text]) => ({ path, ...(before.get(text) ?? changed) }));
}

function partsOf({ goal, constraints, criteria }: Seed): (readonly [path: string, text: string])[] {
  return [
    ["goal", `goal ${goal}`],
    ...constraints.map((text, index) => [`constraints.${index}`, `constraint ${text}`] as const),
    ...criteria.map(({ description, verify_command }, index) => {
      return [`acceptance_criteria.${index}`, `criterion ${description} ${verify_command ?? ""}`] as const;
    }),
  ];
}
