import { existsSync } from "node:fs";
import { lstat, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { canonicalJson } from "../base/canonical-json.ts";
import type { Criterion } from "../domain/seed/seed.ts";
import type { Bench } from "../workspaces/workspace.ts";
import { isCheckProgram, isRunnerSetting, isTestFile } from "./check-names.ts";
import { namedFiles, placedCommands } from "./command-files.ts";
import type { Definition } from "./definitions/definition.ts";
import { isDefinition } from "./definitions/definitions-of.ts";
import { expandLines } from "./expand-lines.ts";
import { isMissing, isPlainFile, readPlainFile } from "./plain-file.ts";
import { walkProject } from "./walk-project.ts";

/** What the work has changed of the checks themselves. Paths count from the repository's top. */
export interface EditedChecks {
  /** Checks that were there before, and are not as they were. */
  readonly files: readonly string[];
  /** Settings that runners of tests read by themselves, and that were not there before. */
  readonly added: readonly string[];
  readonly addedTests: readonly string[];
  /** There were tests before, which an added setting could bend. */
  readonly hadTests: boolean;
  /** Programs that a check runs, checks that another criterion asks for: changed, and meant for all that can be told. */
  readonly suspects: readonly string[];
  /** Puts `files` and these back as they were, until `undo` is called. */
  putBack(also?: readonly string[]): Promise<{ undo(): Promise<void> }>;
}

type Checked = Pick<Criterion, "verify_command" | "expected_artifacts">;

/** Compares what decides about a criterion with a commit: tests, what its command runs, and what says what that is. */
export async function findEditedChecks(
  bench: Bench,
  base: string,
  criterion: Checked,
  criteria: readonly Checked[],
  /** False in place, where what git ignores is the user's. */
  isOwnFolder: boolean,
): Promise<EditedChecks> {
  const { folder } = bench;
  const top = topOf(folder);
  const prefix = relative(top, folder).split(sep).join("/");
  /** From the folder; null for what lies beside it. */
  const local = (path: string): string | null =>
    prefix === "" ? path : path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : null;
  const lines = criteria.flatMap(({ verify_command }) => verify_command ?? []);
  const tracked = await bench.changedSince(base);
  const changed = [...tracked, ...(await hiddenSettings())];
  const merged = new Map<string, string>();
  const found: Found = { files: [], added: [], addedTests: [], suspects: [], hadTests: false };
  const putBack = (also: readonly string[] = []) => putBackMerged(bench, base, top, [...found.files, ...also], merged);
  if (!(await couldMatter())) return { ...found, putBack };

  const newer = new Map<string, string | null>();
  for (const path of changed.filter(isDefinition)) newer.set(path, await readPlainFile(join(top, path)));
  const then = await bench.withFilesOf(base, changed);
  try {
    await judge();
    found.hadTests = found.added.length > 0 && (await hasTests(top));
  } finally {
    await then.undo();
  }
  return { ...found, putBack };

  /** Settings that git was told to ignore: a new worktree has none, so that the work has brought them. */
  async function hiddenSettings(): Promise<string[]> {
    if (!isOwnFolder) return [];
    const listed = new Set(tracked);
    const there: string[] = [];
    for await (const path of walkProject(top)) if (isRunnerSetting(path) && !listed.has(path)) there.push(path);
    if (there.length === 0) return [];
    const then = await bench.withFilesOf(base, there);
    try {
      const kept = await Promise.all(there.map((path) => exists(join(top, path))));
      return there.filter((_, index) => !kept[index]);
    } finally {
      await then.undo();
    }
  }

  /** Most work changes no check: nothing is moved about for it. */
  async function couldMatter(): Promise<boolean> {
    const { commands, definitions } = await expandLines(lines, folder);
    const { run } = namedFiles(commands);
    return changed.some((path) => {
      const own = local(path);
      return isTestFile(path) || isRunnerSetting(path) || (own !== null && (definitions.has(own) || run.has(own)));
    });
  }

  /** Looks at the tree as it was before the work. */
  async function judge(): Promise<void> {
    const own = await expandLines(criterion.verify_command === null ? [] : [criterion.verify_command], folder);
    const { run } = namedFiles((await expandLines(lines, folder)).commands);
    const { seen } = namedFiles(placedCommands(criterion.verify_command ?? ""));
    for (const path of changed) {
      const at = local(path);
      if (at !== null && (isArtifact(at, criterion) || seen.has(at))) continue;
      const definition = at === null ? undefined : own.definitions.get(at);
      const was = await exists(join(top, path));
      const program = at !== null && run.has(at);
      if (was && definition !== undefined) await compare(path, definition);
      else if (was && (isTestFile(path) || isRunnerSetting(path) || (program && isCheckProgram(path)))) {
        const meant = at !== null && criteria.some((other) => isArtifact(at, other));
        (meant ? found.suspects : found.files).push(path);
      } else if (was && program) found.suspects.push(path);
      else if (!was && isRunnerSetting(path)) found.added.push(path);
      else if (!was && isTestFile(path)) found.addedTests.push(path);
    }
  }

  async function compare(path: string, definition: Definition): Promise<void> {
    const older = (await readPlainFile(join(top, path))) ?? "";
    const written = newer.get(path) ?? null;
    const [before, after] = [definition.pieces(older), definition.pieces(written ?? "")];
    const both = written === null ? null : (definition.merge?.(written, older) ?? null);
    const isKept = Object.entries(before).every(([name, piece]) => after[name] === piece);
    // Where nothing is taken away by putting the older pieces back, what was added is the work.
    const isSame = both !== null && canonicalJson(definition.pieces(both)) === canonicalJson(after);
    if (isKept && (isSame || Object.keys(after).length === Object.keys(before).length)) return;
    (isKept ? found.added : found.files).push(path);
    if (both !== null) merged.set(path, both);
  }
}

type Found = { -readonly [Name in Exclude<keyof EditedChecks, "putBack" | "hadTests">]: string[] } & {
  hadTests: boolean;
};

async function putBackMerged(
  bench: Bench,
  base: string,
  top: string,
  files: readonly string[],
  merged: ReadonlyMap<string, string>,
): Promise<{ undo(): Promise<void> }> {
  const then = await bench.withFilesOf(base, files);
  try {
    for (const [path, text] of merged) {
      if (files.includes(path) && (await isPlainFile(join(top, path)))) await writeFile(join(top, path), text);
    }
    return then;
  } catch (error) {
    await then.undo();
    throw error;
  }
}

function isArtifact(path: string, { expected_artifacts }: Checked): boolean {
  return expected_artifacts.some((artifact) => path === artifact || path.startsWith(`${artifact}/`));
}

/** Is there a test that a setting could bend? */
async function hasTests(top: string): Promise<boolean> {
  for await (const path of walkProject(top)) if (isTestFile(path) && !isRunnerSetting(path)) return true;
  return false;
}

/** The folder that holds the repository, whose paths are git's. */
function topOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) return folder;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
