import type { Refusal } from "../../base/refusal.ts";
import { citedPaths, toJudgement } from "../../domain/evaluation/citations.ts";
import { independenceOf } from "../../domain/evaluation/consensus.ts";
import type { EvaluationRecord, Stage2 } from "../../domain/evaluation/evaluation-record.ts";
import type { JudgeAnswer } from "../../domain/evaluation/judgement.ts";
import type { Answered, Mind } from "../../minds/mind.ts";
import { type Case, judgeAnswer, judgeInput, judgeInstructions } from "../../prompts/judge.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import type { Needed } from "../caller.ts";
import { askInFolder } from "./ask-in-folder.ts";
import { lineReader, readTexts } from "./case-files.ts";
import type { Work } from "./work-to-judge.ts";

/** As many files as one answer may cite. */
export const MOST_CITED = 200;

/**
 * The semantic stage: somebody who changes nothing reads the work and says of each criterion whether it holds, citing lines that
 * are looked up.
 */
export function judgeWork(
  context: SessionContext,
  work: Work,
  record: EvaluationRecord,
  { mind, artifact }: { readonly mind: Mind; readonly artifact: string },
  signal: AbortSignal,
): Promise<Stage2 | Needed | Refusal> {
  const keys = record.subject.criteria.map(({ key }) => key);
  const question = {
    kind: "evaluation.judge",
    schema: judgeAnswer(keys),
    instructions: judgeInstructions,
    input: (files: Case["files"]) => judgeInput({ ...caseOf(work, record, artifact), files }),
    weigh: (answer: Answered<JudgeAnswer>, folder: string) => weigh(record, answer, folder),
  };
  return askInFolder(context, work, record, { mind, question }, signal);
}

/** What is known of the work before anybody thinks about it. */
export function caseOf({ seed }: Work, { stage1 }: EvaluationRecord, artifact: string): Omit<Case, "files"> {
  const checked = new Map(
    (stage1?.checks ?? []).map(({ criterion_key, verdict, reason }) => [criterion_key, { verdict, reason }]),
  );
  return { seed, checked, artifact, changed: stage1?.changed ?? [] };
}

async function weigh(
  { subject }: EvaluationRecord,
  { value, by }: Answered<JudgeAnswer>,
  folder: string,
): Promise<Stage2> {
  const cited = citedPaths(value.criteria.flatMap(({ citations }) => citations));
  const readLine = lineReader(await readTexts(folder, cited, MOST_CITED));
  const independence = independenceOf(subject.makers, { name: by.mind, model: by.model });
  return toJudgement(value, { by, independence, readLine });
}
