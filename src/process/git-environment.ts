import { devNull } from "node:os";

/**
 * What a checkout's own configuration may name: programs (a file watcher, hooks, filters, the transports of missing objects) and
 * another work tree. None of it was written by this user, and neither looking at a project nor keeping work beside it may run any of it.
 */
export const HARMLESS = ["core.fsmonitor=false", `core.hooksPath=${devNull}`];

/** Beyond what the reading commands need: settings by which a writing one would start something, ask, or leave more behind. */
export const QUIET = [
  "commit.gpgSign=false",
  "core.filesRefLockTimeout=2000",
  "core.logAllRefUpdates=false",
  "core.packedRefsTimeout=5000",
  "core.safecrlf=false",
  "core.splitIndex=false",
  "credential.helper=",
  "gc.auto=0",
  "i18n.commitEncoding=UTF-8",
  "init.defaultBranch=main",
  "maintenance.auto=false",
  "merge.autoStash=false",
  "merge.conflictStyle=merge",
  "merge.log=false",
  "merge.verifySignatures=false",
  "rerere.enabled=false",
  "submodule.recurse=false",
  "worktree.useRelativePaths=false",
];

/** The same for its environment. */
export const QUIET_ENVIRONMENT = {
  GIT_EDITOR: ":",
  GIT_SEQUENCE_EDITOR: ":",
  GIT_PAGER: "",
  GIT_LITERAL_PATHSPECS: "1",
  // Large files that are here are put into place; none is fetched, since the repository says from where and by what.
  GIT_LFS_SKIP_SMUDGE: "1",
};
const HARMLESS_ENVIRONMENT = {
  // Nothing of the checkout is written, its index neither.
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
  // Where objects are missing, git would fetch them through whatever the configuration says; older ones know only one of these.
  GIT_ALLOW_PROTOCOL: "none",
  GIT_NO_LAZY_FETCH: "1",
  LC_ALL: "C",
};
const KEPT_VARIABLES = ["HOME", "USERPROFILE", "XDG_CONFIG_HOME", "SystemRoot", "TMPDIR", "TEMP"];

/** What git is given of the environment, with a search path from which the project's folders were taken out. */
export function gitEnvironment(path: string): Record<string, string> {
  const kept = KEPT_VARIABLES.map((name) => [name, process.env[name]] as const);
  return {
    ...Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    ...HARMLESS_ENVIRONMENT,
    PATH: path,
  };
}

/** Ends git and whatever it started, if it is still there. */
export function endGit(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
