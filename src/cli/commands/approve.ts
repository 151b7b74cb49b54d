import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { readConfig } from "../../config.ts";
import { approve as agree, type ListedApproval, listApprovals, revoke } from "../../trust/approvals.ts";
import { listed, questionOf } from "../../trust/seed-consent.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { lines, table } from "../render.ts";
import { askToAgree, canAskHere, questionLines } from "./approve/ask-to-agree.ts";
import { seedByHash } from "./approve/seed-by-hash.ts";
import { readSources } from "./seed/seed-source.ts";

export type ApproveFlags = SharedFlags & {
  readonly list: boolean;
  readonly revoke?: string | undefined;
  readonly yes: boolean;
};

const SHOWN_DIGITS = 12;

/** `ouroboros approve [SEED]`: agrees to the commands of a seed on this machine; `--list` shows what was agreed to, `--revoke` takes it back. */
export async function approve(cli: Cli, flags: ApproveFlags, name?: string): Promise<Answer | Refusal | number> {
  const { home } = await readConfig({ db: flags.db });
  if (flags.revoke !== undefined) return takeBack(home, flags.revoke);
  if (flags.list) return list(cli, home);
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
  if (commands.length === 0) {
    return {
      json: { approved: false, ...question },
      text: lines(["There is nothing to agree to: its checks run no command."]),
    };
  }
  if (!flags.yes) {
    if (!canAskHere(flags)) {
      const message = `Nobody can be asked here whether these commands may be run: ${listed(commands)}`;
      return refuse("needs_terminal", message, "Read them, then pass --yes", { ...question });
    }
    const agreed = await askToAgree(cli, question);
    if (agreed === undefined) return EXIT.interrupted;
    if (!agreed) return refuse("not_agreed", "Nothing was agreed to", "Change the seed, or leave it");
  }
  const refused = await agree(home, { kind: "seed", hash: seed_hash }, { by: "cli", about: goal });
  if (refused) return refused;
  const shown = flags.yes ? questionLines(question) : [];
  const text = lines([
    ...shown,
    `Agreed. Take it back: ouroboros approve --revoke ${seed_hash.slice(0, SHOWN_DIGITS)}`,
  ]);
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
