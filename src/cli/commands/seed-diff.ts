import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { deltaMarkdown } from "../../domain/seed/delta-markdown.ts";
import { seedDelta } from "../../domain/seed/seed-delta.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { readSources } from "./seed/seed-source.ts";

/** `ouroboros seed diff A B`: what was added, modified and removed between two seeds, as Markdown. */
export async function seedDiff(_cli: Cli, flags: SharedFlags, a: string, b: string): Promise<Answer | Refusal> {
  const found = await readSources(flags, [a, b]);
  if (isRefusal(found)) return found;
  const [from, to] = found;
  if (!from || !to) throw new Error("Two seeds were asked for");
  const delta = seedDelta(from.seed, to.seed);
  return { json: delta, text: deltaMarkdown(delta) };
}
