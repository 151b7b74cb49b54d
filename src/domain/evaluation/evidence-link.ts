/** What came of following a link again; the worst first. */
const LINK_VERDICTS = ["tampered", "different", "cannot_run", "same"] as const;
export type LinkVerdict = (typeof LINK_VERDICTS)[number];

/** One link of a chain of evidence. */
export interface EvidenceLink {
  readonly what: "seed" | "tree" | "output" | "check" | "project_check" | "citations" | "verdict";
  /** The criterion, the kind of check, the commit or the file that it is about. */
  readonly of: string | null;
  readonly verdict: LinkVerdict;
  readonly why: string;
}

/** What a chain comes to: its worst link. One without links shows nothing. */
export function worstOf(links: readonly EvidenceLink[]): LinkVerdict {
  if (links.length === 0) return "cannot_run";
  return LINK_VERDICTS.find((verdict) => links.some((link) => link.verdict === verdict)) ?? "cannot_run";
}
