import { statSync } from "node:fs";
import { homedir } from "node:os";
import { parse } from "node:path";

/** Where our own processes start: not in the project, whose files a runtime may take for its configuration. */
export function neutralFolder(): string {
  const home = homedir();
  try {
    if (statSync(home).isDirectory()) return home;
  } catch {
    // No home: the root is always there.
  }
  return parse(process.execPath).root;
}
