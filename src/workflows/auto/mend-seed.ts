import { isRefusal, type Refusal } from "../../base/refusal.ts";
import type { Finding } from "../../domain/seed/lint/finding.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import { isRecord, type SeedDocument } from "../../domain/seed/seed-document.ts";
import { lintSeed } from "../../domain/seed/seed-lint.ts";
import { fromYaml, toYaml } from "../../domain/seed/seed-yaml.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { readEdit, saveEdit } from "../seed/edit-seed.ts";

/** A seed without what a linter could mend, and the errors that are left. */
interface MendedSeed {
  readonly seed_id: string;
  readonly repaired: readonly string[];
  readonly errors: readonly Finding[];
}

/** Takes over, once, what a linter proposes for the errors of a seed: that is a child, and its parent stays. Warnings are a person's to judge. */
export async function mendSeed(
  context: SessionContext,
  { seedId, yaml }: { readonly seedId: string; readonly yaml: string },
): Promise<MendedSeed | Refusal> {
  const seed = parseSeed(yaml);
  if (isRefusal(seed)) return seed;
  const errors = errorsIn(seed);
  const repairs = errors.filter(({ repair }) => repair !== undefined);
  const document = fromYaml(yaml);
  if (isRefusal(document)) return document;
  if (repairs.length === 0) return { seed_id: seedId, repaired: [], errors };
  const mended = repairs.reduce<unknown>(
    (now, { where, repair }) => put(now, where.split("."), repair?.value),
    document,
  );
  const edit = readEdit(context.store, { yaml, seed, record: null }, seedId, toYaml(mended as SeedDocument));
  if (isRefusal(edit)) return edit;
  const saved = await saveEdit(context, edit, "auto");
  if (isRefusal(saved)) return saved;
  const repaired = repairs.map(({ where, message, repair }) => `${where}: ${message} (${repair?.what})`);
  return { seed_id: saved.record.seed_id, repaired, errors: errorsIn(edit.seed) };
}

function errorsIn(seed: Parameters<typeof lintSeed>[0]): Finding[] {
  return lintSeed(seed, { platform: process.platform }).filter(({ severity }) => severity === "error");
}

/** The same value with another one at a path; what is not there is left as it is. */
function put(value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  if (Array.isArray(value)) return value.map((one, index) => (String(index) === key ? put(one, rest, other) : one));
  return isRecord(value) && key in value ? { ...value, [key]: put(value[key], rest, other) } : value;
}
