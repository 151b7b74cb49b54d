/** Where a run's work comes together: its own branch of the project's repository, or of a copy of a folder that has none. */
export interface Workspace {
  /** `git`: the project's own repository. `copy`: a private one around a copy. `in_place`: the folder itself, with no net. */
  readonly kind: "git" | "copy" | "in_place";
  /** The checkout whose repository holds the branch: the project's, or that of the copy; in place the folder itself. */
  readonly repository: string;
  /** Full name of the run's branch, such as `refs/heads/ooo/exec_1a2b`; null in place. */
  readonly branch: string | null;
  /** What the run began with: the checkout's commit, or a snapshot of it; null in place where there is no repository. */
  readonly base: string | null;
  /** Is the base a commit of ours, because the checkout held what was not committed? */
  readonly snapshot: boolean;
  /** What a person should know of how the project was taken over, a sentence each: what was left out, what it was in the middle of. */
  readonly notes: readonly string[];
  /** The commit the branch is at now; null in place. */
  tip(): Promise<string | null>;
  /** A worktree of its own at the branch's tip, for one attempt at one criterion; the same name again finds it as it was left. */
  open(name: string): Promise<Bench>;
  /** What the run has made so far, as a patch against its base; text that is not UTF-8 is only exact on the branch. */
  diff(): Promise<string>;
  /** Removes the worktrees whose work is merged or that hold none; names those that it kept, and why. */
  prune(): Promise<readonly Kept[]>;
  /** Removes branch, worktrees and copy with all that is in them: for work that nobody is to keep. In place nothing. */
  discard(): Promise<void>;
}

/** A worktree that still holds something. */
export interface Kept {
  readonly folder: string;
  readonly kept: string;
}

/** A folder in which one agent works and one check runs. Nothing else may work there while a method runs. */
export interface Bench {
  readonly name: string;
  /** Where agents work: the worktree, or the folder in it that the run was started in. */
  readonly folder: string;
  /** The commit it was made from; null in place where there is no repository. */
  readonly base: string | null;
  /** Commits everything that is there but ignored files and folders any build makes anew; the same commit when nothing changed. Null in place. */
  commit(message: string): Promise<string | null>;
  /** Hash of the tree as it lies there now, committed or not; null where there is no repository. */
  treeHash(): Promise<string | null>;
  /** Files that differ from a commit (its base when missing), relative to the repository's top, with slashes. */
  changedSince(commit?: string): Promise<readonly string[]>;
  /** Puts files back as they were in a commit (removed where they were not), until `undo` is called or the bench is opened again. */
  withFilesOf(commit: string, files: readonly string[]): Promise<{ undo(): Promise<void> }>;
  /** Throws away whatever is not committed, ignored files left alone. In place nothing: it is all the user's. */
  clean(): Promise<void>;
  /** Commits what is there, then brings in what others have merged since; conflicts stay in the files, marked, for somebody to resolve. */
  update(): Promise<{ readonly outcome: "current" | "merged" | "conflict"; readonly files: readonly string[] }>;
  /** Files of the last conflict in which nobody has decided yet: still unmerged, and still with marks in them. */
  unresolved(): Promise<readonly string[]>;
  /** Moves the run's branch to this bench's commit, if that contains the tip and the tip has not moved; `moved` otherwise. In place the work is where it belongs. */
  publish(): Promise<{ readonly outcome: "published"; readonly commit: string | null } | { readonly outcome: "moved" }>;
  /** Gives the folder back; what is not merged is committed and stays on its branch. */
  close(): Promise<void>;
}
