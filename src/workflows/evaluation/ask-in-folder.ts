import type * as v from "valibot";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import type { EvaluationRecord } from "../../domain/evaluation/evaluation-record.ts";
import type { Answered, Mind } from "../../minds/mind.ts";
import type { Case } from "../../prompts/judge.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { openLook } from "../../workspaces/open-look.ts";
import type { Bench } from "../../workspaces/workspace.ts";
import type { Needed } from "../caller.ts";
import { readTexts } from "./case-files.ts";
import { lookAt, stopped } from "./look-at.ts";
import type { Work } from "./work-to-judge.ts";

/** A question about work that lies in a folder. */
export interface FolderQuestion<T, Found> {
  readonly kind: string;
  readonly schema: v.GenericSchema<Record<string, unknown>, T>;
  readonly instructions: (how: { readonly opensFiles: boolean }) => string;
  /** Without files where whoever answers opens them. */
  readonly input: (files: Case["files"]) => string;
  /** What the answer comes to, looked up in the untouched work. */
  readonly weigh: (answer: Answered<T>, folder: string) => Promise<Found>;
}

const DEADLINE_MS = 15 * 60_000;

/**
 * Puts a question about the work to a mind: an agent reads in a worktree of its own, a host in one that stays until it has answered,
 * an API is handed the files that changed. Whatever any of them did there, the answer is weighed against the work as it was.
 */
export async function askInFolder<T, Found>(
  context: SessionContext,
  work: Work,
  record: EvaluationRecord,
  { mind, question }: { readonly mind: Mind; readonly question: FolderQuestion<T, Found> },
  signal: AbortSignal,
): Promise<Found | Needed | Refusal> {
  const ask = async (folder: string) => {
    const opensFiles = mind.kind !== "api";
    const files = opensFiles ? null : await readTexts(folder, filesOf(record, work));
    const where = mind.kind === "host" ? `\n\nThe folder of the work is ${folder}` : "";
    const { kind, schema } = question;
    const instructions = question.instructions({ opensFiles }) + where;
    const asked = { role: "deep", kind, schema, instructions, input: question.input(files) } as const;
    return mind.ask({ ...asked, folder, deadlineMs: DEADLINE_MS }, signal);
  };
  const weigh = async (answer: Answered<T>, bench: Bench) => {
    await bench.clean();
    return question.weigh(answer, bench.folder);
  };
  if (mind.kind !== "host") {
    return lookAt(context, work, work.from, signal, async (bench) => {
      const answer = await ask(bench.folder);
      if (isRefusal(answer)) return answer;
      return answer.status === "needs_host" ? { needs: answer.work } : weigh(answer, bench);
    });
  }
  const { cwd, from } = work;
  const name = record.evaluation_id.slice("eval_".length);
  if (signal.aborted) return stopped();
  const look = await openLook({ cwd, home: context.home, from, signal: new AbortController().signal, name });
  if (isRefusal(look)) return look;
  const answer = await ask(look.bench.folder);
  if (isRefusal(answer)) return answer;
  if (answer.status === "needs_host") return { needs: answer.work };
  const found = await lookAt(context, work, from, signal, (bench) => weigh(answer, bench));
  await look.close();
  return found;
}

/** What changed, and what the criteria expect to be there. */
function filesOf({ stage1 }: EvaluationRecord, { seed }: Work): string[] {
  const expected = seed.criteria.flatMap(({ expected_artifacts }) => expected_artifacts);
  return [...new Set([...(stage1?.changed ?? []), ...expected])];
}
