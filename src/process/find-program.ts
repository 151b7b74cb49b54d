import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, relative } from "node:path";

/** What was found of a program, and the search path without the entries a project could have put there. */
export interface FoundProgram {
  readonly program: string;
  readonly path: string;
}

/** As Windows would try them; written from the manual, not run yet. */
const SUFFIXES = process.platform === "win32" ? [".exe", ".com", ""] : [""];

/**
 * Finds a program by its whole path or its name. Entries of the search path that are relative, empty, or inside the
 * project the folder belongs to are passed over, so that no project can put itself in an agent's place.
 */
export function findProgram(name: string, searchPath: string, folder: string | null): FoundProgram | null {
  const path = trustedPath(searchPath, folder);
  if (isAbsolute(name)) return isProgram(name) ? { program: name, path } : null;
  // A path that depends on where one stands is the project's to decide.
  if (/[/\\]/.test(name)) return null;
  const roots = projectsAround(folder);
  for (const entry of path.split(delimiter).filter(Boolean)) {
    for (const suffix of SUFFIXES) {
      const program = join(entry, name + suffix);
      if (isProgram(program) && !roots.some((root) => isInside(root, whole(program)))) return { program, path };
    }
  }
  return null;
}

/** The search path without entries that mean something else in another folder, or that lie in the folder's project. */
function trustedPath(searchPath: string, folder: string | null): string {
  const roots = projectsAround(folder);
  const isProjects = (entry: string) => roots.some((root) => isInside(root, entry) || isInside(root, whole(entry)));
  return searchPath
    .split(delimiter)
    .filter((entry) => isAbsolute(entry) && !isProjects(entry))
    .join(delimiter);
}

/** The project of the folder, and the one this was called from: a mind works in an empty folder, a probe in none. */
function projectsAround(folder: string | null): string[] {
  return [projectOf(folder), projectOf(ownFolder())].filter((root) => root !== null);
}

function ownFolder(): string | null {
  try {
    return process.cwd();
  } catch {
    return null; // It was removed: nobody can have left anything in it.
  }
}

/** The checkout that a folder is part of; null for one that holds the user's home, whose programs are the user's own. */
export function projectOf(folder: string | null): string | null {
  if (folder === null) return null;
  const start = whole(folder);
  let root = start;
  for (let at = start; ; at = dirname(at)) {
    if (holdsHome(at)) break;
    if (existsSync(join(at, ".git"))) root = at;
    if (dirname(at) === at) break;
  }
  return holdsHome(root) ? null : root;
}

function holdsHome(folder: string): boolean {
  return isInside(folder, whole(homedir()));
}

function isInside(root: string | null, path: string): boolean {
  if (root === null) return false;
  const way = relative(root, path);
  return way === "" || !(way === ".." || /^\.\.[/\\]/.test(way) || isAbsolute(way));
}

function whole(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // Not there: it stands for itself.
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
