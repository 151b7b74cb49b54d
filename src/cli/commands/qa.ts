import { readFile } from "node:fs/promises";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { QA_TYPES } from "../../domain/evaluation/qa.ts";
import { judgeQuality } from "../../workflows/evaluation/qa.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { begin } from "../open.ts";
import { lines, oneLine } from "../render.ts";
import { readSources } from "./seed/seed-source.ts";

export type QaFlags = SharedFlags & {
  readonly bar: string;
  readonly type?: (typeof QA_TYPES)[number] | undefined;
  readonly reference?: string | undefined;
  readonly seed?: string | undefined;
  /** In per cent. */
  readonly threshold?: number | undefined;
  readonly mind?: string | undefined;
};

const MOST_BYTES = 2 ** 20;

/** `ouroboros qa FILE --bar TEXT`: has a mind hold a file against a quality bar. */
export async function qa(cli: Cli, flags: QaFlags, path: string): Promise<Answer | Refusal> {
  const artifact = await textOf(path);
  if (isRefusal(artifact)) return artifact;
  const reference = flags.reference === undefined ? undefined : await textOf(flags.reference);
  if (isRefusal(reference)) return reference;
  const found = flags.seed === undefined ? [] : await readSources(flags, [flags.seed]);
  if (isRefusal(found)) return found;
  const { bar: quality_bar, type: artifact_type = QA_TYPES[0], mind } = flags;
  const question = { artifact, artifact_type, quality_bar, reference, seed: found[0]?.seed, earlier: [] };
  const threshold = flags.threshold === undefined ? undefined : flags.threshold / 100;
  return begin(flags, async (context) => {
    const caller = { hasHost: false, continuation: null, mind };
    const done = await judgeQuality(context, { question, threshold }, caller, cli.interruption.signal);
    if (isRefusal(done)) return done;
    if (done.status === "needs_host") throw new Error("A command has no host that could think");
    const { result, qa_session_id, by } = done;
    const text = lines(
      [
        `${result.verdict}: ${result.score.toFixed(2)} of ${result.pass_threshold} (${by})`,
        ...result.differences.map((one) => `- ${one}`),
        ...result.suggestions.map((one) => `→ ${one}`),
      ].map(oneLine),
    );
    return { json: { qa_session_id, by, ...result }, text, exitCode: result.passed ? EXIT.ok : EXIT.failure };
  });
}

async function textOf(path: string): Promise<string | Refusal> {
  const bytes = await readFile(path).catch(() => null);
  if (bytes !== null && bytes.length <= MOST_BYTES && bytes.length > 0) return bytes.toString("utf8");
  const why = bytes === null ? "cannot be read" : bytes.length === 0 ? "is empty" : "is larger than 1 MiB";
  return refuse("bad_file", `${path} ${why}`, "Name a text file");
}
