import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { readConfig } from "../../config.ts";
import type { Agreement } from "../../trust/agreement.ts";
import { approve as agree, type ListedApproval, listApprovals, revoke } from "../../trust/approvals.ts";
import { matterId } from "../../trust/matter.ts";
import { listed, questionOf } from "../../trust/seed-consent.ts";
import { shown } from "../../trust/shown.ts";
import { checksToAgree } from "../../workflows/evaluation/checks-to-agree.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { lines, table } from "../render.ts";
import { agreementLines, askToAgree, canAskHere } from "./approve/ask-to-agree.ts";
import { seedByHash } from "./approve/seed-by-hash.ts";
import { readSources } from "./seed/seed-source.ts";

export type ApproveFlags = SharedFlags & {
  readonly list: boolean;
  readonly checks: boolean;
  readonly revoke?: string | undefined;
  readonly yes: boolean;
};

const SHOWN_DIGITS = 12;

/** `ouroboros approve [SEED]`: agrees to the commands of a seed on this machine, with `--checks` to those that a project declares; `--list` shows what was agreed to, `--revoke` takes it back. */
export async function approve(cli: Cli, flags: ApproveFlags, name?: string): Promise<Answer | Refusal | number> {
  const { home, allowedPrograms } = await readConfig({ db: flags.db });
  if (flags.revoke !== undefined) return takeBack(home, flags.revoke);
  if (flags.list) return list(cli, home);
  if (flags.checks) return project(cli, flags, { home, allowedPrograms, folder: name ?? "." });
  if (name === undefined)
    return refuse("no_seed", "No seed is named", "Name a seed by its id, hash or file; or pass --list");
  return one(cli, flags, { home, name });
}

async function one(
  cli: Cli,
  flags: ApproveFlags,
  { home, name }: { readonly home: string; readonly name: string },
): Promise<Answer | Refusal | number> {
  const id = (await seedByHash(flags, name)) ?? name;
  const found = await readSources(flags, [id]);
  if (isRefusal(found)) return found;
  const question = questionOf(found[0]?.yaml ?? "");
  if (isRefusal(question)) return question;
  const { seed_hash, commands, goal } = question;
  return settle(cli, flags, home, { matter: { kind: "seed", hash: seed_hash }, about: goal, commands }, question);
}

async function project(
  cli: Cli,
  flags: ApproveFlags,
  given: { readonly home: string; readonly allowedPrograms: readonly string[]; readonly folder: string },
): Promise<Answer | Refusal | number> {
  const root = await realpath(resolve(given.folder)).catch(() => null);
  if (root === null) return refuse("folder_missing", `There is no folder ${given.folder}`, "Name the project's folder");
  const question = await checksToAgree(root, given.allowedPrograms);
  const { declared, commands } = question;
  const agreement = {
    matter: { kind: "checks", root, declared },
    about: shown(root),
    commands: commands.map(shown),
  } as const;
  return settle(cli, flags, given.home, agreement, question);
}

async function settle(
  cli: Cli,
  flags: ApproveFlags,
  home: string,
  agreement: Agreement,
  question: object,
): Promise<Answer | Refusal | number> {
  const { matter, about, commands } = agreement;
  if (commands.length === 0) {
    const none = "There is nothing to agree to: no command would be run.";
    return { json: { approved: false, ...question }, text: lines([none]) };
  }
  if (!flags.yes) {
    if (!canAskHere(flags)) {
      const message = `Nobody can be asked here whether these commands may be run: ${listed(commands)}`;
      return refuse("needs_terminal", message, "Read them, then pass --yes", { ...question });
    }
    const agreed = await askToAgree(cli, agreement);
    if (agreed === undefined) return EXIT.interrupted;
    if (!agreed) return refuse("not_agreed", "Nothing was agreed to", "Change what is run, or leave it");
  }
  const refused = await agree(home, matter, { by: "cli", about });
  if (refused) return refused;
  const id = matterId(matter).slice(0, SHOWN_DIGITS);
  const before = flags.yes ? agreementLines(agreement) : [];
  const text = lines([...before, `Agreed. Take it back: ouroboros approve --revoke ${id}`]);
  return { json: { approved: true, ...question }, text };
}

async function list({ style }: Cli, home: string): Promise<Answer | Refusal> {
  const approvals = await listApprovals(home);
  if (isRefusal(approvals)) return approvals;
  const rows = table<ListedApproval>(
    style,
    [
      { heading: "HASH", cell: ({ hash }) => hash.slice(0, SHOWN_DIGITS) },
      { heading: "KIND", cell: ({ matter }) => matter.kind },
      { heading: "WHEN", cell: ({ at }) => at },
      { heading: "BY", cell: ({ by }) => by.replace("_", " ") },
      { heading: "ABOUT", cell: ({ about }) => about, grows: true },
    ],
    approvals,
  );
  const text = approvals.length === 0 && style.forPeople ? lines(["Nothing is agreed to."]) : rows;
  return { json: { approvals }, text };
}

async function takeBack(home: string, hash: string): Promise<Answer | Refusal> {
  const revoked = await revoke(home, hash);
  if (isRefusal(revoked)) return revoked;
  return { json: { revoked }, text: lines([`Taken back: ${revoked.matter.kind} ${revoked.hash} (${revoked.about})`]) };
}
