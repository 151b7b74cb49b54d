import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../base/errors.ts";
import { StoreError } from "./store-error.ts";

/**
 * Loads libSQL's native addon from inside the compiled binary; build.ts puts this into the driver in place of its own
 * look-up, to be called when a file is first opened and again after a failure. Bun would unpack it as well, but only
 * into the TMPDIR the process was born with, under a name that others can foresee, and never a second time.
 * @param embedded where the addon lies inside the binary
 * @param hash names its content, so that versions do not meet
 */
export function loadNativeAddon<T>(embedded: string, hash: string): T {
  const failures: string[] = [];
  const home = process.env.OUROBOROS_HOME || join(homedir(), ".ouroboros");
  try {
    return load(keep(embedded, join(home, "runtime"), hash));
  } catch (error) {
    failures.push(`${home}: ${messageOf(error)}`);
  }
  // A home that cannot be used (read-only, mounted noexec): the system's folders stand in, for this start alone.
  for (const folder of new Set([tmpdir(), "/tmp"])) {
    try {
      return loadOnce(embedded, folder);
    } catch (error) {
      failures.push(`${folder}: ${messageOf(error)}`);
    }
  }
  throw new StoreError(
    "store_no_engine",
    `Cannot load the SQLite engine, which must be unpacked into a folder that can be written and executed from. Tried ${failures.join("; ")}`,
  );
}

/** The unpacked addon in a folder of this user's own: written whole or not at all, and found there by the next start. */
function keep(embedded: string, folder: string, hash: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  const path = join(folder, `libsql-${hash}.node`);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile() && found.size === statSync(embedded).size) return path;
  const draft = join(folder, `.${hash}-${process.pid}`);
  try {
    writeFileSync(draft, readFileSync(embedded), { mode: 0o600 });
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  return path;
}

/** From a shared folder: under a name nobody could foresee, and gone as soon as it is loaded. */
function loadOnce<T>(embedded: string, folder: string): T {
  const own = mkdtempSync(join(folder, "ouroboros-"));
  try {
    const path = join(own, "libsql.node");
    writeFileSync(path, readFileSync(embedded), { mode: 0o600 });
    return load(path);
  } finally {
    try {
      rmSync(own, { recursive: true, force: true });
    } catch {
      // Windows keeps a loaded file: it stays behind, private to this user.
    }
  }
}

function load<T>(path: string): T {
  const module = { exports: {} };
  process.dlopen(module, path);
  // What the addon exports is the driver's business.
  return module.exports as T;
}
