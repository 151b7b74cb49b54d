import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf, OuroborosError } from "../base/errors.ts";
import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import { writeWhole } from "../base/write-whole.ts";
import { canonicalMatter, Matter, matterId } from "./matter.ts";
import { exposedFolder, makePrivateFolder, readOwnFile } from "./private-file.ts";
import { shown } from "./shown.ts";

/** How somebody agreed: by a command, a form, a flag, by making the seed here, or by beginning the run here. */
const WAYS = ["cli", "form", "flag", "made_here", "begun_here"] as const;
export type Way = (typeof WAYS)[number];

const Approval = v.object({
  matter: Matter,
  at: v.pipe(v.string(), v.isoTimestamp()),
  by: v.picklist(WAYS),
  /** A few words for whoever looks at the list. */
  about: v.string(),
});
/** What this user has agreed to on this machine, when and how. */
type Approval = Readonly<v.InferOutput<typeof Approval>>;
/** An approval with the hash that names it. */
export type ListedApproval = Approval & { readonly hash: string };

const FILE = /^(seed|checks|run)-([0-9a-f]{64})\.json$/;
const MOST_ABOUT = 200;

/**
 * Has this user agreed to that here? The answer is one file of one approval in the Ouroboros home, never in the store, which
 * others write to. A file or folder to which others may write says nothing.
 */
export async function isApproved(home: string, matter: Matter): Promise<boolean> {
  if (await exposedFolder(folderOf(home))) return false;
  const canonical = await canonicalMatter(matter);
  return (await readApproval(home, fileName(canonical))) !== undefined;
}

/** Remembers that this user has agreed. One file each: of two processes that write at once none undoes the other's. */
export async function approve(
  home: string,
  matter: Matter,
  { by, about }: { readonly by: Way; readonly about: string },
): Promise<undefined | Refusal> {
  const folder = folderOf(home);
  const exposed = await exposedFolder(folder);
  if (exposed) return exposed;
  const canonical = await canonicalMatter(matter);
  const name = fileName(canonical);
  if (await readApproval(home, name)) return undefined;
  const at = new Date().toISOString();
  const approval: Approval = { matter: canonical, at, by, about: shown(about).slice(0, MOST_ABOUT) };
  const path = join(folder, name);
  try {
    await makePrivateFolder(folder);
    await writeWhole(path, `${JSON.stringify(approval)}\n`);
  } catch (error) {
    const next = "Make the folder writable for you, then agree again";
    throw new OuroborosError("approvals_unwritable", `Cannot write ${path}: ${messageOf(error)}`, next, error);
  }
  return undefined;
}

/** Everything this user has agreed to here, newest first. */
export async function listApprovals(home: string): Promise<readonly ListedApproval[] | Refusal> {
  const folder = folderOf(home);
  const exposed = await exposedFolder(folder);
  if (exposed) return exposed;
  const names = await readdir(folder).catch((): string[] => []);
  const found: ListedApproval[] = [];
  // One at a time: each run begun here leaves one, and a process may open only so many files at once.
  for (const name of names.filter((one) => FILE.test(one))) {
    const approval = await readApproval(home, name);
    if (approval) found.push({ ...approval, hash: matterId(approval.matter) });
  }
  return found.sort((a, b) => (a.at === b.at ? 0 : a.at < b.at ? 1 : -1));
}

/** Takes an approval back, by its hash or the beginning of it. */
export async function revoke(home: string, given: string): Promise<ListedApproval | Refusal> {
  const all = await listApprovals(home);
  if (isRefusal(all)) return all;
  const meant = all.filter(({ hash }) => given.length > 0 && hash.startsWith(given));
  const [only] = meant;
  const next = "`ouroboros approve --list` shows the hashes";
  if (only === undefined) return refuse("not_found", `Nothing is approved by the hash ${shown(given)}`, next);
  if (meant.length > 1)
    return refuse("ambiguous_id", `${meant.length} approvals begin with ${given}`, `Give more of it: ${next}`);
  await rm(join(folderOf(home), fileName(only.matter)), { force: true });
  return only;
}

function folderOf(home: string): string {
  return join(home, "approvals");
}

function fileName(matter: Matter): string {
  return `${matter.kind}-${matterId(matter)}.json`;
}

/** What a file says, if it says it of the matter that it is named after. */
async function readApproval(home: string, name: string): Promise<Approval | undefined> {
  const text = await readOwnFile(join(folderOf(home), name));
  if (text === undefined) return undefined;
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), Approval), text);
  return read.success && fileName(read.output.matter) === name ? read.output : undefined;
}
