import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { UnverifiableCause } from "../domain/run/verdict.ts";
import { platformFault } from "../domain/seed/lint/platform-shell.ts";
import { shellCommands } from "../domain/seed/lint/shell-commands.ts";
import { placedCommands } from "./command-files.ts";
import { type CommandResult, STOPPED } from "./run-command.ts";

interface Unverifiable {
  readonly cause: UnverifiableCause;
  readonly reason: string;
}

const NOT_RUN = new Set([126, 127, 9009]);
/** As a shell reports that a program was killed. */
const KILLED = 128 + 9;

/** Why a run of a command says nothing about the work; null when it does. */
export function whyUnverifiable(
  command: string,
  folder: string,
  path: string,
  result: CommandResult,
): Unverifiable | null {
  if (result.could_not_run !== null) {
    return { cause: result.could_not_run === STOPPED ? "stopped" : "environment", reason: result.could_not_run };
  }
  if (result.timed_out) return { cause: "timed_out", reason: "The check was not done in its time" };
  if (result.exit_code === 0) return null;
  if (result.signal === "SIGKILL" || result.exit_code === KILLED) {
    return { cause: "environment", reason: "The check was killed from outside, as by a system without memory" };
  }
  const programs = placedCommands(command);
  // What the work was to bring and has not is the work's fault, not the environment's.
  if (
    programs.some(({ program, folder: at }) => isProjects(program) && at !== null && !mayRun(join(folder, at, program)))
  )
    return null;
  const missing = process.platform === "win32" ? [] : programs.map(({ program }) => program).filter(isMissing);
  const foreign = platformFault(command, shellCommands(command), process.platform);
  const notRun = missing.length > 0 || NOT_RUN.has(result.exit_code ?? 0) || lacksModule(command, result.output);
  if (foreign !== undefined && (notRun || process.platform === "win32"))
    return { cause: "non_portable", reason: foreign };
  if (!notRun) return null;
  const [name = "A program that it needs"] = missing;
  return { cause: "environment", reason: `${name} is missing on this machine, or cannot be run` };

  function isMissing(program: string): boolean {
    if (!/^[\w.+-]+$/.test(program) || BUILT_IN.has(program) || command.includes(`${program}()`)) return false;
    return !path.split(delimiter).some((entry) => mayRun(join(entry, program)));
  }
}

/** A path inside the project, but for what its package manager puts there. */
function isProjects(program: string): boolean {
  return /^[\w.@-][^$`*]*\//.test(program) && !/(?:^|\/)(?:node_modules|\.?venv|vendor)\//.test(program);
}

/** `python -m pytest` fails like a test when pytest is not installed. */
function lacksModule(command: string, output: Uint8Array): boolean {
  const module = /\s-m\s+(pytest|tox|nox|coverage|mypy|ruff|flake8|pylint|black|behave)\b/.exec(command)?.[1];
  return module !== undefined && Buffer.from(output).toString("latin1").includes(`No module named ${module}`);
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** What the shell does itself, and the words of its language. */
const BUILT_IN = new Set(
  (
    ". : [ [[ alias bg break case cd command continue do done echo elif else esac eval exec exit export false fc fg fi for function getopts hash " +
    "if in jobs kill let local printf pwd read readonly return set shift source test then time times trap true type ulimit umask unalias unset until wait while"
  ).split(" "),
);
