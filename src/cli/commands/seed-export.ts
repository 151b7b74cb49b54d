import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf } from "../../base/errors.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { fromYaml } from "../../domain/seed/seed-yaml.ts";
import { findSeed } from "../../workflows/seed/find-seed.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { lines } from "../render.ts";

/** `ouroboros seed export ID [FILE]`: the very text of a seed, on stdout or in a new file. */
export async function seedExport(_cli: Cli, flags: SharedFlags, id: string, file?: string): Promise<Answer | Refusal> {
  const found = await look(flags, (context) => findSeed(context, id));
  if (isRefusal(found)) return found;
  const { yaml, seed } = found;
  const document = fromYaml(yaml);
  if (isRefusal(document)) return document;
  if (file === undefined) return { json: document, text: yaml };
  const path = resolve(file);
  try {
    await writeFile(path, yaml, { flag: "wx" });
  } catch (error) {
    return refuse("file_not_written", `Cannot write ${path}: ${messageOf(error)}`, "Name a file that is not there yet");
  }
  return { json: { seed_id: seed.seed_id, path }, text: lines([path]) };
}
