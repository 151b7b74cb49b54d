import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import { conventionsOf } from "./conventions.ts";
import { entryPoints } from "./entry-points.ts";
import { type GitState, gitListing, readGitState } from "./git-state.ts";
import { countLanguages } from "./languages.ts";
import { manifestKind } from "./manifests/manifest-kinds.ts";
import { readManifests } from "./manifests.ts";
import { projectSize } from "./project-size.ts";
import { projectTests } from "./project-tests.ts";
import { bounded, cut } from "./quoted.ts";
import { type ReadStart, startReader } from "./read-start.ts";
import type { ProjectSummary } from "./summary.ts";
import { keepSummary, keptSummary } from "./summary-cache.ts";
import { type Listing, walkListing } from "./walk-listing.ts";

const DEADLINE_MS = 5_000;
/** Comparing a checkout with its files may take all the time there is; listing what it tracks takes little, and must still happen. */
const SHARE_FOR_COMPARING = 0.6;
const MOST_WORKSPACES = 30;
const README_CHARS = 1_000;

interface DescribeOptions {
  readonly signal: AbortSignal;
  /** Where summaries of unchanged checkouts are kept from one time to the next. */
  readonly cacheFolder?: string;
  readonly deadlineMs?: number;
}

/**
 * What can be known of a project without understanding it, so that nobody needs to be asked for it. Looks at names, opens a few
 * small files, runs nothing of the project's, and takes seconds at most: what it did not get to is said in `truncated`.
 * Throws when the folder cannot be found or the caller's signal aborts.
 */
export async function describeProject(folder: string, options: DescribeOptions): Promise<ProjectSummary> {
  const { signal, cacheFolder, deadlineMs = DEADLINE_MS } = options;
  const root = await realpath(folder);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  const comparing = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs * SHARE_FOR_COMPARING)]);
  const state = await readGitState(root, comparing);
  const identity = state?.identity ?? null;
  if (cacheFolder !== undefined && identity !== null) {
    const kept = await keptSummary(cacheFolder, root, identity);
    if (kept) return kept;
  }
  const summary = await summarise(root, state, deadline);
  signal.throwIfAborted();
  if (cacheFolder !== undefined && identity !== null && !summary.truncated.time) {
    await keepSummary(cacheFolder, root, identity, summary);
  }
  return summary;
}

async function summarise(root: string, state: GitState | null, deadline: AbortSignal): Promise<ProjectSummary> {
  const { listedBy, files, cut: isCut, late } = await listFiles(root, state, deadline);
  const read = startReader(root, deadline);
  const manifests = await readManifests(files, read);
  const readme = await readmeOf(files, read);
  const size = await projectSize(root, files, deadline);
  return {
    root,
    name: bounded(basename(root)),
    ...brownfield(files, state),
    listed_by: listedBy,
    truncated: { files: isCut, time: late || deadline.aborted },
    size,
    languages: countLanguages(files),
    manifests: manifests.map(({ shown }) => shown),
    workspaces: [...new Set(manifests.flatMap(({ facts }) => facts.workspaces ?? []))]
      .slice(0, MOST_WORKSPACES)
      .map(bounded),
    entry_points: entryPoints(files, manifests),
    tests: projectTests(files, manifests),
    conventions: conventionsOf(files),
    readme,
    git: state && {
      branch: state.branch === null ? null : bounded(state.branch),
      commit: state.commit,
      changed: state.changed,
      untracked: state.changed === null ? null : state.untracked.length,
    },
  };
}

async function listFiles(
  root: string,
  state: GitState | null,
  deadline: AbortSignal,
): Promise<Listing & { readonly listedBy: "git" | "walk" }> {
  const byGit = state && (await gitListing(state, deadline));
  // Git lists nothing of a folder that a checkout around it ignores, and it is somebody's project all the same.
  if (byGit && (byGit.files.length > 0 || deadline.aborted)) return { ...byGit, listedBy: "git" };
  return { ...(await walkListing(root, deadline)), listedBy: "walk" };
}

/** A project has begun when a manifest stands in its root, or it is a checkout with a commit. */
function brownfield(
  files: readonly string[],
  state: GitState | null,
): Pick<ProjectSummary, "is_brownfield" | "because"> {
  const manifest = files.find((path) => !path.includes("/") && manifestKind(path) !== undefined);
  if (manifest !== undefined) return { is_brownfield: true, because: bounded(manifest) };
  const hasCommits = state?.isTop === true && state.commit !== null;
  return { is_brownfield: hasCommits, because: hasCommits ? ".git" : null };
}

async function readmeOf(files: readonly string[], read: ReadStart): Promise<ProjectSummary["readme"]> {
  const path = files.find((name) => /^readme(?:\.(?:md|markdown|rst|txt|adoc))?$/i.test(name));
  const start = path === undefined ? null : await read(path, 4 * README_CHARS);
  return path === undefined || start === null ? null : { path, head: cut(start.text, README_CHARS) };
}
