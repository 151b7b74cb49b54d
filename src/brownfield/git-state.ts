import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { type Git, openGit } from "../process/git.ts";
import { checkoutAround } from "./repository.ts";
import { type Listing, MOST_FILES } from "./walk-listing.ts";

/** A folder inside a checkout, as git sees it at this moment. */
export interface GitState {
  readonly git: Git;
  /** Is the folder the checkout's own root? */
  readonly isTop: boolean;
  readonly branch: string | null;
  readonly commit: string | null;
  /** Null where git could not compare in time. */
  readonly changed: number | null;
  readonly untracked: readonly string[];
  readonly deleted: ReadonlySet<string>;
  /** The time for comparing ran out. */
  readonly late: boolean;
  /** The same as long as nothing in the folder changes; null where that is too much to tell. */
  readonly identity: string | null;
}

/** Beyond so many changed files their times are not looked at one by one. */
const MOST_STATS = 2_000;
const NONE: ReadonlySet<string> = new Set();

/** Asks git what is checked out here and what differs from it; null outside of a checkout and where git is of no help. */
export async function readGitState(root: string, deadline: AbortSignal): Promise<GitState | null> {
  const top = await checkoutAround(root);
  const git = top === null ? null : await openGit(root, top, deadline);
  if (top === null || git === null) return null;
  const prefix = root === top ? "" : `${relative(top, root).split(sep).join("/")}/`;
  const hash = createHash("sha256");
  const headers = new Map<string, string>();
  const [touched, untracked, deleted] = [[] as string[], [] as string[], new Set<string>()];
  const ended = await git.read(STATUS, deadline, (record) => {
    hash.update(record).update("\0");
    const header = /^# branch\.(oid|head) (.*)$/s.exec(record);
    if (header) headers.set(header[1] ?? "", header[2] ?? "");
    const kind = record[0] ?? "";
    if (!"12u?".includes(kind)) return true;
    // All fields before the path are words without blanks; paths count from the checkout's root.
    const path = afterBlanks(record, FIELDS_BEFORE_PATH[kind] ?? 1).slice(prefix.length);
    if (kind === "?") {
      if (!path.endsWith("/")) untracked.push(path);
    } else {
      touched.push(path);
      if (record[3] === "D") deleted.add(path);
    }
    return touched.length + untracked.length < MOST_FILES;
  });
  // A checkout git will not look into (somebody else's, a damaged one) is read as any other folder.
  if (ended === "failed" && !deadline.aborted) return null;
  const oid = headers.get("oid");
  const branch = headers.get("head");
  const whole = ended === "ended" && touched.length + untracked.length <= MOST_STATS;
  const links = whole ? await addTimes(hash, root, [...touched, ...untracked]) : NONE;
  return {
    git,
    isTop: prefix === "",
    branch: branch === undefined || branch === "(detached)" ? null : branch,
    commit: oid === undefined || oid === "(initial)" ? null : oid,
    changed: ended === "ended" ? touched.length : null,
    untracked: untracked.filter((path) => !links.has(path)),
    deleted,
    late: ended === "failed",
    identity: whole ? hash.digest("hex") : null,
  };
}

// Untracked files one by one: folders of them would hide what is ignored inside. A submodule's configuration may name
// filters that nobody here has switched off.
const UNTRACKED = "--untracked-files=all";
const SUBMODULES = "--ignore-submodules=all";
const FORMAT = ["--porcelain=v2", "-z", "--branch", "--no-ahead-behind", "--no-renames"];
const STATUS = ["status", ...FORMAT, UNTRACKED, SUBMODULES, "--", "."];
const FIELDS_BEFORE_PATH: Readonly<Record<string, number>> = { "1": 8, "2": 9, u: 10, "?": 1 };

function afterBlanks(record: string, count: number): string {
  let at = 0;
  for (let left = count; left > 0; left--) at = record.indexOf(" ", at) + 1;
  return record.slice(at);
}

/** Status says that a file differs, not how: one that is changed twice would look the same. Answers which of them are links. */
async function addTimes(
  hash: ReturnType<typeof createHash>,
  root: string,
  paths: readonly string[],
): Promise<ReadonlySet<string>> {
  const links = new Set<string>();
  const times = paths.map(async (path) => {
    const found = await lstat(join(root, path)).catch(() => null);
    if (found?.isSymbolicLink()) links.add(path);
    return found === null ? "gone" : `${found.mtimeMs}:${found.size}`;
  });
  hash.update((await Promise.all(times)).join());
  return links;
}

/** The files git tracks here that are there, and the untracked ones it does not ignore. */
export async function gitListing(
  { git, untracked, deleted, changed, late }: GitState,
  deadline: AbortSignal,
): Promise<Listing> {
  const files: string[] = [];
  let last = "";
  const ended = await git.read(["ls-files", "-z", "--cached", "--stage"], deadline, (record) => {
    const path = record.slice(record.indexOf("\t") + 1);
    // Mode 100…: a plain file, neither a link nor a submodule. Unmerged paths come once for each side.
    if (record.startsWith("100") && path !== last && !deleted.has(path)) files.push(path);
    last = path;
    return files.length < MOST_FILES;
  });
  const room = MOST_FILES - files.length;
  files.push(...untracked.slice(0, room));
  const cut = ended !== "ended" || changed === null || untracked.length > room;
  return { files, cut, late: late || deadline.aborted };
}
