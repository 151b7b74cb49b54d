import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import { lintSeed } from "../../domain/seed/seed-lint.ts";
import { readSeedFile } from "../../sessions/resume/seed-lookup.ts";
import { importSeed } from "../../workflows/seed/import-seed.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { begin } from "../open.ts";
import { lines } from "../render.ts";
import { unreadableSeed } from "./seed/seed-source.ts";
import { fileLines, findingLines } from "./seed/seed-text.ts";

/** `ouroboros seed import FILE`: takes a seed of either of upstream's generations into the store. */
export async function seedImport({ style }: Cli, flags: SharedFlags, file: string): Promise<Answer | Refusal> {
  const text = await readSeedFile(file);
  if (text === undefined) return unreadableSeed(file);
  // Before the store is opened, which makes one where there is none.
  const seed = parseSeed(text);
  if (isRefusal(seed)) return seed;
  return begin(flags, async (context) => {
    const imported = await importSeed(context, { text, by: "import" });
    if (isRefusal(imported)) return imported;
    const { record, generation, named, path, fileProblem } = imported;
    const findings = lintSeed(seed, { platform: process.platform });
    const kind = generation === "first" ? "criteria as plain texts" : "criteria as objects";
    const said = [
      `Seed ${record.seed_id}: ${seed.criteria.length} criteria, of the ${generation} generation (${kind})`,
      ...(named ? ["It named no id, so it was given this one."] : []),
      ...fileLines({ path, fileProblem }),
      ...findingLines(style, findings),
    ];
    return { json: { seed: record, generation, named, path, file_problem: fileProblem, findings }, text: lines(said) };
  });
}
