import * as v from "valibot";

const Text = v.string();
const Count = v.number();

const Manifest = v.object({
  path: Text,
  kind: Text,
  /** False where it was too large, damaged or not a plain file: then it is known by its name only. */
  readable: v.boolean(),
  name: v.nullable(Text),
  version: v.nullable(Text),
  description: v.nullable(Text),
  /** Commands as they are written, to be told and never run. */
  scripts: v.array(v.object({ name: Text, command: Text })),
  dependencies: v.array(Text),
  dependency_count: Count,
});

/** What is known of a project without anybody having read it: data from its files, none of it to be trusted or run. */
export const ProjectSummary = v.object({
  root: Text,
  name: Text,
  is_brownfield: v.boolean(),
  /** The file or repository that says so. */
  because: v.nullable(Text),
  listed_by: v.picklist(["git", "walk"]),
  /** What was left out: files beyond the bound, or whatever the time did not reach. */
  truncated: v.object({ files: v.boolean(), time: v.boolean() }),
  size: v.object({
    files: Count,
    sampled_files: Count,
    bytes_estimate: v.nullable(Count),
    largest_folders: v.array(v.object({ folder: Text, files: Count })),
  }),
  languages: v.array(v.object({ language: Text, files: Count, share: Count })),
  manifests: v.array(Manifest),
  workspaces: v.array(Text),
  entry_points: v.array(Text),
  tests: v.object({
    files: Count,
    frameworks: v.array(Text),
    folders: v.array(v.object({ folder: Text, files: Count })),
  }),
  conventions: v.array(v.object({ kind: Text, path: Text })),
  readme: v.nullable(v.object({ path: Text, head: Text })),
  git: v.nullable(
    v.object({
      branch: v.nullable(Text),
      commit: v.nullable(Text),
      changed: v.nullable(Count),
      untracked: v.nullable(Count),
    }),
  ),
});
export type ProjectSummary = v.InferOutput<typeof ProjectSummary>;
