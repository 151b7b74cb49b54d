import { createHash } from "node:crypto";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { verify } from "../../checks/verify.ts";
import type { CheckedCriterion } from "../../domain/evaluation/evaluation-record.ts";
import type { EvidenceLink, LinkVerdict } from "../../domain/evaluation/evidence-link.ts";
import type { MechanicalResult } from "../../domain/evaluation/mechanical.ts";
import { runMechanical } from "../../evaluation/run-mechanical.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import type { Bench } from "../../workspaces/workspace.ts";
import type { EvidenceOnRecord } from "./evidence-on-record.ts";
import { agreedChecks, limitsUntil, type Tell, toChecked } from "./run-checks.ts";
import type { Work } from "./work-to-judge.ts";

/** What is compared of a check that was run twice. */
interface Ran {
  readonly verdict: string;
  readonly reason: string;
  readonly exit_code: number | null;
  readonly output_hash: string | null;
}

/** Runs every command that is evidence once more on the same tree and says of each whether it comes to the same. */
export async function rerunChecks(
  context: SessionContext,
  found: EvidenceOnRecord,
  work: Work,
  { bench, tell }: { readonly bench: Bench; readonly tell: Tell },
  signal: AbortSignal,
): Promise<EvidenceLink[] | Refusal> {
  const declared = await agreedChecks(context, work, bench, signal);
  if (isRefusal(declared)) return declared;
  const limits = limitsUntil(signal);
  const links: EvidenceLink[] = [];
  for (const recorded of found.checks) {
    const link = await again(recorded);
    links.push(link);
    const at = work.seed.criteria.findIndex(({ key }) => key === recorded.criterion_key);
    const name = at < 0 ? link.of : `${at + 1}. ${work.seed.criteria[at]?.description}`;
    await tell(`${name}: ${link.verdict} (${link.why})`);
  }
  const mechanical = found.mechanical.filter(({ command }) => command !== null);
  if (mechanical.length === 0) return links;
  const now = await runMechanical(bench.folder, declared, limits);
  for (const recorded of mechanical) {
    const ran = now.find((one) => isSameCheck(one, recorded));
    const link = compare("project_check", recorded.kind, recorded, ran);
    links.push(link);
    await tell(`${link.of}: ${link.verdict} (${link.why})`);
  }
  return links;

  async function again(recorded: CheckedCriterion): Promise<EvidenceLink> {
    const key = recorded.criterion_key;
    const criterion = work.seed.criteria.find((one) => one.key === key);
    // The seed is the one that was judged by: a check of something else was put there afterwards.
    if (criterion === undefined || criterion.verify_command !== recorded.command) {
      return { what: "check", of: key, verdict: "tampered", why: "the seed has no such check for it" };
    }
    const base = work.base?.commit ?? null;
    const ran = await verify(bench, criterion, { ...limits, base, criteria: work.seed.criteria });
    const output_hash = createHash("sha256").update(ran.output).digest("hex");
    return compare("check", key, recorded, toChecked(ran, output_hash));
  }
}

function compare(
  what: EvidenceLink["what"],
  of: string,
  recorded: Ran & { readonly command: string | null },
  now: Ran | undefined,
): EvidenceLink {
  const link = (verdict: LinkVerdict, why: string): EvidenceLink => ({ what, of, verdict, why });
  if (now === undefined) return link("cannot_run", "it is not declared any more");
  const told = `${now.verdict}${now.exit_code === null ? "" : `, exit code ${now.exit_code}`}`;
  if (now.verdict !== recorded.verdict) {
    const isOpen = now.verdict === "unverifiable" || now.verdict === "not_applicable";
    return link(isOpen ? "cannot_run" : "different", `it was ${recorded.verdict} and is ${told}: ${now.reason}`);
  }
  if (now.verdict === "unverifiable" && recorded.command !== null) return link("cannot_run", now.reason);
  if (now.exit_code !== recorded.exit_code) {
    return link("different", `it ended with exit code ${recorded.exit_code} and now with ${now.exit_code}`);
  }
  const isSameText = now.output_hash === recorded.output_hash;
  return link("same", isSameText ? told : `${told}; only the text of its output differs`);
}

function isSameCheck(one: MechanicalResult, other: MechanicalResult): boolean {
  return one.kind === other.kind && one.folder === other.folder && one.command === other.command;
}
