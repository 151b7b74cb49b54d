import { type ChangedFile, changedFiles } from "../../../views/run-diff.ts";
import { lineOf } from "../../../views/run-text.ts";
import type { CriterionView, RunTree } from "../../../views/run-tree.ts";
import { lines, oneLine } from "../../render.ts";

/** What a run has come to: how its criteria stand, and what its branch holds where that can be read here. */
export interface RunOutcome {
  readonly tree: RunTree;
  readonly files: readonly ChangedFile[] | null;
}

const MOST_FILES = 40;

/** Reads what a run has come to. */
export async function outcomeOf(tree: RunTree): Promise<RunOutcome> {
  return { tree, files: await changedFiles(tree.workspace) };
}

/** The same for programs; nothing for a run without a workspace of its own, of which nothing was checked. */
export function outcomeJson({ tree, files }: RunOutcome): Record<string, unknown> {
  const { workspace, criteria, spent, unreported } = tree;
  return workspace === null ? {} : { workspace, criteria, files, spent, unreported };
}

/** What a run has come to, for a person: a line for each criterion, the files, and how to take them over. */
export function outcomeText({ tree, files }: RunOutcome): string {
  const { workspace, criteria, session_id } = tree;
  if (workspace === null) return "";
  const { branch, base, tip, repository, notes } = workspace;
  const range = base && tip ? ` (${base.slice(0, 10)}..${tip.slice(0, 10)})` : "";
  const place = branch === null ? "Work in the folder itself, without a branch" : `Branch ${branch}${range}`;
  return lines(
    [
      ...criteria.map(lineOf),
      counts(criteria),
      `${place} in ${repository ?? "an unknown folder"}`,
      ...notes,
      ...(files ?? []).slice(0, MOST_FILES).map(({ path, added, removed }) => `  ${path} ${change(added, removed)}`),
      ...(files === null ? [] : [total(files)]),
      ...(files?.length ? takeOver(tree, session_id) : []),
    ].map(oneLineIndented),
  );
}

function counts(criteria: readonly CriterionView[]): string {
  const groups = Map.groupBy(criteria, ({ outcome, state }) => outcome ?? state.replace("_", " "));
  return [...groups].map(([name, group]) => `${group.length} ${name}`).join(", ");
}

function change(added: number | null, removed: number | null): string {
  return added === null || removed === null ? "(binary)" : `+${added} -${removed}`;
}

function total(files: readonly ChangedFile[]): string {
  const more = files.length > MOST_FILES ? ` (${files.length - MOST_FILES} not shown)` : "";
  const added = files.reduce((sum, file) => sum + (file.added ?? 0), 0);
  const removed = files.reduce((sum, file) => sum + (file.removed ?? 0), 0);
  return `${files.length === 1 ? "1 file" : `${files.length} files`} changed${more}, ${added} lines added, ${removed} removed`;
}

/** A branch that began at a snapshot of uncommitted work cannot be merged over that work; its patch fits on it. */
function takeOver({ workspace, cwd, status }: RunTree, id: string): string[] {
  if (workspace === null || status === "running") return [];
  const { kind, snapshot, branch, repository } = workspace;
  const patch = [`See it: ouroboros artifacts ${id} --patch`];
  if (kind !== "git" || snapshot) {
    const folder = quoted((kind === "git" ? repository : cwd) ?? ".");
    return [...patch, `Take it: ouroboros artifacts ${id} --patch | git -C ${folder} apply`];
  }
  return [...patch, `Take it: git -C ${quoted(repository ?? ".")} merge ${branch}`];
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function oneLineIndented(text: string): string {
  return `${/^ */.exec(text)?.[0] ?? ""}${oneLine(text)}`;
}
