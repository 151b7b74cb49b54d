import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { lintSeed } from "../../domain/seed/seed-lint.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { lines } from "../render.ts";
import { readSources } from "./seed/seed-source.ts";
import { findingLines } from "./seed/seed-text.ts";

/** `ouroboros seed lint ID|FILE`: what is doubtful; with errors, the exit code is 1. */
export async function seedLint({ style }: Cli, flags: SharedFlags, name: string): Promise<Answer | Refusal> {
  const found = await readSources(flags, [name]);
  if (isRefusal(found)) return found;
  const findings = found.flatMap(({ seed }) => lintSeed(seed, { platform: process.platform }));
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const text = findings.length === 0 ? ["Nothing doubtful."] : findingLines(style, findings);
  return { json: { errors, findings }, text: lines(text), exitCode: errors > 0 ? EXIT.failure : EXIT.ok };
}
