import { realpath } from "node:fs/promises";
import * as v from "valibot";
import { canonicalJson } from "../base/canonical-json.ts";
import { sha256 } from "../base/sha256.ts";

const Text = v.pipe(v.string(), v.minLength(1));
const Hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

export const Matter = v.variant("kind", [
  v.object({ kind: v.literal("seed"), hash: Hash }),
  v.object({ kind: v.literal("checks"), root: Text, declared: Hash }),
  v.object({ kind: v.literal("run"), execution_id: Text }),
]);
/**
 * What a user can agree to: that the commands of a seed are run (`seedHash`: with other commands it is another seed); the checks
 * that a project declares, by the hash of what it declares; and what the agents of a run declared that was begun with consent.
 */
export type Matter = v.InferOutput<typeof Matter>;

/** The matter with its folder by its one true path. */
export async function canonicalMatter(matter: Matter): Promise<Matter> {
  if (matter.kind !== "checks") return matter;
  return { ...matter, root: await realpath(matter.root).catch(() => matter.root) };
}

/** 64 hexadecimal digits, of a seed those of its content: whatever the matter says, it names a file and nothing else. */
export function matterId(matter: Matter): string {
  const { kind, ...what } = v.parse(Matter, matter);
  return "hash" in what ? what.hash : sha256(canonicalJson([kind, what]));
}
