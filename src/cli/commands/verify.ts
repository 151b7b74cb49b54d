import { isRefusal, type Refusal } from "../../base/refusal.ts";
import type { EvidenceLink } from "../../domain/evaluation/evidence-link.ts";
import { verifyEvidence } from "../../workflows/evaluation/verify-evidence.ts";
import type { Answer, Cli } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { act } from "../open.ts";
import { lines, oneLine, table } from "../render.ts";
import { type ConsentFlags, withConsent } from "./approve/with-consent.ts";

const WORDS = {
  same: "Everything is as it was on record, and comes to the same.",
  different: "It does not come to the same.",
  tampered: "Something of it was changed after it was recorded.",
  cannot_run: "Not all of it could be followed again, so it is not shown.",
} as const;

/** `ouroboros verify ID`: follows a chain of evidence again, link by link. */
export function verify(cli: Cli, flags: ConsentFlags, id: string): Promise<Answer | Refusal | number> {
  const { signal } = cli.interruption;
  const tell = (message: string) => cli.errors.write(`${oneLine(message)}\n`);
  return act(flags, async (context) => {
    const report = await withConsent(cli, flags, context, () => verifyEvidence(context, id, tell, signal));
    if (signal.aborted) return EXIT.interrupted;
    if (isRefusal(report) || typeof report === "number") return report;
    const rows = table<EvidenceLink>(
      cli.style,
      [
        { heading: "LINK", cell: ({ what }) => what.replace("_", " ") },
        { heading: "OF", cell: ({ of }) => of ?? "" },
        { heading: "IS", cell: ({ verdict }) => verdict.replace("_", " ") },
        { heading: "WHY", cell: ({ why }) => oneLine(why), grows: true },
      ],
      report.links,
    );
    const exitCode = report.verdict === "same" ? EXIT.ok : EXIT.failure;
    return { json: report, text: `${rows}${lines([WORDS[report.verdict]])}`, exitCode };
  });
}
