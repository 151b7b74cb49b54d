import { canonicalJson } from "../../base/canonical-json.ts";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { checkCitations, citedPaths } from "../../domain/evaluation/citations.ts";
import { type EvidenceLink, type LinkVerdict, worstOf } from "../../domain/evaluation/evidence-link.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import type { Bench } from "../../workspaces/workspace.ts";
import { lineReader, readTexts } from "./case-files.ts";
import { verdictOf } from "./evaluate.ts";
import { type EvidenceOnRecord, evidenceOnRecord } from "./evidence-on-record.ts";
import { MOST_CITED } from "./judge-work.ts";
import { lookAt } from "./look-at.ts";
import { outputLinks, seedOnRecord } from "./recorded-bodies.ts";
import { rerunChecks } from "./rerun-checks.ts";
import type { Tell } from "./run-checks.ts";
import { findWork, type Work } from "./work-to-judge.ts";

/** What became of each link of a chain of evidence when it was followed again. */
export interface EvidenceReport {
  readonly evaluation_id: string | null;
  readonly session_id: string | null;
  /** The worst of its links: evidence holds as a whole or not. */
  readonly verdict: LinkVerdict;
  readonly links: readonly EvidenceLink[];
}

/**
 * Follows a chain of evidence again, now and here: the seed's text, the tree, every output as it was kept, every command run anew on
 * that tree, every line a judge cited, and the verdict that follows. What could not be followed is never taken for the same.
 */
export async function verifyEvidence(
  context: SessionContext,
  id: string,
  tell: Tell,
  signal: AbortSignal,
): Promise<EvidenceReport | Refusal> {
  const onRecord = await evidenceOnRecord(context, id);
  if (isRefusal(onRecord)) return onRecord;
  const found: EvidenceOnRecord = onRecord;
  const { evaluation, subject } = found;
  const seed = await seedOnRecord(context.store, subject);
  const kept = [seed.link, ...(await outputLinks(context.store, found))];
  const again = seed.text === null ? [unfollowed("the seed's text is gone")] : await follow(seed.text);
  if (isRefusal(again)) return again;
  const links = [...kept, ...again, ...verdictLink(found)];
  const { evaluation_id = null } = evaluation ?? {};
  return { evaluation_id, session_id: subject.session_id, verdict: worstOf(links), links };

  async function follow(text: string): Promise<EvidenceLink[] | Refusal> {
    const { cwd, commit, base, copy_of } = subject;
    const at = (one: string | null) => (one === null ? undefined : { commit: one, copy_of });
    const work = await findWork(context, { cwd, seed: text, from: at(commit), base: at(base) });
    if (isRefusal(work)) return [unfollowed(work.message)];
    // Whoever agreed to a run has agreed to what it declares.
    const known = { ...work, subject: { ...work.subject, execution_id: subject.execution_id } };
    const looked = await lookAt(context, known, known.from, signal, (bench) =>
      followIn(context, found, known, { bench, tell }, signal),
    );
    // What nobody has agreed to is for the person to decide; everything else just cannot be followed here.
    return isRefusal(looked) && looked.code !== "needs_approval" ? [unfollowed(looked.message)] : looked;
  }
}

async function followIn(
  context: SessionContext,
  found: EvidenceOnRecord,
  work: Work,
  { bench, tell }: { readonly bench: Bench; readonly tell: Tell },
  signal: AbortSignal,
): Promise<EvidenceLink[] | Refusal> {
  const tree = treeLink(found, await bench.treeHash());
  if (tree.verdict === "tampered" || tree.verdict === "different")
    return [tree, unfollowed("this is another tree than the one on record")];
  const cited = await citedLink(found, bench.folder);
  const again = await rerunChecks(context, found, work, { bench, tell }, signal);
  return isRefusal(again) ? again : [tree, ...cited, ...again];
}

function treeLink({ evaluation, subject, checks }: EvidenceOnRecord, now: string | null): EvidenceLink {
  const recorded = evaluation?.subject.tree_hash ?? checks.at(-1)?.tree_hash ?? null;
  const link = (verdict: LinkVerdict, why: string): EvidenceLink => ({
    what: "tree",
    of: subject.commit,
    verdict,
    why,
  });
  if (recorded === null || now === null) return link("cannot_run", "no tree is on record");
  if (evaluation === null) return link("same", `the run's work, ${now}`);
  if (recorded === now) return link("same", now);
  // A commit names one tree for ever: with another one on record, the record was changed.
  if (subject.commit !== null) return link("tampered", `${subject.commit} holds ${now}, and ${recorded} is on record`);
  return link("different", `the folder has changed since: it was ${recorded} and is ${now}`);
}

async function citedLink({ evaluation }: EvidenceOnRecord, folder: string): Promise<EvidenceLink[]> {
  const { stage2, stage3 } = evaluation ?? {};
  const citations = [
    ...(stage2?.judgement.criteria ?? []).flatMap((one) => one.citations),
    ...(stage3?.tally.votes ?? []).flatMap((vote) => vote.citations),
  ];
  if (citations.length === 0) return [];
  const texts = await readTexts(folder, citedPaths(citations), MOST_CITED);
  const { forged } = checkCitations(citations, lineReader(texts));
  const [first] = forged;
  if (first) return [{ what: "citations", of: first.citation.path, verdict: "tampered", why: first.why }];
  return [{ what: "citations", of: null, verdict: "same", why: `all ${citations.length} stand where they were cited` }];
}

/** The verdict follows from what is on record; one that does not was written by somebody else. */
function verdictLink({ evaluation }: EvidenceOnRecord): EvidenceLink[] {
  if (!evaluation?.completed) return [];
  const { needs_consensus: _, ...follows } = verdictOf(evaluation, { known: [] });
  const { needs_consensus: __, ...recorded } = evaluation.completed;
  const isSame = canonicalJson(follows) === canonicalJson(recorded);
  const why = isSame
    ? `${recorded.verdict} follows from what is on record`
    : `${follows.verdict} follows, not ${recorded.verdict}`;
  return [{ what: "verdict", of: null, verdict: isSame ? "same" : "tampered", why }];
}

function unfollowed(why: string): EvidenceLink {
  return { what: "check", of: null, verdict: "cannot_run", why };
}
