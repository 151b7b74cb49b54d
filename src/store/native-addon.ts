import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Loads libSQL's native addon in the compiled binary; build.ts puts this into the driver in place of its own look-up.
 * Bun unpacks the addon into TMPDIR under a predictable name before it can be loaded. A private folder of ours comes
 * first, since others can write to a shared one; the system's own stands in where the home cannot be used
 * (read-only, mounted noexec).
 */
export function loadNativeAddon<T>(load: () => T): T {
  const inherited = process.env.TMPDIR;
  const failures: string[] = [];
  for (const folder of [privateFolder(), inherited, "/tmp"]) {
    if (folder === undefined) continue;
    try {
      process.env.TMPDIR = folder;
      return load();
    } catch (error) {
      failures.push(`${folder}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      restore(inherited);
    }
  }
  throw new Error(
    `Cannot load the SQLite engine: it must be unpacked into a folder that can be written and executed from. Tried ${failures.join("; ")}. Set OUROBOROS_HOME or TMPDIR to such a folder`,
  );
}

function restore(tmpdir: string | undefined): void {
  if (tmpdir === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = tmpdir;
}

function privateFolder(): string | undefined {
  const home = process.env.OUROBOROS_HOME || join(homedir(), ".ouroboros");
  const folder = join(home, "runtime");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch {
    return undefined; // a home that cannot be written: the next folder is tried
  }
}
