import { devNull } from "node:os";

/**
 * What a checkout's own configuration may name: programs (a file watcher, hooks, filters, the transports of missing objects) and
 * another work tree. None of it was written by this user, and neither looking at a project nor keeping work beside it may run any of it.
 */
export const HARMLESS = ["core.fsmonitor=false", `core.hooksPath=${devNull}`];

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
