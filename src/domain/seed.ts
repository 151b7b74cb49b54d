import * as v from "valibot";
import { parse } from "yaml";
import { messageOf } from "../base/errors.ts";
import { type Refusal, refuse } from "../base/refusal.ts";

/** What a run needs of a specification; the rest of the text is kept as it is. */
export interface Seed {
  readonly seed_id: string | null;
  readonly goal: string;
  readonly constraints: readonly string[];
  /** One text each, in order: the unit of work, of checkpoints and of resuming. */
  readonly criteria: readonly string[];
}

/** Upstream's limit for a seed file. */
export const MAX_SEED_BYTES = 1_000_000;

const Text = v.pipe(v.string(), v.trim(), v.minLength(1));
/** Upstream writes a criterion as text or, later, as an object under one of three names. */
const Criterion = v.union([
  Text,
  v.pipe(
    v.object({ description: Text }),
    v.transform(({ description }) => description),
  ),
  v.pipe(
    v.object({ criterion: Text }),
    v.transform(({ criterion }) => criterion),
  ),
  v.pipe(
    v.object({ content: Text }),
    v.transform(({ content }) => content),
  ),
]);
const SeedText = v.object({
  goal: Text,
  constraints: v.nullish(v.array(v.string()), []),
  acceptance_criteria: v.pipe(v.array(Criterion), v.minLength(1)),
  metadata: v.nullish(v.object({ seed_id: v.nullish(Text, null) })),
});

/** Reads a seed's YAML, in both of upstream's spellings of a criterion. */
export function parseSeed(text: string): Seed | Refusal {
  if (Buffer.byteLength(text) > MAX_SEED_BYTES) return badSeed(`it is larger than ${MAX_SEED_BYTES} bytes`);
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    return badSeed(messageOf(error));
  }
  const parsed = v.safeParse(SeedText, value);
  if (!parsed.success) {
    return badSeed(parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "seed"}: ${issue.message}`).join("; "));
  }
  const { goal, constraints, acceptance_criteria, metadata } = parsed.output;
  return { seed_id: metadata?.seed_id ?? null, goal, constraints: constraints ?? [], criteria: acceptance_criteria };
}

function badSeed(why: string): Refusal {
  return refuse(
    "bad_seed",
    `Cannot use this seed: ${why}`,
    "Correct the seed: goal and acceptance_criteria are needed",
  );
}
