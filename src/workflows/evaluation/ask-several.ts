import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { checkCitations, citedPaths, type ForgedCitation } from "../../domain/evaluation/citations.ts";
import {
  independenceOf,
  PERSPECTIVES,
  type Perspective,
  type Trigger,
  tallyVotes,
  type Vote,
} from "../../domain/evaluation/consensus.ts";
import type { EvaluationRecord, Stage3 } from "../../domain/evaluation/evaluation-record.ts";
import type { Mind } from "../../minds/mind.ts";
import { consensusInput, consensusInstructions, voteAnswer } from "../../prompts/consensus.ts";
import type { Case } from "../../prompts/judge.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import type { Needed } from "../caller.ts";
import { askInFolder } from "./ask-in-folder.ts";
import { lineReader, readTexts } from "./case-files.ts";
import { caseOf, MOST_CITED } from "./judge-work.ts";
import type { Work } from "./work-to-judge.ts";

interface Weighed {
  readonly vote: Vote;
  readonly forged: readonly ForgedCitation[];
}

/**
 * Consensus: several minds judge each as themselves; where there is one, it looks from three sides, and the last hears what the
 * others said. Whose answer does not come or does not fit has not voted.
 */
export async function askSeveral(
  context: SessionContext,
  work: Work,
  record: EvaluationRecord,
  {
    minds,
    trigger,
    artifact,
  }: { readonly minds: readonly Mind[]; readonly trigger: Trigger; readonly artifact: string },
  signal: AbortSignal,
): Promise<Stage3 | Needed | Refusal> {
  const [only] = minds;
  const alone = minds.length === 1;
  const voters =
    alone && only
      ? PERSPECTIVES.map((perspective) => ({ mind: only, perspective }))
      : minds.map((mind) => ({ mind, perspective: null }));
  const weighed: (Weighed | null)[] = [];
  for (const { mind, perspective } of voters) {
    const heard = perspective === "judge" ? heardOf(weighed) : [];
    const vote = await askVoter(context, work, record, { mind, perspective, trigger, heard, artifact }, signal);
    if (isRefusal(vote) && signal.aborted) return vote;
    if (!isRefusal(vote) && "needs" in vote) return vote;
    weighed.push(isRefusal(vote) ? null : vote);
  }
  const tally = tallyVotes(weighed.map((one) => one?.vote ?? null));
  return {
    trigger,
    tally,
    forged: weighed.flatMap((one) => one?.forged ?? []),
  };
}

type Heard = Parameters<typeof consensusInput>[2];

function heardOf(weighed: readonly (Weighed | null)[]): Heard {
  return weighed.flatMap((one) => {
    const { perspective, approved, reasoning } = one?.vote ?? {};
    return perspective && approved !== undefined && reasoning !== undefined
      ? [{ perspective, approved, reasoning }]
      : [];
  });
}

function askVoter(
  context: SessionContext,
  work: Work,
  record: EvaluationRecord,
  voter: {
    readonly mind: Mind;
    readonly perspective: Perspective | null;
    readonly trigger: Trigger;
    readonly heard: Heard;
    readonly artifact: string;
  },
  signal: AbortSignal,
): Promise<Weighed | Needed | Refusal> {
  const { mind, perspective, trigger, heard, artifact } = voter;
  const { subject } = record;
  const keys = subject.criteria.map(({ key }) => key);
  const schema = voteAnswer(keys);
  const question = {
    kind: "evaluation.vote",
    schema,
    instructions: (how: { readonly opensFiles: boolean }) => consensusInstructions(perspective, how),
    input: (files: Case["files"]) => consensusInput({ ...caseOf(work, record, artifact), files }, trigger, heard),
    async weigh(
      { value, by }: { readonly value: Omit<Vote, "by" | "independence" | "perspective">; readonly by: Vote["by"] },
      folder: string,
    ): Promise<Weighed> {
      const readLine = lineReader(await readTexts(folder, citedPaths(value.citations), MOST_CITED));
      const { counting, forged } = checkCitations(value.citations, readLine);
      const independence = independenceOf(subject.makers, { name: by.mind, model: by.model });
      // Only what holds is handed on, each still with the criterion it was cited for.
      return { vote: { ...value, citations: counting, by, independence, perspective }, forged };
    },
  };
  return askInFolder(context, work, record, { mind, question }, signal);
}
