import { canonicalJson } from "../../base/canonical-json.ts";
import type { Criterion, ExitCondition, OntologyField, Principle, Seed } from "./seed.ts";
import { MAX_COMPARED, similarity, wordsOf } from "./similarity.ts";

/** What became of the items of one part of a seed. Order is not looked at: these are sets. */
export interface SetDelta<Item> {
  readonly added: readonly Item[];
  readonly removed: readonly Item[];
  /** The same thing before and after: by its key or name, else because most of its words stayed. */
  readonly modified: readonly { readonly from: Item; readonly to: Item }[];
}

/** A single value that is another one now, by its path. */
interface ValueChange {
  readonly where: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** The difference between two seeds, whatever they are called and wherever they come from. */
export interface SeedDelta {
  readonly from: string | null;
  readonly to: string | null;
  readonly changed: readonly ValueChange[];
  readonly constraints: SetDelta<string>;
  readonly criteria: SetDelta<Criterion>;
  readonly ontology_fields: SetDelta<OntologyField>;
  readonly principles: SetDelta<Principle>;
  readonly exit_conditions: SetDelta<ExitCondition>;
}

/** What has to be added, removed and modified to make the second seed of the first. */
export function seedDelta(a: Seed, b: Seed): SeedDelta {
  const nameOf = ({ name }: { readonly name: string }) => name;
  return {
    from: a.seed_id,
    to: b.seed_id,
    changed: valueChanges(a, b),
    constraints: setDelta(a.constraints, b.constraints, { text: (one) => one }),
    criteria: setDelta(a.criteria, b.criteria, { name: ({ key }) => key, text: ({ description }) => description }),
    ontology_fields: setDelta(a.ontology?.fields ?? [], b.ontology?.fields ?? [], { name: nameOf, text: textOf }),
    principles: setDelta(a.principles, b.principles, { name: nameOf, text: textOf }),
    exit_conditions: setDelta(a.exit_conditions, b.exit_conditions, { name: nameOf, text: textOf }),
  };
}

/** Is there no difference? */
export function isEmptyDelta(delta: SeedDelta): boolean {
  const { changed, constraints, criteria, ontology_fields, principles, exit_conditions } = delta;
  const sets: readonly SetDelta<unknown>[] = [constraints, criteria, ontology_fields, principles, exit_conditions];
  return changed.length === 0 && sets.every((set) => set.added.length + set.removed.length + set.modified.length === 0);
}

function textOf({ name, description }: { readonly name: string; readonly description: string }): string {
  return `${name} ${description}`;
}

function valueChanges(a: Seed, b: Seed): ValueChange[] {
  const pairs: readonly ValueChange[] = [
    { where: "goal", from: a.goal, to: b.goal },
    { where: "task_type", from: a.task_type, to: b.task_type },
    { where: "ontology_schema.name", from: a.ontology?.name ?? null, to: b.ontology?.name ?? null },
    {
      where: "ontology_schema.description",
      from: a.ontology?.description ?? null,
      to: b.ontology?.description ?? null,
    },
    { where: "brownfield_context", from: a.brownfield, to: b.brownfield },
  ];
  return pairs.filter(({ from, to }) => canonicalJson(from) !== canonicalJson(to));
}

/** How much of the words must stay for a reworded item to be the same one. */
const SAME_ITEM = 0.5;

function setDelta<Item>(
  before: readonly Item[],
  after: readonly Item[],
  by: { readonly name?: (item: Item) => string; readonly text: (item: Item) => string },
): SetDelta<Item> {
  const [old, fresh] = [byValue(before), byValue(after)];
  const removed = new Set([...old].filter(([value]) => !fresh.has(value)).map(([, item]) => item));
  const added = new Set([...fresh].filter(([value]) => !old.has(value)).map(([, item]) => item));
  const modified: { from: Item; to: Item }[] = [];
  const pair = (from: Item, to: Item) => {
    if (!removed.delete(from)) return;
    added.delete(to);
    modified.push({ from, to });
  };
  const { name } = by;
  if (name) {
    const named = new Map([...removed].map((item) => [name(item), item]));
    for (const to of [...added]) {
      const from = named.get(name(to));
      if (from !== undefined) pair(from, to);
    }
  }
  for (const { from, to } of likest([...removed], [...added], by.text)) {
    if (removed.has(from) && added.has(to)) pair(from, to);
  }
  return { added: [...added], removed: [...removed], modified };
}

function byValue<Item>(items: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [canonicalJson(item), item]));
}

/** Pairs that are alike enough, the likest first. */
function likest<Item>(removed: readonly Item[], added: readonly Item[], text: (item: Item) => string) {
  const words = (item: Item) => ({ item, words: wordsOf(text(item)) });
  const fresh = added.slice(0, MAX_COMPARED).map(words);
  return removed
    .slice(0, MAX_COMPARED)
    .map(words)
    .flatMap((old) => fresh.map((one) => ({ from: old.item, to: one.item, alike: similarity(old.words, one.words) })))
    .filter(({ alike }) => alike >= SAME_ITEM)
    .sort((a, b) => b.alike - a.alike);
}
