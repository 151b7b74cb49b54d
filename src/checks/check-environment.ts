import { delimiter, isAbsolute } from "node:path";
import { isKeptVariable } from "../process/kept-variables.ts";

/** The environment of a check: an allow-list of ours, nobody at a terminal, no colours, and what its caller adds. */
export function checkEnvironment(
  ours: Readonly<Record<string, string | undefined>>,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const kept = Object.entries(ours).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && isKeptVariable(entry[0]),
  );
  const env = Object.fromEntries(kept);
  return { ...env, ...QUIET, PATH: absoluteOnly(env.PATH ?? ""), ...more };
}

const QUIET = {
  CI: "1",
  NO_COLOR: "1",
  TERM: "dumb",
  GIT_TERMINAL_PROMPT: "0",
  // Compiled files beside the sources would look like a check that writes into the project.
  PYTHONDONTWRITEBYTECODE: "1",
};

/** What a relative entry means is decided by the folder, and that is where an agent has just worked. */
function absoluteOnly(path: string): string {
  return path
    .split(delimiter)
    .filter((entry) => isAbsolute(entry))
    .join(delimiter);
}
