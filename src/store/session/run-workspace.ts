import * as v from "valibot";
import { CRITERION_MERGED, RUN_PREPARED } from "../../domain/run/steps.ts";
import type { Store } from "../store.ts";
import { readRunRows } from "./run-rows.ts";

const Commit = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/));
const Prepared = v.object({
  workspace: v.object({
    kind: v.picklist(["git", "copy", "in_place"]),
    branch: v.nullable(v.string()),
    base: v.nullable(Commit),
    repository: v.nullable(v.string()),
  }),
});
/** Where a run works, as it has recorded it; branches by their full names. */
export type RunWorkspace = v.InferOutput<typeof Prepared>["workspace"] & {
  /** What it has merged last; its base where that is nothing. What became of its branch since is not looked at. */
  readonly tip: string | null;
};

/** A run's own word on where it works and how far it has come; undefined where it never came so far. */
export async function readRunWorkspace(store: Store, executionId: string): Promise<RunWorkspace | undefined> {
  const rows = await readRunRows(store, executionId);
  const prepared = rows.findLast(({ event_type }) => event_type === RUN_PREPARED);
  const read = prepared && v.safeParse(Prepared, prepared.payload);
  if (!read?.success) return undefined;
  const merged = rows.filter(({ event_type }) => event_type === CRITERION_MERGED);
  const commits = merged.map(({ payload }) => payload.merged_commit).filter((commit) => v.is(Commit, commit));
  const { workspace } = read.output;
  return { ...workspace, tip: commits.at(-1) ?? workspace.base };
}
