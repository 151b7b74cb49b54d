import { spawn } from "node:child_process";
import { constants } from "node:os";
import { OuroborosError } from "../base/errors.ts";
import { findProgram } from "./find-program.ts";
import { endGit, gitEnvironment, HARMLESS, QUIET, QUIET_ENVIRONMENT } from "./git-environment.ts";
import { type GitSettings, NO_SETTINGS, readGitSettings } from "./git-settings.ts";
import { neutralFolder } from "./neutral-folder.ts";

/** Where a command acts. Without a git folder git looks for one from the folder upwards: for questions that no file is opened for. */
export interface GitPlace {
  readonly folder: string;
  readonly gitFolder?: string;
  readonly workTree?: string;
}

/** How a git command ended, and what it said. */
interface GitAnswer {
  readonly code: number | null;
  readonly out: Buffer;
  readonly errors: string;
}

/** Git, keeping work in one repository without running a program that the repository's own configuration names. */
export interface GitRunner {
  readonly settings: GitSettings;
  /** Runs a command; resolves however it ends. */
  run(args: readonly string[], options?: GitOptions): Promise<GitAnswer>;
  /** The same for one that must succeed: resolves with its output, without the line's end. */
  must(args: readonly string[], options?: GitOptions): Promise<string>;
}

interface GitOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
}

/** No command is waited for without an end: a file system can stand still. */
const PATIENCE_MS = 900_000;
const MOST_OUTPUT = 256 * 2 ** 20;
const KEPT_ERRORS = 4_000;

/**
 * Git for one place. Programs that the user's own configuration names (filters such as that for large files) run as with
 * each of the user's commands; those that the repository's configuration names do not. Null where no git is to be found.
 */
export async function openGitRunner(place: GitPlace, signal: AbortSignal): Promise<GitRunner | null> {
  const found = findProgram("git", process.env.PATH ?? "", place.workTree ?? place.folder);
  if (found === null) return null;
  const where = [
    ...["-C", place.folder],
    ...(place.gitFolder === undefined ? [] : [`--git-dir=${place.gitFolder}`]),
    ...(place.workTree === undefined ? [] : [`--work-tree=${place.workTree}`]),
  ];
  const env = { ...gitEnvironment(found.path), ...QUIET_ENVIRONMENT };
  const command =
    (settings: readonly string[]) =>
    (args: readonly string[], options: GitOptions = {}): Promise<GitAnswer> =>
      runGit(
        found.program,
        [...where, ...settings.flatMap((setting) => ["-c", setting]), ...args],
        { ...env, ...options.env },
        options.input,
        signal,
      );
  const fixed = [...HARMLESS, ...QUIET];
  const settings = place.gitFolder === undefined ? NO_SETTINGS : await readGitSettings(command(fixed));
  const run = command([...fixed, ...settings.overrides]);
  return { settings, run, must: (args, options) => must(run, args, options) };
}

async function must(run: GitRunner["run"], args: readonly string[], options: GitOptions = {}): Promise<string> {
  const { code, out, errors } = await run(args, options);
  if (code === 0) return out.toString("utf8").replace(/\n$/, "");
  throw gitFailure(args[0] ?? "", code, errors);
}

/** What is thrown when git could not do what it has to. */
export function gitFailure(command: string, code: number | null, errors: string): OuroborosError {
  const said = errors.trim() || `it ended with code ${code}`;
  return new OuroborosError(
    "git_failed",
    `git ${command} failed: ${said}`,
    "Put right what git names, then resume: nothing was lost.",
  );
}

async function runGit(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  input: string | Buffer | undefined,
  signal: AbortSignal,
): Promise<GitAnswer> {
  signal.throwIfAborted();
  const child = spawn(program, args, {
    cwd: neutralFolder(),
    env,
    detached: process.platform !== "win32",
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>();
  child.on("error", reject);
  child.on("close", (code, by) => resolve(by === null ? code : 128 + constants.signals[by]));
  const kept: Buffer[] = [];
  let [size, errors] = [0, ""];
  const kill = (): void => {
    if (child.exitCode === null && child.signalCode === null) endGit(child.pid);
  };
  child.stdout?.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MOST_OUTPUT) kill();
    else kept.push(chunk);
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-KEPT_ERRORS);
  });
  // It may end without reading all of it; its code says why.
  child.stdin?.on("error", () => {});
  if (input !== undefined) child.stdin?.end(input);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill();
  }, PATIENCE_MS);
  signal.addEventListener("abort", kill, { once: true });
  try {
    const code = await ended;
    signal.throwIfAborted();
    if (late) errors += "\nit was ended after a quarter of an hour";
    if (size > MOST_OUTPUT) errors += "\nit said more than can be kept";
    return { code, out: Buffer.concat(kept), errors };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", kill);
  }
}
