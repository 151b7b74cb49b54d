import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { lintSeed } from "../../domain/seed/seed-lint.ts";
import { viewSeed } from "../../views/seed.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { readSources } from "./seed/seed-source.ts";
import { seedText } from "./seed/seed-text.ts";

/** `ouroboros seed show ID`: what a seed demands, where it comes from, and what a linter says. */
export async function seedShow({ style }: Cli, flags: SharedFlags, name: string): Promise<Answer | Refusal> {
  const found = await readSources(flags, [name]);
  if (isRefusal(found)) return found;
  const [one] = found;
  if (!one) throw new Error("One seed was asked for");
  const view = viewSeed(one, lintSeed(one.seed, { platform: process.platform }));
  return { json: view, text: seedText(style, view) };
}
